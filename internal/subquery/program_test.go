package subquery

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

func canons(n int) []where.Canon { return make([]where.Canon, n) }

func leaf(t testing.TB, text string) *where.Clause {
	t.Helper()
	c, err := where.Compile(text, nil, []where.Column{{Name: "s", Type: "text", TypeMod: -1}, {Name: "n", Type: "int4", TypeMod: -1}})
	require.NoError(t, err)
	return c
}

// member tests columns for being among the values of a subquery.
func member(subquery int, negated bool, columns ...string) where.Position {
	return where.Position{Subquery: subquery, Negated: negated, Columns: columns, Canon: canons(len(columns))}
}

// as is a position whose columns have other canonical forms than their texts.
func as(p where.Position, canon ...where.Canon) where.Position {
	p.Canon = canon
	return p
}

func cells(texts ...any) [][]byte {
	row := make([][]byte, len(texts))
	for i, v := range texts {
		if s, ok := v.(string); ok {
			row[i] = []byte(s)
		}
	}
	return row
}

func TestAPositionIsTrueIffItsLeafOrNotItsLeafIs(t *testing.T) {
	positive, negated := where.Position{Subquery: -1, Leaf: leaf(t, "1/n > 0")}, where.Position{Subquery: -1, Negated: true, Leaf: leaf(t, "1/n > 0")}
	d := &where.DNF{
		Positions: []where.Position{member(0, false, "s"), positive, member(0, true, "s"), negated, member(0, false, "s")},
		Disjuncts: [][]int{{0, 1}, {2, 3}, {4}},
	}
	p, err := Bind(d, []string{"x", "n", "s"})
	require.NoError(t, err)
	require.Len(t, p.tests, 1)
	require.Len(t, p.leaves, 1)
	set := Empty.With([]Value{value("a")}, nil)
	for _, c := range []struct {
		row      [][]byte
		view     Set
		want     []bool
		failures int
		included bool
	}{
		{cells(nil, "1", "a"), set, []bool{true, true, false, false, true}, 0, true},
		{cells(nil, "1", "b"), set, []bool{false, true, true, false, false}, 0, false},
		{cells(nil, "2", "b"), set, []bool{false, false, true, true, false}, 0, true},
		{cells(nil, "0", "a"), set, []bool{true, false, false, false, true}, 1, true},
		{cells(nil, "x", "b"), set, []bool{false, false, true, false, false}, 1, false},
		{cells(nil, nil, nil), set, []bool{false, false, false, false, false}, 0, false},
		{cells(nil, "1", nil), Empty, []bool{false, true, true, false, false}, 0, false},
		{cells(nil, "2", "b"), set.With([]Value{Null}, nil), []bool{false, false, false, true, false}, 0, false},
		{cells(nil, "2"), set, []bool{false, false, false, true, false}, 1, false},
	} {
		got, failures, err := p.Conditions(c.row, []Set{c.view}, &where.Scratch{}, nil)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%q", c.row)
		require.Equal(t, c.failures, failures)
		require.Equal(t, c.included, p.Included(got))
	}
}

func TestALetterOfUnknownCaseIsNotDecided(t *testing.T) {
	d := &where.DNF{Positions: []where.Position{{Subquery: -1, Leaf: leaf(t, "lower(s) = 'a'")}}, Disjuncts: [][]int{{0}}}
	p, err := Bind(d, []string{"s"})
	require.NoError(t, err)
	_, _, err = p.Conditions(cells("É"), nil, &where.Scratch{}, nil)
	require.ErrorIs(t, err, where.ErrCaseUnknown)
}

func TestAMissingColumnIsAnErrorOfBind(t *testing.T) {
	d := &where.DNF{Positions: []where.Position{member(0, false, "s")}, Disjuncts: [][]int{{0}}}
	_, err := Bind(d, []string{"n"})
	require.ErrorContains(t, err, `"s"`)
	_, err = NewTagger("", "", d).Bind([]string{"n"})
	require.ErrorContains(t, err, `"s"`)
}

func composite(t testing.TB) (*where.DNF, []string, [][]byte, []Set) {
	d := &where.DNF{
		Positions: []where.Position{as(member(0, false, "s", "n"), where.CanonText, where.CanonNumeric), {Subquery: -1, Leaf: leaf(t, "n > 0")}, member(1, true, "n")},
		Disjuncts: [][]int{{0, 1}, {2}},
	}
	views := []Set{Empty.With([]Value{value("x", "1"), value(nil, "2")}, nil), Empty.With(many(1000), nil)}
	return d, []string{"id", "s", "n"}, cells("7", "a text", "3"), views
}

func TestConditionsAndTagsTakeNoMemory(t *testing.T) {
	d, names, row, views := composite(t)
	p, err := Bind(d, names)
	require.NoError(t, err)
	tags, err := NewTagger("stack", "1-2", d).Bind(names)
	require.NoError(t, err)
	var (
		s    where.Scratch
		dst  []bool
		text []byte
	)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		dst, _, _ = p.Conditions(row, views, &s, dst[:0])
		text = tags.Append(text[:0], row)
		text = tags.AppendRemoved(text[:0], row, row)
	}))
}

func BenchmarkConditionsOfThreePositions(b *testing.B) {
	d, names, row, views := composite(b)
	p, err := Bind(d, names)
	require.NoError(b, err)
	var s where.Scratch
	var dst []bool
	b.ReportAllocs()
	for b.Loop() {
		dst, _, _ = p.Conditions(row, views, &s, dst[:0])
	}
}

func BenchmarkTagsOfTwoHashes(b *testing.B) {
	d, names, row, _ := composite(b)
	tags, err := NewTagger("stack", "1-2", d).Bind(names)
	require.NoError(b, err)
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = tags.Append(text[:0], row)
	}
}
