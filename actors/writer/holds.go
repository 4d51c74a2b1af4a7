package writer

import (
	"container/heap"

	"leyden/internal/livemap"
	"leyden/internal/shape"
)

// holds knows which shapes have not stored transactions that the stream has passed, and from which on.
type holds struct {
	lsn  livemap.Map[shape.ID, uint64] // lowest held commit LSN of each shape
	heap holdHeap                      // of lsn, with entries that are no longer true
	// void says up to which work a shape's holds mean nothing: they were resolved before the work came.
	void livemap.Map[shape.ID, uint64]
}

type heldShape struct {
	id  shape.ID
	lsn uint64
}

// add takes in that a shape held a transaction of a work. Works come in order.
func (h *holds) add(id shape.ID, seq, lsn uint64) {
	if seq <= h.void.Get(id) {
		return
	}
	if _, ok := h.lsn.Find(id); ok {
		return
	}
	h.lsn.Set(id, lsn)
	heap.Push(&h.heap, heldShape{id, lsn})
}

// release ends the holds of a shape, those of works up to seq included that have not come yet.
func (h *holds) release(id shape.ID, seq uint64) {
	h.lsn.Delete(id)
	h.void.Set(id, max(h.void.Get(id), seq))
	if len(h.heap) > 4*h.lsn.Len()+fewPlaces {
		h.rebuild()
	}
}

// rebuild rids the heap of what is no longer true: below its top it would stay as long as the top.
func (h *holds) rebuild() {
	h.heap = make(holdHeap, 0, h.lsn.Len())
	for id, lsn := range h.lsn.All() {
		h.heap = append(h.heap, heldShape{id, lsn})
	}
	heap.Init(&h.heap)
}

// passed forgets what concerned works up to seq.
func (h *holds) passed(seq uint64) {
	h.void.DeleteFunc(func(_ shape.ID, upTo uint64) bool { return upTo <= seq })
}

// lowest is the lowest held commit LSN, 0 for none.
func (h *holds) lowest() uint64 {
	for len(h.heap) > 0 {
		if top := h.heap[0]; h.lsn.Get(top.id) == top.lsn {
			return top.lsn
		}
		heap.Pop(&h.heap)
	}
	return 0
}

type holdHeap []heldShape

func (h holdHeap) Len() int           { return len(h) }
func (h holdHeap) Less(i, j int) bool { return h[i].lsn < h[j].lsn }
func (h holdHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *holdHeap) Push(x any)        { *h = append(*h, x.(heldShape)) }
func (h *holdHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
