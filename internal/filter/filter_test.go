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
		f.Add(shape.ID(i+201), definition(t, fmt.Sprintf("title = 'all' AND price BETWEEN %d AND %d", 10*i, 10*i+5)))
		f.Add(shape.ID(i+401), definition(t, fmt.Sprintf("ratio IS NOT NULL AND code LIKE 'c%d %%'", i)))
	}
	for _, ix := range f.tables[name{"public", "items"}].indexes {
		ix.each(func(c *cell) { require.LessOrEqual(t, c.load(), 30) })
	}
	require.Equal(t, []shape.ID{8}, affected(f, insert(r, tuple(7, 5, nil, nil, nil, nil, nil, nil))))
	require.Equal(t, []shape.ID{208}, affected(f, insert(r, tuple(7, 6, "all", "74.5", nil, nil, nil, nil))))
	require.Equal(t, []shape.ID{408}, affected(f, insert(r, tuple(7, 6, nil, nil, "c7 ", nil, nil, "1"))))
}

func TestShapesThatDifferInTheirConstantsShareAnIndexAndWhatRemains(t *testing.T) {
	f := New()
	for i := range 100 {
		f.Add(shape.ID(i+1), definition(t, fmt.Sprintf("tenant = %d AND code <> 'x'", i)))
	}
	table := f.tables[name{"public", "items"}]
	require.Len(t, table.indexes, 1)
	require.Len(t, table.residuals, 1)
	for i := range 100 {
		f.Add(shape.ID(i+101), definition(t, fmt.Sprintf("tenant = %d AND code <> 'y'", i)))
	}
	require.Len(t, table.indexes, 1)
	require.Len(t, table.residuals, 2)
}

func TestEverySideOfAnAlternativeLeadsToTheShape(t *testing.T) {
	f, r := New(), itemRelation(1)
	f.Add(1, definition(t, "tenant = 5 AND price > 1 OR title LIKE 'ab%' AND done OR id BETWEEN 10 AND 20 OR ratio IS NULL"))
	require.True(t, f.tables[name{"public", "items"}].rest.empty())
	for want, rows := range map[bool][]change.Tuple{
		true: {
			tuple(1, 5, nil, 2, nil, nil, nil, 1), tuple(1, 6, "abc", 2, nil, "t", nil, 1), tuple(20, 6, "x", 2, nil, "t", nil, 1),
			tuple(1, 6, "x", 2, nil, "t", nil, nil), tuple(15, 5, "abc", 2, nil, "t", nil, nil),
		},
		false: {tuple(1, 5, nil, 1, nil, nil, nil, 1), tuple(1, 6, "abc", 2, nil, "f", nil, 1), tuple(21, 6, "x", 2, nil, "t", nil, 1)},
	} {
		for _, row := range rows {
			require.Len(t, f.Affected(insert(r, row), nil), map[bool]int{true: 1}[want], "%q", row)
		}
	}
}

func TestARowIsMatchedAsAWhole(t *testing.T) {
	f, r := New(), itemRelation(1)
	f.Add(1, definition(t, "tenant = 5 AND title <> 'b'"))
	old, new := tuple(1, 5, "b", nil, nil, nil, nil, nil), tuple(1, 6, "a", nil, nil, nil, nil, nil)
	require.Empty(t, f.Affected(&change.Change{Op: change.Update, Relation: r, Old: old, New: new}, nil), "the tenant of one row and the title of the other")
}

func TestWhatFailsIsCounted(t *testing.T) {
	f, r := New(), itemRelation(1)
	f.Add(1, definition(t, "tenant = 5 AND title::int4 > 5"))
	f.Add(2, definition(t, "tenant = 5 AND title::int4 > 5"))
	require.Len(t, f.Affected(insert(r, tuple(1, 5, "6", nil, nil, nil, nil, nil)), nil), 2)
	require.Zero(t, f.Errors())
	require.Len(t, f.Affected(insert(r, tuple(1, 5, "x", nil, nil, nil, nil, nil)), nil), 2)
	require.EqualValues(t, 1, f.Errors(), "what shapes share is evaluated once")
	require.Empty(t, f.Affected(insert(r, tuple(1, 6, "x", nil, nil, nil, nil, nil)), nil))
	require.EqualValues(t, 1, f.Errors())
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
	f.Add(2, definition(t, "id <> 0"))
	for _, r := range f.tables[name{"public", "items"}].residuals {
		r.clause = nil
	}
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
		in := func(d *shape.Definition, r *change.Relation, row change.Tuple) (in, decided bool) {
			if row == nil || d.Where == nil {
				return row != nil, true
			}
			names := make([]string, len(r.Columns))
			for i, c := range r.Columns {
				names[i] = c.Name
			}
			p, err := d.Where.Bind(names)
			require.NoError(t, err)
			truth, err := p.Eval(row, &scratch)
			return err == nil && truth == where.True, err == nil
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
			"add again": func(t *rapid.T) {
				id := shape.ID(rapid.Uint64Range(1, uint64(next)).Draw(t, "id"))
				if d, ok := model[id]; ok {
					f.Add(id, d)
				}
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
				before := f.Errors()
				got := f.Affected(c, nil)
				slices.Sort(got)
				require.Equal(t, got, slices.Compact(slices.Clone(got)), "an id twice")
				for id, d := range model {
					inNew, decidedNew := in(d, c.Relation, c.New)
					inOld, decidedOld := in(d, c.Relation, c.Old)
					if inNew || inOld {
						require.Contains(t, got, id)
					} else if f.Errors() == before && decidedNew && decidedOld {
						require.NotContains(t, got, id)
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
		column := rapid.SampledFrom(itemColumns()).Draw(t, "column")
		constant := func() string { return rapid.SampledFrom(constants(column.Name)).Draw(t, "constant") }
		switch rapid.IntRange(0, 9).Draw(t, "atom") {
		case 0, 1:
			return column.Name + " = " + constant()
		case 2:
			return column.Name + " IN (" + constant() + ", " + constant() + ")"
		case 3, 4:
			return constant() + rapid.SampledFrom([]string{" < ", " <= ", " > ", " >= "}).Draw(t, "relation") + column.Name
		case 5:
			return column.Name + rapid.SampledFrom([]string{" BETWEEN ", " NOT BETWEEN ", " BETWEEN SYMMETRIC "}).Draw(t, "between") + constant() + " AND " + constant()
		case 6:
			return column.Name + rapid.SampledFrom([]string{" IS NULL", " IS NOT NULL"}).Draw(t, "null")
		case 7:
			return rapid.SampledFrom([]string{"title", "code", "code::text"}).Draw(t, "text") +
				rapid.SampledFrom([]string{" LIKE ", " NOT LIKE ", " ILIKE "}).Draw(t, "like") + rapid.SampledFrom(patterns).Draw(t, "pattern")
		}
		return rapid.SampledFrom([]string{
			"1.0 = id", "price > 1", "code::text = 'a'", "done", "NOT done", "done IS TRUE", "done IS NOT FALSE", "(id = 1) IS TRUE", "id < 1.5", "id > 0.5::float8", "starts_with(title, 'a')", "starts_with(code, 'a ')", "NOT starts_with(title, 'a')",
			"title::int4 = 1", "id IS NOT DISTINCT FROM 2", "id::text = '1'", "false", "NULL", "true", "id = tenant", "id <> 2",
		}).Draw(t, "other")
	}
	a, b := clause(t, depth-1), clause(t, depth-1)
	return "(" + a + rapid.SampledFrom([]string{") AND (", ") OR (", ") AND NOT ("}).Draw(t, "op") + b + ")"
}

var patterns = []string{"'a%'", "'ab%'", "'%a%'", "'a'", "'%'", "'a_'", "'a%b'", `'\\%%'`, "''", "'a %'"}

// texts are what columns contain; the last of some do not parse.
func texts(column string) []string {
	return map[string][]string{
		"id": {"1", "2", "3", "-1", "10"}, "tenant": {"1", "2", "3"}, "title": {"a", "ab", "1", "%x", "b", ""}, "price": {"1", "1.0", "1.50", "2", "-10", "0.02", "NaN", "oops"},
		"code": {"a   ", "b   ", "a", "ab  "}, "done": {"t", "f"}, "at": {"2024-01-01 00:00:00+00", "2024-01-02 00:00:00+00", "infinity"}, "ratio": {"0", "-0", "1", "NaN", "-1e-300"},
	}[column]
}

func constants(column string) []string {
	var out []string
	for _, text := range texts(column) {
		if text != "oops" {
			out = append(out, "'"+text+"'")
		}
	}
	return out
}

func randomRow(t *rapid.T) change.Tuple {
	row := make(change.Tuple, 8)
	for i, c := range itemColumns() {
		texts := texts(c.Name)
		if n := rapid.IntRange(0, len(texts)).Draw(t, "value"); n > 0 {
			row[i] = []byte(texts[n-1])
		}
	}
	return row
}
