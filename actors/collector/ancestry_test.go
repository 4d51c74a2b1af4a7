package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/filter"
	"leyden/internal/shape"
	"leyden/internal/where"
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
	require.Zero(t, a.byShape.Len())
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

func TestTruncationsGoOverAllLevels(t *testing.T) {
	a := newAncestry(false)
	leaves := []shape.Table{named(110, "middle"), named(111, "leaf"), named(112, "other leaf")}
	a.add(1, named(100, "root"), leaves)
	a.add(2, named(110, "middle"), leaves[1:2])
	truncate := func(oid uint32) []change.Change { return []change.Change{{Op: change.Truncate, Relation: table(oid)}} }
	require.Equal(t, []uint32{111, 100, 110}, oids(a.expand(truncate(111))))
	require.Equal(t, []uint32{112, 100}, oids(a.expand(truncate(112))))
	require.Equal(t, []uint32{110, 100, 111}, oids(a.expand(truncate(110))))
	require.Equal(t, []uint32{100, 110, 111, 112}, oids(a.expand(truncate(100))))
}

// resolved is a core that asks, with a shape over the root 100, and a catalogue that a test changes.
type resolved struct {
	*fixture
	above map[uint32][]shape.Table
}

func newResolved(t *testing.T) *resolved {
	r := &resolved{fixture: newFixture(t, 0), above: map[uint32][]shape.Table{}}
	r.core.ancestry.asks = true
	return r
}

// routed gives the shapes that get something of an insert into a table, which the stream describes before if it is asked to.
func (r *resolved) routed(lsn uint64, oid uint32, describe bool) []shape.ID {
	f := whole(lsn, oid)
	if describe {
		_, err := r.core.Relation(f.Changes[0].Relation)
		require.NoError(r.t, err)
	}
	for rel := r.core.Unresolved(f); rel != nil; rel = r.core.Unresolved(f) {
		r.core.Resolve(rel, r.above[rel.OID])
	}
	var ids []shape.ID
	if w := r.take(f).Work; w != nil {
		for i := range w.Deliveries {
			ids = append(ids, w.Deliveries[i].ID)
		}
	}
	return ids
}

func TestPartitionsComeAndGoWhileTheyAreFollowed(t *testing.T) {
	r := newResolved(t)
	r.core.Add(&work.AddShape{ID: 1, Def: over(100), Partitioned: true, Children: []shape.Table{named(111, "made before")}})
	r.above[111] = []shape.Table{named(100, "t")}
	require.Equal(t, []shape.ID{1}, r.routed(10, 111, true))
	require.Empty(t, r.routed(20, 112, true))

	r.above[112] = []shape.Table{named(110, "middle"), named(100, "t")}
	require.Equal(t, []shape.ID{1}, r.routed(30, 112, true), "attached, two levels down: the stream describes it again")
	r.above[113] = []shape.Table{named(100, "t")}
	require.Equal(t, []shape.ID{1}, r.routed(40, 113, true), "made")
	require.Equal(t, []shape.ID{1}, r.routed(50, 113, false))

	delete(r.above, 111)
	require.Empty(t, r.routed(60, 111, true), "detached")
	require.Equal(t, []shape.ID{1}, r.routed(70, 112, false), "the others stay")

	r.core.Remove(1)
	require.Empty(t, r.routed(80, 112, true))
	require.Empty(t, r.core.ancestry.parents)
	require.Empty(t, r.core.ancestry.asked)
}

func TestAShapeOverATableOfWhichNothingIsKnownFollowsItsPartitions(t *testing.T) {
	r := newResolved(t)
	r.above[111] = []shape.Table{named(100, "t")}
	r.core.Add(&work.AddShape{ID: 1, Def: over(100), Partitioned: true})
	require.Equal(t, []shape.ID{1}, r.routed(10, 111, false), "after a restart the stream need not describe what it described before")
	require.Empty(t, r.routed(20, 112, false))
	require.Equal(t, []shape.ID{1}, r.routed(30, 100, false), "it may be no partitioned table at all")
}

func TestTheMappingIsCountedByShapes(t *testing.T) {
	a := newAncestry(false)
	leaf := []shape.Table{named(111, "leaf")}
	for id := range shape.ID(10) {
		a.add(id+1, named(100, "root"), leaf)
		a.add(id+1, named(100, "root"), leaf)
	}
	f := part(10, true, true, 0, 111)
	for id := range shape.ID(10) {
		require.Equal(t, []uint32{111, 100}, oids(a.expand(f.Changes)))
		a.remove(id + 1)
		a.remove(id + 1)
	}
	require.Equal(t, []uint32{111}, oids(a.expand(f.Changes)))
	require.Empty(t, a.parents)
}

// TestAPartitionsDescriptionEndsTheRightShapes uses the real filter: a shape over the root ends when a column changes that it selects
// or only refers to, in any partition, and not when one changes that it does not have, nor when the partition is renamed.
func TestAPartitionsDescriptionEndsTheRightShapes(t *testing.T) {
	clause, err := where.Compile("x = 1", nil, []where.Column{{Name: "x", Type: "int4"}})
	require.NoError(t, err)
	add := func(c *Core, id shape.ID, oid uint32, name string, d shape.Definition, selected ...string) {
		d.Layout = &shape.Layout{Table: named(oid, name), Key: []string{"id"}, Selected: selected, SelectsAll: d.Layout != nil}
		m := &work.AddShape{ID: id, Def: &d, Partitioned: oid == 100}
		if m.Partitioned {
			m.Children = []shape.Table{named(111, "leaf")}
		}
		c.Add(m)
	}
	retyped := described(111, "leaf", "id", "x", "y")
	retyped.Columns[1].TypeOID = 99
	for name, c := range map[string]struct {
		rel  *change.Relation
		want []shape.ID
	}{
		"the same again":         {described(111, "leaf", "id", "x", "y"), nil},
		"a column is added":      {described(111, "leaf", "id", "x", "y", "z"), []shape.ID{1}},
		"a column is dropped":    {described(111, "leaf", "id", "x"), []shape.ID{1}},
		"another type":           {retyped, []shape.ID{1, 2, 4}},
		"the partition's name":   {described(111, "renamed", "id", "x", "y"), []shape.ID{4}},
		"another table's column": {described(120, "alien", "id", "x", "z"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			core, err := NewCore(CoreConfig{Run: &work.Run{Completed: func(*work.Work) {}, Late: func(*work.Late) {}}, Filter: filter.New(), Partitions: 2})
			require.NoError(t, err)
			_, err = core.Relation(described(111, "leaf", "id", "x", "y"))
			require.NoError(t, err)
			add(core, 1, 100, "root", shape.Definition{Layout: &shape.Layout{}}, "id", "x", "y")
			add(core, 2, 100, "root", shape.Definition{Where: clause}, "id")
			add(core, 3, 100, "root", shape.Definition{}, "id")
			add(core, 4, 111, "leaf", shape.Definition{}, "id", "x")
			d, err := core.Relation(c.rel)
			require.NoError(t, err)
			require.ElementsMatch(t, c.want, d.Invalid)
			if c.rel.OID == 111 {
				require.Contains(t, d.Above, named(100, "root"), "what is cached of it is out of date")
			}
		})
	}
}
