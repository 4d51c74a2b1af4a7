package inspect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
	"leyden/internal/where"
)

// Better than the reference, for which any difference of a table ends all of its shapes.
func TestADifferenceEndsOnlyTheShapesThatItConcerns(t *testing.T) {
	of := func(name string, columns ...Column) *Table {
		return &Table{Table: shape.Table{OID: 7, Schema: "public", Name: name}, Kind: Ordinary, Columns: columns, schemas: &schemas{}}
	}
	id := Column{Name: "id", TypeName: "int4", TypeOID: 23, PKIndex: 0, Kind: 'b'}
	text := func(name string) Column {
		return Column{Name: name, TypeName: "text", TypeOID: 25, PKIndex: -1, Kind: 'b', Base: BaseType{Name: "text", TypeMod: -1, Kind: 'b'}}
	}
	integer := func(name string) Column {
		return Column{Name: name, TypeName: "int4", TypeOID: 23, PKIndex: -1, Kind: 'b'}
	}
	nullable := text("b")
	nullable.NotNull = true
	noKey, keyed := id, text("a")
	noKey.PKIndex, keyed.PKIndex = -1, 0
	old := of("t", id, text("a"), text("b"), text("c"))

	clause, err := where.Compile("c = 'x'", nil, old.WhereColumns())
	require.NoError(t, err)
	shapes := map[string]*shape.Definition{
		"all":    {Layout: &shape.Layout{Key: []string{"id"}, Selected: []string{"id", "a", "b", "c"}, SelectsAll: true}},
		"a":      {Layout: &shape.Layout{Key: []string{"id"}, Selected: []string{"a", "id"}}},
		"filter": {Layout: &shape.Layout{Key: []string{"id"}, Selected: []string{"a", "id"}}, Where: clause},
	}
	for name, c := range map[string]struct {
		now  *Table
		ends []string
	}{
		"a column is added":                 {of("t", id, text("a"), text("b"), text("c"), text("d")), []string{"all"}},
		"a column is dropped":               {of("t", id, text("a"), text("c")), []string{"all"}},
		"a selected column is dropped":      {of("t", id, text("b"), text("c")), []string{"all", "a", "filter"}},
		"a column of the clause is dropped": {of("t", id, text("a"), text("b")), []string{"all", "filter"}},
		"a column has another type":         {of("t", id, text("a"), integer("b"), text("c")), []string{"all"}},
		"a selected one has":                {of("t", id, integer("a"), text("b"), text("c")), []string{"all", "a", "filter"}},
		"one of the clause has":             {of("t", id, text("a"), text("b"), integer("c")), []string{"all", "filter"}},
		"a column may be null":              {of("t", id, text("a"), nullable, text("c")), nil},
		"a column is renamed":               {of("t", id, text("a"), text("bb"), text("c")), []string{"all"}},
		"the key is another":                {of("t", noKey, keyed, text("b"), text("c")), []string{"all", "a", "filter"}},
		"the key is gone":                   {of("t", noKey, text("a"), text("b"), text("c")), []string{"all", "a", "filter"}},
		"the table is renamed":              {of("u", id, text("a"), text("b"), text("c")), []string{"all", "a", "filter"}},
		"the table is gone":                 {nil, []string{"all", "a", "filter"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := Divergence{Old: old, New: c.now}
			var ends []string
			for name, def := range shapes {
				if d.Ends(def) {
					ends = append(ends, name)
				}
			}
			require.ElementsMatch(t, c.ends, ends)
		})
	}
}
