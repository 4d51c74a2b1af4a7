package filter

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
)

func itemColumns() []where.Column {
	return []where.Column{
		{Name: "id", Type: "int4"}, {Name: "tenant", Type: "int8"}, {Name: "title", Type: "text"}, {Name: "price", Type: "numeric"},
		{Name: "code", Type: "bpchar"}, {Name: "done", Type: "bool"}, {Name: "at", Type: "timestamptz"}, {Name: "ratio", Type: "float8"},
	}
}

func itemRelation(oid uint32) *change.Relation {
	r := &change.Relation{OID: oid, Schema: "public", Name: "items"}
	for i, c := range itemColumns() {
		r.Columns = append(r.Columns, change.Column{Name: c.Name, TypeOID: uint32(100 + i)})
	}
	return r
}

func definition(t testing.TB, clause string) *shape.Definition {
	d := &shape.Definition{Layout: &shape.Layout{
		Table: shape.Table{OID: 1, Schema: "public", Name: "items"}, SelectsAll: true,
		Selected: []string{"at", "code", "done", "id", "price", "ratio", "tenant", "title"},
	}}
	if clause != "" {
		c, err := where.Compile(clause, nil, itemColumns())
		require.NoError(t, err, clause)
		d.Where = c
	}
	return d
}

func tuple(values ...any) change.Tuple {
	row := make(change.Tuple, len(values))
	for i, v := range values {
		if v != nil {
			row[i] = fmt.Append(nil, v)
		}
	}
	return row
}

func insert(r *change.Relation, row change.Tuple) *change.Change {
	return &change.Change{Op: change.Insert, Relation: r, New: row}
}

func affected(f *Filter, c *change.Change) []shape.ID {
	ids := f.Affected(c, nil)
	slices.Sort(ids)
	return ids
}

func TestEqualityFindsOnlyItsShapes(t *testing.T) {
	f, r := New(), itemRelation(1)
	for i, clause := range []string{
		"tenant = 5", "tenant = 6", "5 = tenant AND title LIKE 'a%'", "tenant IN (5, 7)", "tenant = 7 OR tenant = 5", "tenant = 5.0", "tenant = 5.5",
		"price = 5", "code = 'x'", "at = '2024-01-01 00:00:00+00'", "ratio = 0", "done", "title > 'm'", "",
	} {
		f.Add(shape.ID(i+1), definition(t, clause))
	}
	for _, c := range []struct {
		row  change.Tuple
		want []shape.ID
	}{
		{tuple(1, 5, "b", nil, nil, "f", nil, nil), []shape.ID{1, 4, 5, 6, 14}},
		{tuple(1, 5, "ab", nil, nil, "f", nil, nil), []shape.ID{1, 3, 4, 5, 6, 14}},
		{tuple(1, 6, "z", nil, nil, "f", nil, nil), []shape.ID{2, 13, 14}},
		{tuple(1, nil, nil, "5.00", "x   ", "t", "2024-01-01 00:00:00+00", "-0"), []shape.ID{8, 9, 10, 11, 12, 14}},
	} {
		require.Equal(t, c.want, affected(f, insert(r, c.row)))
		require.Equal(t, c.want, affected(f, &change.Change{Op: change.Delete, Relation: r, Old: c.row}))
	}
	require.Len(t, f.Affected(&change.Change{Op: change.Truncate, Relation: r}, nil), 14)
	require.Empty(t, f.Affected(insert(&change.Relation{Schema: "public", Name: "other"}, nil), nil))
}

func TestAnUpdateTouchesTheShapesOfBothRowsOnce(t *testing.T) {
	f, r := New(), itemRelation(1)
	f.Add(1, definition(t, "tenant = 5"))
	f.Add(2, definition(t, "tenant = 6"))
	f.Add(3, definition(t, "tenant IN (5, 6)"))
	f.Add(4, definition(t, "title LIKE '%a%'"))
	f.Add(5, definition(t, "price = 1"))
	f.Add(6, definition(t, ""))
	update := func(old, new change.Tuple) *change.Change {
		return &change.Change{Op: change.Update, Relation: r, Old: old, New: new}
	}
	require.Equal(t, []shape.ID{1, 2, 3, 4, 5, 6}, affected(f, update(
		tuple(1, 5, "a", "1.0", nil, nil, nil, nil), tuple(1, 6, "a", "1.00", nil, nil, nil, nil))))
	require.Equal(t, []shape.ID{1, 3, 4, 6}, affected(f, update(
		tuple(1, 5, "a", "2", nil, nil, nil, nil), tuple(1, 5, "b", nil, nil, nil, nil, nil))))
}

func TestWhatCannotBeDecidedIsTouched(t *testing.T) {
	f, r := New(), itemRelation(1)
	f.Add(1, definition(t, "price = 5"))
	f.Add(2, definition(t, "price = 6 AND done"))
	f.Add(3, definition(t, "price IN (7, 8)"))
	f.Add(4, definition(t, "title::int4 > 5"))
	f.Add(5, definition(t, "ratio > 1"))
	require.Equal(t, []shape.ID{1, 2, 3, 4, 5}, affected(f, insert(r, tuple(1, 1, "x", "five", nil, nil, nil, "?"))))
	short := &change.Relation{OID: 1, Schema: "public", Name: "items", Columns: r.Columns[:2]}
	require.Equal(t, []shape.ID{1, 2, 3, 4, 5}, affected(f, insert(short, tuple(1, 1))))
	require.Empty(t, affected(f, insert(r, tuple(1, 1, "1", "1", nil, nil, nil, "0"))))
}

func TestConditionsOnSeveralColumnsAreListedUnderTheMostTelling(t *testing.T) {
	f, r := New(), itemRelation(1)
	for i := range 100 {
		f.Add(shape.ID(i+1), definition(t, fmt.Sprintf("tenant = 5 AND id = %d", i)))
	}
	table := f.tables[name{"public", "items"}]
	most := 0
	for _, ix := range table.indexes {
		for key := range ix.more {
			most = max(most, ix.load([]byte(key)))
		}
	}
	require.LessOrEqual(t, most, 3)
	require.Equal(t, []shape.ID{8}, affected(f, insert(r, tuple(7, 5, nil, nil, nil, nil, nil, nil))))
}

func TestPartitionsMayOrderTheirColumnsDifferently(t *testing.T) {
	f := New()
	f.Add(1, definition(t, "id = 1"))
	f.Add(2, definition(t, "id > 0 AND title LIKE 'a%'"))
	a := itemRelation(1)
	b := itemRelation(1)
	slices.Reverse(b.Columns)
	row := tuple(1, nil, "a", nil, nil, nil, nil, nil)
	reversed := slices.Clone(row)
	slices.Reverse(reversed)
	for range 3 {
		require.Equal(t, []shape.ID{1, 2}, affected(f, insert(a, row)))
		require.Equal(t, []shape.ID{1, 2}, affected(f, insert(b, reversed)))
	}
	for range 40 { // every reconnect brings a new relation
		require.Equal(t, []shape.ID{1, 2}, affected(f, insert(itemRelation(1), row)))
	}
	require.Len(t, f.tables[name{"public", "items"}].layouts.bindings, 2)
}

func TestALookupThatPanicsTouchesTheWholeTable(t *testing.T) {
	f, r := New(), itemRelation(1)
	f.Add(1, definition(t, "tenant = 5"))
	f.Add(2, definition(t, "id > 0"))
	f.tables[name{"public", "items"}].unindexed[0].clause = nil
	require.Equal(t, []shape.ID{1, 2}, affected(f, insert(r, tuple(1, 6, nil, nil, nil, nil, nil, nil))))
	require.ErrorContains(t, f.Fault(), "public.items")
	require.NoError(t, f.Fault())
}

func TestRelationMessages(t *testing.T) {
	f := New()
	all, some, narrow := definition(t, "tenant = 5"), definition(t, "price > 1"), definition(t, "")
	some.SelectsAll, some.Selected = false, []string{"id", "title"}
	narrow.SelectsAll, narrow.Selected = false, []string{"id"}
	other := definition(t, "")
	other.Table = shape.Table{OID: 2, Schema: "public", Name: "others"}
	f.Add(1, all)
	f.Add(2, some)
	f.Add(3, narrow)
	f.Add(4, other)

	check := func(old, new *change.Relation, want ...shape.ID) {
		t.Helper()
		got := f.AffectedByRelation(old, new, nil)
		slices.Sort(got)
		require.ElementsMatch(t, want, got)
	}
	base := itemRelation(1)
	alter := func(do func(r *change.Relation)) *change.Relation {
		r := itemRelation(1)
		do(r)
		return r
	}
	check(base, itemRelation(1))
	check(nil, itemRelation(1))
	check(base, alter(func(r *change.Relation) { r.Columns = append(r.Columns, change.Column{Name: "more", TypeOID: 1}) }), 1)
	check(nil, alter(func(r *change.Relation) { r.Columns = append(r.Columns, change.Column{Name: "more", TypeOID: 1}) }), 1)
	check(base, alter(func(r *change.Relation) { r.Columns = r.Columns[:7] }), 1)
	check(base, alter(func(r *change.Relation) { r.Columns[2].TypeOID = 9 }), 1, 2)
	check(base, alter(func(r *change.Relation) { r.Columns[3].TypeOID = 9 }), 1, 2)
	check(base, alter(func(r *change.Relation) { r.Columns[0].TypeOID = 9 }), 1, 2, 3)
	check(base, alter(func(r *change.Relation) { r.Name = "renamed" }), 1, 2, 3)
	check(base, alter(func(r *change.Relation) { r.OID = 7 }), 1, 2, 3)
	check(base, alter(func(r *change.Relation) { r.Name = "others" }), 1, 2, 3, 4)
}

// TestFilterFindsEveryShapeThatARowIsIn drives a filter and a list of definitions with the same random calls.
func TestFilterFindsEveryShapeThatARowIsIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := New()
		model := map[shape.ID]*shape.Definition{}
		relations := []*change.Relation{itemRelation(1), itemRelation(1)}
		next := shape.ID(1)
		var scratch where.Scratch
		in := func(d *shape.Definition, r *change.Relation, row change.Tuple) bool {
			if row == nil || d.Where == nil {
				return row != nil
			}
			names := make([]string, len(r.Columns))
			for i, c := range r.Columns {
				names[i] = c.Name
			}
			p, err := d.Where.Bind(names)
			if err != nil {
				return true
			}
			truth, err := p.Eval(row, &scratch)
			return err == nil && truth == where.True
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 1, Schema: "public", Name: "items"}}}
				if text := clause(t, 2); rapid.IntRange(0, 9).Draw(t, "bare") > 0 {
					c, err := where.Compile(text, nil, itemColumns())
					require.NoError(t, err, text)
					d.Where = c
				}
				f.Add(next, d)
				model[next] = d
				next++
			},
			"remove": func(t *rapid.T) {
				id := shape.ID(rapid.Uint64Range(1, uint64(next)).Draw(t, "id"))
				f.Remove(id)
				delete(model, id)
			},
			"change": func(t *rapid.T) {
				c := &change.Change{Op: change.Op(rapid.SampledFrom([]byte("IUD")).Draw(t, "op")), Relation: rapid.SampledFrom(relations).Draw(t, "relation")}
				if c.Op != change.Delete {
					c.New = randomRow(t)
				}
				if c.Op != change.Insert {
					c.Old = randomRow(t)
				}
				got := f.Affected(c, nil)
				slices.Sort(got)
				require.Equal(t, got, slices.Compact(slices.Clone(got)), "an id twice")
				for id, d := range model {
					if in(d, c.Relation, c.New) || in(d, c.Relation, c.Old) {
						require.Contains(t, got, id)
					}
				}
				for _, id := range got {
					require.Contains(t, model, id)
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(model), f.Len())
				require.Equal(t, len(model) > 0, f.HasTable("public", "items"))
			},
		})
		for id := range model {
			f.Remove(id)
		}
		require.Empty(t, f.tables)
		require.Zero(t, f.shapes.Len())
	})
}

func clause(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		return rapid.SampledFrom([]string{
			"tenant = 1", "tenant = 2", "tenant IN (1, 2, 3)", "id = 1", "1.0 = id", "title = 'a'", "title LIKE 'a%'", "price = 1", "price = 1.50",
			"price > 1", "code = 'a'", "code::text = 'a'", "code IN ('a', 'b ')", "done", "NOT done", "done IS TRUE", "at = '2024-01-01'",
			"ratio = 0", "ratio = 'NaN'", "ratio IN (0, 1)", "tenant IS NULL", "title::int4 = 1", "id IS NOT DISTINCT FROM 2", "id::text = '1'", "false", "NULL",
		}).Draw(t, "atom")
	}
	a, b := clause(t, depth-1), clause(t, depth-1)
	return "(" + a + rapid.SampledFrom([]string{") AND (", ") OR (", ") AND NOT ("}).Draw(t, "op") + b + ")"
}

func randomRow(t *rapid.T) change.Tuple {
	row := make(change.Tuple, 8)
	for i, texts := range [][]string{
		{"1", "2", "3"}, {"1", "2", "3"}, {"a", "ab", "1"}, {"1", "1.0", "1.50", "2", "oops"}, {"a   ", "b   ", "a"}, {"t", "f"},
		{"2024-01-01 00:00:00+00", "2024-01-02 00:00:00+00"}, {"0", "-0", "1", "NaN"},
	} {
		if n := rapid.IntRange(0, len(texts)).Draw(t, "value"); n > 0 {
			row[i] = []byte(texts[n-1])
		}
	}
	return row
}
