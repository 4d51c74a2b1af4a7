package judge

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

func open(t *testing.T, name string, l Locale) (*database, *language) {
	d, drop, err := openDatabase(t.Context(), pgserver.Shared(t).URL, name, l)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, drop()) })
	language, err := learnIn(t.Context(), d)
	require.NoError(t, err)
	return d, language
}

func TestTheRuleOfAgreement(t *testing.T) {
	failed := result{err: &pgconn.PgError{Code: "22012"}, asked: true}
	yes, no, null := result{text: []byte("t"), asked: true}, result{text: []byte("f"), asked: true}, result{asked: true}
	for _, c := range []struct {
		name               string
		ours               ours
		written, canonical result
		want               Verdict
	}{
		{"the same value", ours{truth: where.True}, yes, yes, Agree},
		{"NULL", ours{truth: where.Null}, null, null, Agree},
		{"NULL is not false", ours{truth: where.Null}, no, no, Differ},
		{"another value", ours{truth: where.False}, yes, yes, Differ},
		{"the canonical text has another value", ours{truth: where.True}, yes, null, Differ},
		{"only the canonical text is asked", ours{truth: where.True}, result{}, yes, Agree},
		{"both fail", ours{err: context.Canceled}, failed, failed, BothFail},
		{"ours alone fails", ours{err: context.Canceled}, yes, yes, Differ},
		{"ours fails as what is written does, the canonical text does not", ours{err: context.Canceled}, failed, yes, Differ},
		{"what fails is folded out", ours{truth: where.False}, failed, no, FoldedOut},
		{"a value for what fails in both texts", ours{truth: where.False}, failed, failed, Differ},
		{"a value for a canonical text that fails", ours{truth: where.False}, no, failed, Differ},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judge(c.ours, c.written, c.canonical)) })
	}
}

func TestASeedGivesTheSameExpressions(t *testing.T) {
	d, l := open(t, "judge_seed", Locales()[0])
	generate := func() (all []string) {
		g := newGenerator(rand.New(rand.NewPCG(7, 1)), l)
		for _, typ := range l.types.All {
			for range 5 {
				g.pool[typ] = append(g.pool[typ], g.of(typ))
			}
		}
		for range 200 {
			all = append(all, g.trial(d).expr.SQL())
		}
		return all
	}
	require.Equal(t, generate(), generate())
}

// A parameter has the type of its first use, a literal that of each.
func TestFormsThatLookAtAnArgumentSeveralTimesTakeNoParameters(t *testing.T) {
	date := &Type{Name: "date"}
	p := &Production{Kind: Form, Name: "BETWEEN of two types", Result: date, Args: []*Type{date, date, date}, Parts: template("({} BETWEEN {} AND {})")}
	g := newGenerator(rand.New(rand.NewPCG(1, 2)), &language{columns: map[*Type][]string{date: {"c_date"}}})
	g.pool[date] = []string{"2024-01-31"}
	for range 200 {
		e := g.sibling(p.expr([]*Expr{leaf(date, "'2000-01-01'"), parameter(date, "2000-01-01"), reference(date, "c_date")}))
		_, params := e.Text()
		require.Empty(t, params)
	}
}

func TestParametersAreUntypedLiteralsForPostgres(t *testing.T) {
	text := &Type{Name: "text"}
	e := &Expr{parts: template("{} = {} || {}"), args: []*Expr{reference(text, "c_text"), parameter(text, "it's"), parameter(text, `\`)}}
	clause, params := e.Text()
	require.Equal(t, "c_text = $1 || $2", clause)
	require.Equal(t, map[string]string{"1": "it's", "2": `\`}, params)
	require.Equal(t, `c_text = 'it''s' || E'\\'`, e.SQL())
}

func TestAPartOfAnExpressionIsReplaced(t *testing.T) {
	typ := &Type{Name: "bool"}
	e := &Expr{typ: typ, parts: template("({} AND {})"), args: []*Expr{
		{typ: typ, parts: template("NOT {}"), args: []*Expr{leaf(typ, "a")}}, leaf(typ, "b"),
	}}
	var got []string
	for n := range e.size() {
		got = append(got, e.with(n, leaf(typ, "x")).SQL())
	}
	require.Equal(t, []string{"x", "(x AND b)", "(NOT x AND b)", "(NOT a AND x)"}, got)
	require.Equal(t, "(NOT a AND b)", e.SQL())
}

// The program of another clause disagrees, and what is tried in place of the expression is smaller.
func TestADifferenceIsFound(t *testing.T) {
	d, l := open(t, "judge_found", Locales()[0])
	g := newGenerator(rand.New(rand.NewPCG(1, 1)), l)
	require.NoError(t, d.fill(t.Context(), g, map[string][]string{"int4": {"5", "12345"}, "text": {"a"}, "bool": {"t"}}, 8))
	integer, boolean := l.types.Named("int4"), l.types.Named("bool")
	wrong := &Expr{typ: boolean, parts: template("({} AND ({} = {}))"), args: []*Expr{
		{typ: boolean, parts: template("({} OR {})"), args: []*Expr{leaf(boolean, "true"), reference(boolean, "c_bool")}},
		reference(integer, "c_int4"), {typ: integer, parts: []string{"d_int4"}},
	}}
	tr := &trial{expr: wrong}
	rejected, complaint := tr.compile(d)
	require.NoError(t, rejected)
	require.Empty(t, complaint)
	other, err := d.compile("c_int4 IS NULL", nil)
	require.NoError(t, err)
	tr.program[0], err = other.Bind(d.names)
	require.NoError(t, err)
	tr.program[1] = tr.program[0]
	found, counts, err := examine(t.Context(), d, []*trial{tr}, nil)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	require.Equal(t, "another value", found[0].what)
	require.Positive(t, counts.Pairs)

	s := &shrinker{d: d, types: l.types, budget: shrinkBudget}
	smaller := s.smaller(tr)
	require.NotEmpty(t, smaller)
	require.LessOrEqual(t, len(smaller[0].SQL()), len(smaller[len(smaller)-1].SQL()))
	for _, e := range smaller {
		require.Less(t, len(e.SQL()), len(wrong.SQL()))
	}
}

func TestErrorsOfOneRowAreThoseOfOneRow(t *testing.T) {
	d, l := open(t, "judge_rows", Locales()[0])
	g := newGenerator(rand.New(rand.NewPCG(1, 1)), l)
	require.NoError(t, d.fill(t.Context(), g, map[string][]string{"text": {"1", "x", "2"}}, 16))
	tr := &trial{expr: &Expr{typ: l.types.Named("bool"), parts: template("({})::int4 = 1"), args: []*Expr{reference(l.types.Named("text"), "c_text")}}}
	rejected, complaint := tr.compile(d)
	require.NoError(t, rejected)
	require.Empty(t, complaint)
	found, counts, err := examine(t.Context(), d, []*trial{tr}, nil)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, 16, counts.Pairs)
	require.Positive(t, counts.Fail)
	require.Less(t, counts.Fail, 16)
}

func TestAPanicIsADifference(t *testing.T) {
	err := guarded(func() error { panic("x") })
	require.ErrorContains(t, err, "panic: x")
	require.True(t, strings.Contains(err.Error(), "goroutine"))
}

func TestEveryTypeHasValues(t *testing.T) {
	d, l := open(t, "judge_values", Locales()[0])
	r := &run{Summary: &Summary{Stricter: map[string]int{}, Example: map[string]string{}}}
	g := newGenerator(rand.New(rand.NewPCG(1, 1)), l)
	for range 3 {
		_, _, err := r.literals(t.Context(), d, g)
		require.NoError(t, err)
	}
	for _, typ := range l.types.All {
		require.NotEmpty(t, g.pool[typ], typ.Name)
	}
}
