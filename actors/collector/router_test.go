package collector

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/shape"
)

type got struct {
	id      shape.ID
	begin   bool
	changes []int32
}

func routed(r *router, f *change.Fragment) map[shape.ID]got {
	w := r.route(f, f.Changes)
	out := map[shape.ID]got{}
	if w == nil {
		return out
	}
	n := 0
	for p := range r.partitions {
		for i := range r.share(w, 0, p) {
			d := &r.share(w, 0, p)[i]
			if int(uint64(d.ID)%uint64(r.partitions)) != p {
				panic("delivery in another's share")
			}
			out[d.ID] = got{d.ID, d.Begin, append([]int32(nil), d.Changes()...)}
			n++
		}
	}
	if n != len(w.Deliveries) || n != len(out) {
		panic("shares do not cover the deliveries")
	}
	return out
}

func TestAShapeGetsBeginOnceAndTheCommitIfItGotAnything(t *testing.T) {
	r := newRouter(newByTable(), 4)
	r.add(1, over(7))
	r.add(2, over(8))
	r.add(6, over(7))
	require.Equal(t, map[shape.ID]got{1: {1, true, []int32{0, 1}}, 6: {6, true, []int32{0, 1}}}, routed(r, part(10, true, false, 0, 7, 7)))
	require.Equal(t, map[shape.ID]got{1: {1, false, []int32{1}}, 2: {2, true, []int32{0}}, 6: {6, false, []int32{1}}}, routed(r, part(10, false, false, 4, 8, 7)))
	require.Equal(t, map[shape.ID]got{1: {1, false, nil}, 2: {2, false, nil}, 6: {6, false, nil}}, routed(r, part(10, false, true, 8, 9)))
	require.Equal(t, map[shape.ID]got{2: {2, true, []int32{0}}}, routed(r, whole(20, 8)))
	require.Empty(t, routed(r, whole(30, 9)))
	require.Empty(t, routed(r, whole(40)))
}

func TestAShapeAddedInATransactionGetsNothingOfIt(t *testing.T) {
	r := newRouter(newByTable(), 4)
	r.add(1, over(7))
	routed(r, part(10, true, false, 0, 7))
	r.add(2, over(7))
	require.Equal(t, map[shape.ID]got{1: {1, false, []int32{0}}}, routed(r, part(10, false, false, 2, 7)))
	require.Equal(t, map[shape.ID]got{1: {1, false, []int32{0}}}, routed(r, part(10, false, true, 4, 7)))
	require.Contains(t, routed(r, whole(20, 7)), shape.ID(2))
	require.Zero(t, r.excluded.Len())
}

func TestARemovedShapeGetsNothingAtOnce(t *testing.T) {
	r := newRouter(newByTable(), 4)
	r.add(1, over(7))
	r.add(2, over(7))
	routed(r, part(10, true, false, 0, 7))
	r.remove(1)
	require.Equal(t, map[shape.ID]got{2: {2, false, nil}}, routed(r, part(10, false, true, 2, 8)))
	r.remove(2)
	require.Zero(t, r.seen.Len(), "nothing is kept of shapes that are gone")
}

func TestRoutingOfWholeTransactions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		filter := newByTable()
		r := newRouter(filter, rapid.IntRange(1, 5).Draw(t, "partitions"))
		shapes := map[shape.ID]uint32{}
		next := shape.ID(1)
		for lsn := uint64(1); lsn < 20; lsn++ {
			present := map[shape.ID]bool{} // at its begin
			for id := range shapes {
				present[id] = true
			}
			inside := map[shape.ID]bool{}
			fragments := rapid.IntRange(1, 4).Draw(t, "fragments")
			for n := range fragments {
				tables := rapid.SliceOfN(rapid.Uint32Range(7, 10), 0, 4).Draw(t, "tables")
				f := part(lsn, n == 0, n == fragments-1, int64(10*n), tables...)
				want := map[shape.ID]got{}
				for id, oid := range shapes {
					if !present[id] {
						continue
					}
					g := got{id: id, begin: !inside[id]}
					for i, table := range tables {
						if table == oid {
							g.changes = append(g.changes, int32(i))
						}
					}
					if len(g.changes) > 0 || f.Commit != nil && inside[id] {
						want[id] = g
						inside[id] = true
					}
				}
				if have := routed(r, f); len(have) != len(want) {
					t.Fatalf("%v, want %v", have, want)
				} else {
					for id, g := range want {
						require.Equal(t, g, have[id])
					}
				}
				switch rapid.IntRange(0, 3).Draw(t, "between") {
				case 0:
					oid := rapid.Uint32Range(7, 9).Draw(t, "table")
					shapes[next] = oid
					r.add(next, over(oid))
					next++
				case 1:
					for id := range shapes {
						delete(shapes, id)
						r.remove(id)
						break
					}
				}
				if f.Commit != nil {
					present = nil
				}
			}
		}
	})
}
