package status

import (
	"cmp"
	"container/heap"
	"slices"
)

type read struct {
	at int64
	e  *Entry
}

// newestFirst is a heap whose top is the one to give up when something older is found.
type newestFirst []read

func (h newestFirst) Len() int           { return len(h) }
func (h newestFirst) Less(i, j int) bool { return later(h[i], h[j]) > 0 }
func (h newestFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *newestFirst) Push(x any)        { *h = append(*h, x.(read)) }
func (h *newestFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func later(a, b read) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.e.ID, b.e.ID))
}

// oldest reads each time of reading once, so that requests that go on meanwhile cannot disturb the order.
func oldest(entries []*Entry, n int) []*Entry {
	kept := make(newestFirst, 0, min(n, len(entries)))
	for _, e := range entries {
		r := read{at: e.lastRead.Load(), e: e}
		switch {
		case r.at == 0:
		case len(kept) < n:
			heap.Push(&kept, r)
		case later(r, kept[0]) < 0:
			kept[0] = r
			heap.Fix(&kept, 0)
		}
	}
	slices.SortFunc(kept, later)
	out := make([]*Entry, len(kept))
	for i, r := range kept {
		out[i] = r.e
	}
	return out
}
