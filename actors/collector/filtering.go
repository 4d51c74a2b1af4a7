package collector

import (
	"container/heap"

	"leyden/internal/idtable"
	"leyden/internal/pg"
	"leyden/internal/shape"
)

// filtering watches the shapes whose transactions are compared with their snapshot. That must end before the 32-bit
// transaction ids of the stream have gone half around: after that, new ones look older than the snapshot. A shape that gets
// changes sees the end by itself; this is for those that get none.
type filtering struct {
	margin  uint64 // see work.SettleMargin
	byXmax  xmaxHeap
	passed  []passedShape // in stream order
	watched idtable.Table[bool]
}

type filteringShape struct {
	id   shape.ID
	xmax uint64
}

// passedShape is a shape whose snapshot can contain nothing from lsn on.
type passedShape struct {
	id  shape.ID
	lsn uint64
}

func newFiltering(margin uint64) filtering {
	return filtering{margin: margin}
}

func (f *filtering) add(id shape.ID, xmax uint64) {
	if f.watched.Get(uint64(id)) {
		return
	}
	f.watched.Set(uint64(id), true)
	heap.Push(&f.byXmax, filteringShape{id, xmax})
}

// remove forgets a shape. Its place in the heap goes when most places are those of shapes that are gone: they would stay
// until the stream has come past their xmax, which may take for ever.
func (f *filtering) remove(id shape.ID) {
	f.watched.Set(uint64(id), false)
	if len(f.byXmax) > 2*f.watched.Len()+fewPlaces {
		kept := make(xmaxHeap, 0, f.watched.Len())
		for _, s := range f.byXmax {
			if f.watched.Get(uint64(s.id)) {
				kept = append(kept, s)
			}
		}
		heap.Init(&kept)
		f.byXmax = kept
	}
}

// fewPlaces are not worth the trouble.
const fewPlaces = 64

// committed takes in a transaction.
func (f *filtering) committed(xid uint32, lsn uint64) {
	for len(f.byXmax) > 0 && pg.XidAtLeast(xid, f.byXmax[0].xmax+f.margin) {
		s := heap.Pop(&f.byXmax).(filteringShape)
		if f.watched.Get(uint64(s.id)) {
			f.passed = append(f.passed, passedShape{s.id, lsn})
		}
	}
}

// over returns a shape of which every transaction that its snapshot could contain is at or before position, which must be
// applied for all shapes; false when there is none.
func (f *filtering) over(position uint64) (shape.ID, bool) {
	for len(f.passed) > 0 && f.passed[0].lsn <= position {
		id := f.passed[0].id
		f.passed = f.passed[1:]
		if f.watched.Get(uint64(id)) {
			f.watched.Set(uint64(id), false)
			return id, true
		}
	}
	if len(f.passed) == 0 {
		f.passed = nil
	}
	return 0, false
}

// xmaxHeap has the shape with the lowest xmax on top.
type xmaxHeap []filteringShape

func (h xmaxHeap) Len() int           { return len(h) }
func (h xmaxHeap) Less(i, j int) bool { return h[i].xmax < h[j].xmax }
func (h xmaxHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *xmaxHeap) Push(x any)        { *h = append(*h, x.(filteringShape)) }
func (h *xmaxHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
