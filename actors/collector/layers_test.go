package collector

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/work"
	"leyden/internal/shape"
)

func TestAShapeIsInTheLayerAfterTheLastOfItsDependencies(t *testing.T) {
	var l layers
	l.add(1, nil)
	l.add(2, nil)
	require.Zero(t, l.places.Len(), "nothing is kept of plain shapes")
	l.add(3, []shape.ID{1, 1})
	l.add(4, []shape.ID{2, 3})
	l.add(5, []shape.ID{1})
	of, count := l.order([]shape.ID{4, 1, 9, 5, 3})
	require.Equal(t, 3, count)
	require.Equal(t, []int32{2, 0, 0, 1, 1}, of)
	of, count = l.order([]shape.ID{9, 4})
	require.Equal(t, 2, count, "layers without a delivery are left out")
	require.Equal(t, []int32{0, 1}, of)
	of, count = l.order([]shape.ID{3})
	require.Equal(t, 1, count, "another one waits for it")
	require.Equal(t, []int32{0}, of)
	for _, alone := range [][]shape.ID{{4}, {5}, {9}, {9, 10}} {
		_, count = l.order(alone)
		require.Zero(t, count, "%v: nobody waits, and all are in one layer", alone)
	}
	l.remove(1) // before what depends on it
	l.remove(5)
	l.remove(4)
	_, count = l.order([]shape.ID{3})
	require.Zero(t, count)
	l.remove(3)
	require.Zero(t, l.places.Len())
}

func TestAShapeWhoseDependencyIsGoneIsRefused(t *testing.T) {
	f := newFixture(t, 0)
	require.NoError(t, f.core.Add(&work.AddShape{ID: 1, Def: over(7)}))
	require.NoError(t, f.core.Add(&work.AddShape{ID: 2, Def: over(8), Dependencies: []shape.ID{1}}))
	f.core.Remove(1)
	require.ErrorIs(t, f.core.Add(&work.AddShape{ID: 3, Def: over(8), Dependencies: []shape.ID{2, 1}}), work.ErrMissingDependencies)
	require.False(t, f.filter.Has(3), "it is not routed to")
	require.Len(t, f.take(whole(10, 8)).Work.Deliveries, 1)
}

// layered is a core whose deliveries a test completes in any order.
type layered struct {
	t          *rapid.T
	core       *Core
	partitions int
	sent       []*work.Delivery // and not completed
	done       []*work.Work     // layers that are complete
	completed  map[*work.Work]int
	last       map[shape.ID]uint64 // the last work that each shape was sent

	depth  map[shape.ID]int
	inner  map[shape.ID][]shape.ID
	since  map[shape.ID]uint64                  // the last work before the shape was added
	open   map[shape.ID]map[uint64]struct{}     // works of which a delivery to the shape is not complete, sent or not
	handed map[*work.Work]map[shape.ID]bool     // what was sent of each work
	whole  map[*work.Work]map[shape.ID]struct{} // what is to be sent
}

func (l *layered) handOut(w *work.Work) {
	for p := range l.partitions {
		share := l.core.Share(w, p)
		for i := range share {
			d := &share[i]
			require.Equal(l.t, p, int(uint64(d.ID)%uint64(l.partitions)))
			require.False(l.t, l.handed[w][d.ID], "twice")
			l.handed[w][d.ID] = true
			require.Less(l.t, l.last[d.ID], w.Seq, "in the order of the stream")
			l.last[d.ID] = w.Seq
			for i := range w.Deliveries {
				if other := &w.Deliveries[i]; l.depth[other.ID] < l.depth[d.ID] {
					require.NotContains(l.t, l.open[other.ID], w.Seq, "shape %d before shape %d of a lower layer", d.ID, other.ID)
				}
			}
			for _, in := range l.inner[d.ID] {
				for seq := range l.open[in] {
					require.False(l.t, seq > l.since[d.ID] && seq <= w.Seq, "shape %d gets work %d before %d has had work %d", d.ID, w.Seq, in, seq)
				}
			}
			l.sent = append(l.sent, d)
		}
	}
}

func (l *layered) take(w *work.Work) {
	l.handed[w], l.whole[w] = map[shape.ID]bool{}, map[shape.ID]struct{}{}
	for i := range w.Deliveries {
		id := w.Deliveries[i].ID
		l.whole[w][id] = struct{}{}
		if l.open[id] == nil {
			l.open[id] = map[uint64]struct{}{}
		}
		l.open[id][w.Seq] = struct{}{}
	}
	l.handOut(w)
}

func (l *layered) complete(n int) {
	d := l.sent[n]
	l.sent = slices.Delete(l.sent, n, n+1)
	delete(l.open[d.ID], d.Work.Seq)
	d.Complete(work.Result{})
	d.Complete(work.Result{}) // a consumer that failed may do so
	for len(l.done) > 0 {
		w := l.done[0]
		l.done = l.done[1:]
		if l.core.LayerDone(w) {
			l.handOut(w)
		}
	}
}

func TestEveryDeliveryIsHandedOutOnceAfterAllOfLowerLayers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &layered{t: t, partitions: rapid.IntRange(1, 4).Draw(t, "partitions"), completed: map[*work.Work]int{}, last: map[shape.ID]uint64{},
			depth: map[shape.ID]int{}, inner: map[shape.ID][]shape.ID{}, since: map[shape.ID]uint64{}, open: map[shape.ID]map[uint64]struct{}{},
			handed: map[*work.Work]map[shape.ID]bool{}, whole: map[*work.Work]map[shape.ID]struct{}{}}
		run := &work.Run{Completed: func(w *work.Work) { l.completed[w]++ }, LayerDone: func(w *work.Work) { l.done = append(l.done, w) }}
		filter := newByTable()
		var err error
		l.core, err = NewCore(CoreConfig{Run: run, Filter: filter, Partitions: l.partitions})
		require.NoError(t, err)
		next, lsn, open, pos := shape.ID(1), uint64(10), false, int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				m := &work.AddShape{ID: next, Def: over(rapid.Uint32Range(7, 9).Draw(t, "table"))}
				missing := false
				for range rapid.IntRange(0, 3).Draw(t, "dependencies") {
					if next == 1 {
						break
					}
					in := shape.ID(rapid.Uint64Range(1, uint64(next)-1).Draw(t, "inner"))
					m.Dependencies = append(m.Dependencies, in)
					missing = missing || !filter.Has(in)
					l.depth[next] = max(l.depth[next], l.depth[in]+1)
				}
				err := l.core.Add(m)
				require.Equal(t, missing, err != nil)
				if err == nil {
					l.inner[next], l.since[next] = m.Dependencies, l.core.Seq()
				}
				next++
			},
			"remove": func(t *rapid.T) {
				if next > 1 {
					l.core.Remove(shape.ID(rapid.Uint64Range(1, uint64(next)-1).Draw(t, "id")))
				}
			},
			"fragment": func(t *rapid.T) {
				if l.core.Passing() {
					_, err := l.core.Fragment(part(lsn, !open, false, pos, 7))
					require.ErrorIs(t, err, ErrStream)
					return
				}
				tables := rapid.SliceOfN(rapid.Uint32Range(7, 10), 1, 4).Draw(t, "tables")
				f := part(lsn, !open, rapid.Bool().Draw(t, "commit"), pos, tables...)
				taken, err := l.core.Fragment(f)
				require.NoError(t, err)
				if open, pos = f.Commit == nil, f.Last.Op+2; !open {
					lsn, pos = lsn+10, 0
				}
				if taken.Work != nil {
					l.take(taken.Work)
				}
			},
			"complete": func(t *rapid.T) {
				if len(l.sent) > 0 {
					l.complete(rapid.IntRange(0, len(l.sent)-1).Draw(t, "delivery"))
				}
			},
			"": func(t *rapid.T) {
				for id := range l.core.router.layers.places.All() {
					require.Less(t, id, next)
				}
			},
		})
		for len(l.sent) > 0 {
			l.complete(rapid.IntRange(0, len(l.sent)-1).Draw(t, "last"))
		}
		require.False(t, l.core.Passing())
		for w, ids := range l.whole {
			require.ElementsMatch(t, slices.Collect(maps.Keys(ids)), slices.Collect(maps.Keys(l.handed[w])))
			require.Equal(t, 1, l.completed[w])
		}
		for id := range next {
			l.core.Remove(id)
		}
		require.Zero(t, l.core.router.layers.places.Len())
	})
}
