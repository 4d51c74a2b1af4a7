package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/change"
)

func described(oid uint32, name string, columns ...string) *change.Relation {
	r := &change.Relation{OID: oid, Schema: "public", Name: name, ReplicaIdentity: 'f'}
	for i, c := range columns {
		r.Columns = append(r.Columns, change.Column{Name: c, TypeOID: uint32(20 + i)})
	}
	return r
}

func TestWhatADescriptionTells(t *testing.T) {
	known := []*change.Relation{described(1, "a", "id", "x"), described(2, "b", "id")}
	retyped := described(1, "a", "id", "x")
	retyped.Columns[1].TypeOID = 99
	for name, c := range map[string]struct {
		rel  *change.Relation
		want news
		old  *change.Relation
	}{
		"the same again":        {described(1, "a", "id", "x"), unchanged, known[0]},
		"a new table":           {described(3, "c", "id"), newRelation, nil},
		"renamed":               {described(1, "z", "id", "x"), identityChanged, known[0]},
		"made again":            {described(9, "a", "id", "x"), identityChanged, nil},
		"took another's name":   {described(1, "b", "id", "x"), identityChanged, known[0]},
		"column added":          {described(1, "a", "id", "x", "y"), columnsChanged, known[0]},
		"column dropped":        {described(1, "a", "id"), columnsChanged, known[0]},
		"column of a new type":  {retyped, columnsChanged, known[0]},
		"same name, new schema": {&change.Relation{OID: 3, Schema: "other", Name: "a"}, newRelation, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := loadRelations(nil)
			require.NoError(t, err)
			for _, k := range known {
				r.track(k)
			}
			stored, err := r.marshal()
			require.NoError(t, err)
			restored, err := loadRelations(stored)
			require.NoError(t, err)
			for _, r := range []*relations{r, restored} {
				old, n := r.compare(c.rel)
				require.Equal(t, c.want, n)
				require.Equal(t, c.old, old)
			}
			restored.track(c.rel)
			_, n := restored.compare(c.rel)
			require.Equal(t, unchanged, n)
			require.Len(t, restored.byName, len(restored.byOID))
		})
	}
}

func TestDamagedTrackedRelationsAreAnError(t *testing.T) {
	_, err := loadRelations([]byte("{"))
	require.Error(t, err)
}
