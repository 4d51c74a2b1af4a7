package filter

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
)

func arrayColumns() []where.Column {
	return []where.Column{{Name: "tags", Type: "text", Dims: 1}, {Name: "nums", Type: "numeric", Dims: 1}, {Name: "ids", Type: "int4", Dims: 1}, {Name: "done", Type: "bool"}}
}

func arrayRelation() *change.Relation {
	r := &change.Relation{OID: 1, Schema: "public", Name: "items"}
	for i, c := range arrayColumns() {
		r.Columns = append(r.Columns, change.Column{Name: c.Name, TypeOID: uint32(100 + i)})
	}
	return r
}

func arrayDefinition(t testing.TB, clause string) *shape.Definition {
	c, err := where.Compile(clause, nil, arrayColumns())
	require.NoError(t, err, clause)
	return &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 1, Schema: "public", Name: "items"}}, Where: c}
}

func TestArraysAreFoundByTheirElements(t *testing.T) {
	f, r := New(), arrayRelation()
	for i, clause := range []string{
		"tags @> '{a,b}'", "'{b}' <@ tags", "'c' = ANY (tags)", "tags && '{c,d}'", "tags @> '{}'", "nums @> '{1.0}'", "ids @> '{1,2,3}' AND done", "tags @> '{a,NULL}'",
		"nums @> '{{1,2},{2,1.00}}'", "5 = ANY (ids)",
	} {
		f.Add(shape.ID(i+1), arrayDefinition(t, clause))
	}
	require.True(t, f.tables[name{"public", "items"}].rest.empty())
	for _, c := range []struct {
		row  change.Tuple
		want []shape.ID
	}{
		{tuple("{b,a,x}", nil, nil, nil), []shape.ID{1, 2, 5}},
		{tuple("{a}", "{1.00}", nil, nil), []shape.ID{5, 6}},
		{tuple("{c,c,NULL}", "{}", "{}", nil), []shape.ID{3, 4, 5}},
		{tuple("{c,d,a,NULL}", "{NULL}", nil, nil), []shape.ID{3, 4, 5}},
		{tuple(nil, "{{2},{1}}", "{3,2,1}", "t"), []shape.ID{6, 7, 9}},
		{tuple("{}", nil, "{3,2,1,5,5}", "f"), []shape.ID{5, 10}},
		{tuple(nil, nil, nil, nil), []shape.ID{}},
	} {
		require.Equal(t, c.want, append([]shape.ID{}, affected(f, insert(r, c.row))...), "%q", c.row)
		both := &change.Change{Op: change.Update, Relation: r, Old: c.row, New: c.row}
		require.Equal(t, c.want, append([]shape.ID{}, affected(f, both)...), "%q", c.row)
	}
	require.Zero(t, f.Errors())
	require.Contains(t, affected(f, insert(r, tuple("{", nil, nil, nil))), shape.ID(1), "it is no array")
}

func TestAnArrayIsListedUnderItsRarestElement(t *testing.T) {
	f, r := New(), arrayRelation()
	for i := range 1000 {
		f.Add(shape.ID(i+1), arrayDefinition(t, fmt.Sprintf("ids @> '{-1,%d,-2}'", i)))
	}
	for _, ix := range f.tables[name{"public", "items"}].indexes {
		ix.each(func(c *cell) { require.LessOrEqual(t, c.load(), 3) })
	}
	require.Equal(t, []shape.ID{78}, affected(f, insert(r, tuple(nil, nil, "{-2,-1,77}", nil))))
}

func TestArraysAreReadWithoutMemory(t *testing.T) {
	f, r := New(), arrayRelation()
	for i := range 100 {
		f.Add(shape.ID(i+1), arrayDefinition(t, fmt.Sprintf("ids @> '{-1,%d}'", i)))
		f.Add(shape.ID(i+1001), arrayDefinition(t, fmt.Sprintf("'t%d' = ANY (tags)", i)))
	}
	c := insert(r, tuple("{t1,t2,other}", nil, "{-1,5,6,700}", nil))
	var dst []shape.ID
	require.Zero(t, testing.AllocsPerRun(100, func() { dst = f.Affected(c, dst[:0]) }))
	require.Len(t, dst, 4)
}

func TestFilterFindsEveryArrayThatAClauseIsTrueOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		elements := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "3", "1.0", "NULL"}), 0, 4)
		literal := func(t *rapid.T, column string) string {
			var out []string
			for _, e := range elements.Draw(t, "elements") {
				if column != "nums" && e == "1.0" {
					e = "4"
				}
				out = append(out, e)
			}
			return "{" + strings.Join(out, ",") + "}"
		}
		clause := func(t *rapid.T) string {
			column := rapid.SampledFrom([]string{"tags", "nums", "ids"}).Draw(t, "column")
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				return "'" + rapid.SampledFrom([]string{"1", "2"}).Draw(t, "element") + "' = ANY (" + column + ")"
			case 1:
				return "NOT " + column + " @> '" + literal(t, column) + "'"
			case 2:
				return "'" + literal(t, column) + "' <@ " + column
			}
			return column + rapid.SampledFrom([]string{" @> ", " && ", " <@ ", " = "}).Draw(t, "operator") + "'" + literal(t, column) + "'"
		}
		f, r := New(), arrayRelation()
		defs := map[shape.ID]*shape.Definition{}
		for id := range shape.ID(rapid.IntRange(1, 10).Draw(t, "shapes")) {
			text := clause(t)
			for range rapid.IntRange(0, 2).Draw(t, "more") {
				text += rapid.SampledFrom([]string{" AND ", " OR "}).Draw(t, "join") + clause(t)
			}
			c, err := where.Compile(text, nil, arrayColumns())
			require.NoError(t, err, text)
			defs[id+1] = &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 1, Schema: "public", Name: "items"}}, Where: c}
			f.Add(id+1, defs[id+1])
		}
		var s where.Scratch
		for range 10 {
			rows := [2]change.Tuple{}
			for i := range rows {
				rows[i] = make(change.Tuple, 4)
				for j, column := range []string{"tags", "nums", "ids"} {
					if rapid.IntRange(0, 4).Draw(t, "null") > 0 {
						rows[i][j] = []byte(literal(t, column))
					}
				}
			}
			var want []shape.ID
			for id, d := range defs {
				p, err := d.Where.Bind([]string{"tags", "nums", "ids", "done"})
				require.NoError(t, err)
				for _, row := range rows {
					truth, err := p.Eval(row, &s)
					require.NoError(t, err)
					if truth == where.True {
						want = append(want, id)
						break
					}
				}
			}
			slices.Sort(want)
			require.Equal(t, want, affected(f, &change.Change{Op: change.Update, Relation: r, Old: rows[0], New: rows[1]}))
		}
		for id := range defs {
			f.Remove(id)
		}
		require.Empty(t, f.tables)
	})
}
