package writer

import (
	"container/heap"

	"leyden/internal/shape"
)

// holds knows which shapes have not stored transactions that the stream has passed, and from which on.
type holds struct {
	lsn  map[shape.ID]uint64 // lowest held commit LSN of each shape
	heap holdHeap            // of lsn, with entries that are no longer true
	// void says up to which work a shape's holds mean nothing: they were resolved before the work came.
	void map[shape.ID]uint64
}

type heldShape struct {
	id  shape.ID
	lsn uint64
}

func newHolds() holds { return holds{lsn: map[shape.ID]uint64{}, void: map[shape.ID]uint64{}} }

// add takes in that a shape held a transaction of a work. Works come in order.
func (h *holds) add(id shape.ID, seq, lsn uint64) {
	if seq <= h.void[id] {
		return
	}
	if _, ok := h.lsn[id]; ok {
		return
	}
	h.lsn[id] = lsn
	heap.Push(&h.heap, heldShape{id, lsn})
}

// release ends the holds of a shape, those of works up to seq included that have not come yet.
func (h *holds) release(id shape.ID, seq uint64) {
	delete(h.lsn, id)
	h.void[id] = max(h.void[id], seq)
}

// passed forgets what concerned works up to seq.
func (h *holds) passed(seq uint64) {
	for id, upTo := range h.void {
		if upTo <= seq {
			delete(h.void, id)
		}
	}
}

// lowest is the lowest held commit LSN, 0 for none.
func (h *holds) lowest() uint64 {
	for len(h.heap) > 0 {
		if top := h.heap[0]; h.lsn[top.id] == top.lsn {
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
