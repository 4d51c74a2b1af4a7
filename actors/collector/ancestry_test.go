package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
)

func named(oid uint32, name string) shape.Table {
	return shape.Table{OID: oid, Schema: "public", Name: name}
}

func oids(changes []change.Change) []uint32 {
	var out []uint32
	for _, c := range changes {
		out = append(out, c.Relation.OID)
	}
	return out
}

func TestChangesOfPartitionsAreRepeatedForEveryAncestorWithShapes(t *testing.T) {
	a := newAncestry(false)
	a.add(1, named(100, "root"), []shape.Table{named(110, "middle"), named(111, "leaf")})
	a.add(2, named(110, "middle"), []shape.Table{named(111, "leaf")})
	f := part(10, true, true, 0, 111, 5, 111)
	out := a.expand(f.Changes)
	require.Equal(t, []uint32{111, 100, 110, 5, 111, 100, 110}, oids(out))
	require.Equal(t, []int64{0, 0, 0, 2, 4, 4, 4}, []int64{out[0].Pos, out[1].Pos, out[2].Pos, out[3].Pos, out[4].Pos, out[5].Pos, out[6].Pos})
	require.Equal(t, "root", out[1].Relation.Name)
	require.Equal(t, f.Changes[0].Relation.Columns, out[1].Relation.Columns)
	again := a.expand(f.Changes)
	require.Same(t, out[1].Relation, again[1].Relation, "layouts are found by it")

	a.remove(1)
	require.Equal(t, []uint32{111, 110, 5, 111, 110}, oids(a.expand(f.Changes)))
	a.remove(2)
	require.Equal(t, &f.Changes[0], &a.expand(f.Changes)[0], "nothing is copied")
	require.Empty(t, a.parents)
	require.Empty(t, a.byShape)
	require.Empty(t, a.relabels)
}

func TestTruncationsGoBothWays(t *testing.T) {
	a := newAncestry(false)
	a.add(1, named(100, "root"), []shape.Table{named(110, "p"), named(111, "q")})
	truncate := func(oid uint32) []change.Change { return []change.Change{{Op: change.Truncate, Relation: table(oid)}} }
	require.Equal(t, []uint32{110, 100}, oids(a.expand(truncate(110))))
	require.Equal(t, []uint32{100, 110, 111}, oids(a.expand(truncate(100))))
	require.Equal(t, []uint32{5}, oids(a.expand(truncate(5))))
}

func TestAncestorsAreAskedForOncePerDescription(t *testing.T) {
	f := newFixture(t, 0)
	f.core.ancestry.asks = true
	leaf := whole(10, 111)
	require.Nil(t, f.core.Unresolved(leaf), "no shape is over a partitioned table")
	f.core.Add(&work.AddShape{ID: 1, Def: over(100), Partitioned: true})
	rel := f.core.Unresolved(leaf)
	require.Same(t, leaf.Changes[0].Relation, rel)
	f.core.Resolve(rel, []shape.Table{named(50, "other"), named(100, "t")})
	require.Nil(t, f.core.Unresolved(leaf))
	require.EqualValues(t, 1, f.take(leaf).Work.Deliveries[0].ID)

	// It is detached.
	_, err := f.core.Relation(rel)
	require.NoError(t, err)
	next := whole(20, 111)
	rel = f.core.Unresolved(next)
	require.NotNil(t, rel)
	f.core.Resolve(rel, nil)
	require.Nil(t, f.take(next).Work)
}

func TestAPartitionsNewColumnsEndTheShapesOfItsParents(t *testing.T) {
	f := newFixture(t, 0)
	f.core.Add(&work.AddShape{ID: 1, Def: over(100), Children: []shape.Table{named(111, "leaf")}})
	f.filter.ended = func(old, rel *change.Relation) []shape.ID {
		if old != nil && rel.OID == 100 && len(rel.Columns) > len(old.Columns) {
			return []shape.ID{1}
		}
		return nil
	}
	_, err := f.core.Relation(described(111, "leaf", "id"))
	require.NoError(t, err)
	d, err := f.core.Relation(described(111, "leaf", "id", "more"))
	require.NoError(t, err)
	require.Equal(t, []shape.ID{1}, d.Invalid)
}
