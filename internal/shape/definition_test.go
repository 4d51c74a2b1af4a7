package shape_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
	"leyden/internal/where"
)

func items() shape.Definition {
	return shape.Definition{Layout: &shape.Layout{
		Table:      shape.Table{OID: 16384, Schema: "public", Name: "items"},
		Key:        []string{"id"},
		Selected:   []string{"id", "title"},
		SelectsAll: true,
	}}
}

func TestEveryPartOfTheIdentityCounts(t *testing.T) {
	clause, err := where.Compile("id = 1", nil, []where.Column{{Name: "id", Type: "int4"}})
	require.NoError(t, err)
	other, err := where.Compile("id = 2", nil, []where.Column{{Name: "id", Type: "int4"}})
	require.NoError(t, err)
	seen := map[shape.Identity]string{}
	for name, change := range map[string]func(*shape.Definition){
		"as it is":         func(*shape.Definition) {},
		"oid":              func(d *shape.Definition) { d.Table.OID++ },
		"schema":           func(d *shape.Definition) { d.Table.Schema = "publi"; d.Table.Name = "citems" },
		"key":              func(d *shape.Definition) { d.Key = []string{"id", "title"} },
		"where":            func(d *shape.Definition) { d.Where = clause },
		"other where":      func(d *shape.Definition) { d.Where = other },
		"selected":         func(d *shape.Definition) { d.Selected = []string{"id"} },
		"explicit":         func(d *shape.Definition) { d.Explicit = []string{"id", "title"} },
		"selects all":      func(d *shape.Definition) { d.SelectsAll = false },
		"generated":        func(d *shape.Definition) { d.SelectsGenerated = true },
		"non-primitive":    func(d *shape.Definition) { d.NonPrimitive = true },
		"replica":          func(d *shape.Definition) { d.Replica = shape.ReplicaFull },
		"log changes only": func(d *shape.Definition) { d.Log = shape.LogChangesOnly },
	} {
		d := items()
		change(&d)
		id := d.Identity()
		require.Empty(t, seen[id], "%s has the identity of %s", name, seen[id])
		seen[id] = name
		require.Less(t, id.Hash(), uint32(1<<27))
	}
}

func TestCompactionIsNotPartOfTheIdentity(t *testing.T) {
	plain, compacted := items(), items()
	compacted.Compaction = true
	require.Equal(t, plain.Identity(), compacted.Identity())
}
