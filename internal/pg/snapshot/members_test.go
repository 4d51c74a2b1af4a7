package snapshot_test

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

var childColumns = []where.Column{{Name: "id", Type: "int4", TypeMod: -1}, {Name: "a", Type: "int4", TypeMod: -1}, {Name: "b", Type: "text", TypeMod: -1}, {Name: "l", Type: "int4", Dims: 1, TypeMod: -1}}

// manyChildren has every combination of few values, NULL among them.
const manyChildren = `
	CREATE TABLE child (id serial PRIMARY KEY, a int, b text, l int[]);
	INSERT INTO child (a, b, l) SELECT a, b, l FROM unnest('{NULL,0,1,2}'::int[]) a, unnest('{NULL,"",x,NULL}'::text[]) b, (VALUES (NULL::int[]), ('{}'), ('{1}'), ('{{1,2},{3,NULL}}')) v(l);
	CREATE TABLE parent (id int, b text, l int[])`

func child() *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{Table: shape.Table{Schema: "public", Name: "child"}, Key: []string{"id"}, Selected: []string{"id"}}}
}

// subqueries are for a, for b, for (a, b) and for l.
func subqueries() []where.Subquery {
	integer, text, list := where.Membership{Type: "int4"}, where.Membership{Type: "text"}, where.Membership{Type: "int4[]", Array: true}
	return []where.Subquery{
		{Schema: "public", Table: "parent", Columns: []string{"id"}, Values: []where.Membership{integer}},
		{Schema: "public", Table: "parent", Columns: []string{"b"}, Values: []where.Membership{text}},
		{Schema: "public", Table: "parent", Columns: []string{"id", "b"}, Values: []where.Membership{integer, text}},
		{Schema: "public", Table: "parent", Columns: []string{"l"}, Values: []where.Membership{list}},
	}
}

var looked = [][]string{{"a"}, {"b"}, {"a", "b"}, {"l"}}

func member(s int, negated bool) where.Position {
	p := where.Position{Subquery: s, Negated: negated, Columns: looked[s], Canon: make([]where.Canon, len(looked[s]))}
	for _, c := range looked[s] {
		p.LHS = append(p.LHS, `"`+c+`"`)
	}
	return p
}

func leaf(t require.TestingT, text string, negated bool) where.Position {
	c, err := where.Compile(text, nil, childColumns)
	require.NoError(t, err)
	return where.Position{Subquery: -1, Leaf: c, Negated: negated}
}

// decomposed numbers the positions of disjuncts.
func decomposed(disjuncts ...[]where.Position) *where.DNF {
	d := &where.DNF{Subqueries: subqueries()}
	for _, terms := range disjuncts {
		var of []int
		for _, p := range terms {
			of = append(of, len(d.Positions))
			d.Positions = append(d.Positions, p)
		}
		d.Disjuncts = append(d.Disjuncts, of)
	}
	return d
}

// value makes a Value of texts; nil is NULL.
func value(texts ...any) subquery.Value {
	cells := make([][]byte, len(texts))
	for i, t := range texts {
		if s, ok := t.(string); ok {
			cells[i] = []byte(s)
		}
	}
	return subquery.Value(subquery.AppendValue(nil, make([]where.Canon, len(cells)), cells))
}

func set(values ...subquery.Value) subquery.Set { return subquery.Empty.With(values, nil) }

func tagger(d *where.DNF) *subquery.Tagger { return subquery.NewTagger("S", "H", d) }

func TestRowsOfAFirstSnapshotAreThoseOfItsValues(t *testing.T) {
	conn, other := database(t, `CREATE TABLE child (id int PRIMARY KEY, a int, b text, l int[]); INSERT INTO child VALUES (1, 2, 'x', NULL), (2, 3, 'y', NULL)`)
	d := decomposed([]where.Position{member(0, false)}, []where.Position{leaf(t, "b = 'y'", false)})
	none := subquery.Set{}
	m := snapshot.Members{DNF: d, After: []subquery.Set{set(value("2")), none, none, none}, Tagger: tagger(d)}
	run := func(m snapshot.Members) []string {
		var got recorder
		_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: child(), Members: &m}, &got)
		require.NoError(t, err)
		idle(t, conn)
		slices.Sort(got.rows)
		return got.rows
	}
	two, three := fmt.Sprintf("%x", md5.Sum([]byte("SHv:2"))), fmt.Sprintf("%x", md5.Sum([]byte("SHv:3")))
	first := `{"key":"\"public\".\"child\"/\"1\"","value":{"id":"1"},"headers":{"active_conditions":[true,false],"tags":["` + two + `/","/1"],"operation":"insert","relation":["public","child"]}}`
	second := `{"key":"\"public\".\"child\"/\"2\"","value":{"id":"2"},"headers":{"active_conditions":[false,true],"tags":["` + three + `/","/1"],"operation":"insert","relation":["public","child"]}}`
	require.Equal(t, []string{first, second}, run(m))

	t.Run("a move has the rows that come with it", func(t *testing.T) {
		m := m
		m.Before = m.After
		m.After = []subquery.Set{set(value("2"), value("3"), value("4")), none, none, none}
		require.Empty(t, run(m), "they were there already")
		m.Before = []subquery.Set{none, none, none, none}
		require.Equal(t, []string{strings.TrimSuffix(first, "}}") + `,"is_move_in":true}}`}, run(m))
	})
	t.Run("a subset asks the subqueries", func(t *testing.T) {
		exec(t, other, `CREATE TABLE parent (id int, b text, l int[]); INSERT INTO parent VALUES (3)`)
		m := m
		m.After = nil
		def := child()
		def.Where = clause(t, "id > 0")
		var got recorder
		_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: def, Members: &m, Subset: &snapshot.Subset{OrderBy: "id DESC", Mark: 5}}, &got)
		require.NoError(t, err)
		require.Equal(t, []string{
			strings.NewReplacer("[false,true]", "[true,true]", "]}}", `],"snapshot_mark":5}}`).Replace(second),
			strings.NewReplacer("[true,false]", "[false,false]", "]}}", `],"snapshot_mark":5}}`).Replace(first),
		}, got.rows)
	})
}

// The rows of a query, and which conditions are true of them, are what the evaluation of rows of the stream says.
func TestPostgresSelectsWhatTheViewsSay(t *testing.T) {
	conn, other := database(t, manyChildren)
	names := []string{"id", "a", "b", "l"}
	table := exec(t, other, `SELECT id, a, b, l FROM child ORDER BY id`)
	candidates := [][]subquery.Value{
		{value("0"), value("1"), value("2"), value("7"), value(nil)},
		{value(""), value("x"), value(`\'"{`), value(nil)},
		{value("0", ""), value("1", "x"), value("2", nil), value(nil, "x"), value(nil, nil)},
		{value("{}"), value("{1}"), value("{{1,2},{3,NULL}}"), value(nil)},
	}
	rapid.Check(t, func(rt *rapid.T) {
		polarity := make([]bool, 4) // of each subquery there is one
		for i := range polarity {
			polarity[i] = rapid.Bool().Draw(rt, "negated")
		}
		position := rapid.Custom(func(rt *rapid.T) where.Position {
			if s := rapid.IntRange(-2, 3).Draw(rt, "subquery"); s >= 0 {
				return member(s, polarity[s])
			}
			return leaf(rt, rapid.SampledFrom([]string{"b = 'x'", "a > 0", "a IS NULL"}).Draw(rt, "leaf"), rapid.Bool().Draw(rt, "not"))
		})
		d := decomposed(rapid.SliceOfN(rapid.SliceOfN(position, 1, 3), 1, 4).Draw(rt, "disjuncts")...)
		members := snapshot.Members{DNF: d, Tagger: tagger(d), After: make([]subquery.Set, 4)}
		for i := range members.After {
			members.After[i] = set(rapid.SliceOfDistinct(rapid.SampledFrom(candidates[i]), func(v subquery.Value) subquery.Value { return v }).Draw(rt, "after")...)
		}
		first := rapid.Bool().Draw(rt, "first")
		if !first {
			members.Moved = rapid.IntRange(0, 3).Draw(rt, "moved")
			members.Before = slices.Clone(members.After)
			members.Before[members.Moved] = set(rapid.SliceOfDistinct(rapid.SampledFrom(candidates[members.Moved]), func(v subquery.Value) subquery.Value { return v }).Draw(rt, "before")...)
		}

		program, err := subquery.Bind(d, names)
		require.NoError(rt, err)
		want := map[string][]bool{}
		for _, row := range table {
			conditions, failures, err := program.Conditions(row, members.After, &where.Scratch{}, nil)
			require.NoError(rt, err)
			require.Zero(rt, failures)
			in := program.Included(conditions)
			if !first {
				before, _, err := program.Conditions(row, members.Before, &where.Scratch{}, nil)
				require.NoError(rt, err)
				in = in && !program.Included(before)
			}
			if in {
				want[string(row[0])] = conditions
			}
		}

		var got recorder
		_, err = snapshot.Run(t.Context(), conn, snapshot.Query{Def: child(), Members: &members}, &got)
		require.NoError(rt, err)
		found := map[string][]bool{}
		for _, row := range got.rows {
			var message struct {
				Value   map[string]string
				Headers struct {
					Active []bool `json:"active_conditions"`
					Tags   []string
					MoveIn bool `json:"is_move_in"`
				}
			}
			require.NoError(rt, json.Unmarshal([]byte(row), &message))
			found[message.Value["id"]] = message.Headers.Active
			require.Len(rt, message.Headers.Tags, len(d.Disjuncts))
			require.Equal(rt, !first, message.Headers.MoveIn)
		}
		require.Equal(rt, want, found)
	})
}

// A commit that no one waited for is visible before it is written.
func TestThePositionOfAMoveIsNotBelowWhatItSees(t *testing.T) {
	conn, other := database(t, manyChildren)
	d := decomposed([]where.Position{member(0, false)})
	m := snapshot.Members{DNF: d, Tagger: tagger(d), Before: make([]subquery.Set, 4), After: make([]subquery.Set, 4)}
	exec(t, other, "SET synchronous_commit = off")
	for i := range 200 {
		before := exec(t, other, "SELECT pg_current_wal_insert_lsn() - '0/0'")[0][0]
		exec(t, other, fmt.Sprintf("INSERT INTO parent VALUES (%d, '%s')", i, strings.Repeat("x", i)))
		var got recorder
		_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: child(), Members: &m}, &got)
		require.NoError(t, err)
		require.Greater(t, fmt.Sprintf("%020d", uint64(got.lsn)), fmt.Sprintf("%020s", before), "the commit begins behind what was inserted before")
	}
}
