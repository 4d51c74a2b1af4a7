package snapshot

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/subquery"
	"leyden/internal/where"
)

func rowsOf(views ...subquery.Set) (*Query, *Members) {
	d := &where.DNF{
		Subqueries: []where.Subquery{{Schema: "s", Table: "T", Columns: []string{"x"}, Values: []where.Membership{{Type: "int4"}}}},
		Positions: []where.Position{
			{Columns: []string{"id"}, LHS: []string{`"id"`}, Canon: make([]where.Canon, 1)}, {Subquery: -1, Leaf: compiled("title = 'a'")},
			{Columns: []string{"id"}, LHS: []string{`"id"`}, Canon: make([]where.Canon, 1)}, {Subquery: -1, Leaf: compiled("title = 'b'")},
		},
		Disjuncts: [][]int{{0, 1}, {2, 3}},
	}
	m := &Members{DNF: d, After: views, Tagger: subquery.NewTagger("S", "H", d)}
	return &Query{Def: items(), Members: m}, m
}

func compiled(text string) *where.Clause {
	c, err := where.Compile(text, nil, []where.Column{{Name: "id", Type: "int4"}, {Name: "title", Type: "text"}})
	if err != nil {
		panic(err)
	}
	return c
}

func TestWhatConditionsHaveInCommonIsWrittenOnce(t *testing.T) {
	one := subquery.Empty.With([]subquery.Value{value("1")}, nil)
	q, m := rowsOf(one)
	selected := func(member string) string {
		return `COPY (SELECT "id", "title", ` + member + `, ("title" = 'a'::text) IS TRUE, ("title" = 'b'::text) IS TRUE FROM "public"."items" WHERE `
	}
	require.Equal(t, selected(`("id" = ANY ('{1}'::int4[])) IS TRUE`)+
		`((("id" = ANY ('{1}'::int4[])) AND (("title" = 'a'::text) OR ("title" = 'b'::text))))) TO STDOUT`, copySQL(q))
	m.Before = []subquery.Set{one}
	m.After = []subquery.Set{one.With([]subquery.Value{value("2")}, nil)}
	require.Equal(t, selected(`TRUE`)+`("id" = ANY ('{2}'::int4[])) AND (("title" = 'a'::text) OR ("title" = 'b'::text))) TO STDOUT`, copySQL(q))
	m.After, m.Before = nil, nil
	q.Def.Where = compiled("id = 7")
	require.Equal(t, selected(`("id" IN (SELECT "x" FROM "s"."T")) IS TRUE`)+`("id" = 7)) TO STDOUT`, copySQL(q))
}

// However many values the view has, a move of one among them is read by an index.
func TestAMoveOfOneValueIsReadByAnIndex(t *testing.T) {
	conn := server(t, "on")
	_, err := conn.Exec(t.Context(), `CREATE TABLE items (id int PRIMARY KEY, title text); INSERT INTO items SELECT i, 'a' FROM generate_series(1, 20000) i; ANALYZE items`).ReadAll()
	require.NoError(t, err)
	var values []subquery.Value
	for i := range 10000 {
		values = append(values, value(strconv.Itoa(i)))
	}
	before := subquery.Empty.With(values, nil)
	q, m := rowsOf(before.With([]subquery.Value{value("15000")}, nil))
	m.Before = []subquery.Set{before}
	sql := strings.TrimSuffix(strings.TrimPrefix(copySQL(q), "COPY ("), ") TO STDOUT")
	require.Less(t, len(sql), 1000)
	results, err := conn.Exec(t.Context(), "EXPLAIN "+sql).ReadAll()
	require.NoError(t, err)
	require.Contains(t, string(results[0].Rows[0][0]), "Index Scan")
}

func BenchmarkQueryOf100000Values(b *testing.B) {
	var values []subquery.Value
	for i := range 100000 {
		values = append(values, value(strconv.Itoa(i*7919)))
	}
	q, _ := rowsOf(subquery.Empty.With(values, nil))
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(copySQL(q))))
	}
}

func TestARowWithTagsTakesNoMemory(t *testing.T) {
	q, _ := rowsOf(subquery.Set{})
	e := encoderOf(q)
	line := []byte("1234567\ta title of some length\tt\tf\tt")
	row, err := e.row(line)
	require.NoError(t, err)
	require.Contains(t, string(row), `"headers":{"active_conditions":[true,false,true,true],"tags":["`)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = e.row(line) }))
}

func BenchmarkRowWithTags(b *testing.B) {
	q, _ := rowsOf(subquery.Set{})
	e := encoderOf(q)
	line := []byte("1234567\ta title of some length\tt\tf\tt")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.row(line); err != nil {
			b.Fatal(err)
		}
	}
}
