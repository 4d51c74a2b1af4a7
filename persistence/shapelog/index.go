package shapelog

import (
	"sync"

	"leyden/internal/shape"
)

// logIndex finds the Log of a handle. Logs are chained through their own next field: two words a log instead of the five of
// a map, because there may be a million.
type logIndex struct {
	mu      sync.Mutex
	buckets []*Log // a power of two, or none
	count   int
}

func bucketOf(h shape.Handle, buckets int) int {
	x := (h.Micros ^ uint64(h.Hash)<<32) * 0x9e3779b97f4a7c15
	return int(x >> 33 & uint64(buckets-1))
}

// get returns the log of h, nil for none.
func (x *logIndex) get(h shape.Handle) *Log {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.find(h)
}

func (x *logIndex) find(h shape.Handle) *Log {
	if len(x.buckets) == 0 {
		return nil
	}
	for l := x.buckets[bucketOf(h, len(x.buckets))]; l != nil; l = l.next {
		if l.handle == h {
			return l
		}
	}
	return nil
}

// add makes l the log of its handle, unless there is one already, and returns the one that is.
func (x *logIndex) add(l *Log) *Log {
	x.mu.Lock()
	defer x.mu.Unlock()
	if old := x.find(l.handle); old != nil {
		return old
	}
	if x.count == len(x.buckets) {
		x.resize(max(fewBuckets, 2*len(x.buckets)))
	}
	at := &x.buckets[bucketOf(l.handle, len(x.buckets))]
	l.next, *at = *at, l
	x.count++
	return l
}

const fewBuckets = 16

func (x *logIndex) resize(n int) {
	old := x.buckets
	x.buckets = make([]*Log, n)
	for _, l := range old {
		for l != nil {
			next := l.next
			at := &x.buckets[bucketOf(l.handle, len(x.buckets))]
			l.next, *at = *at, l
			l = next
		}
	}
}

// remove forgets the log of h and returns it, nil for none.
func (x *logIndex) remove(h shape.Handle) *Log {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.buckets) == 0 {
		return nil
	}
	for at := &x.buckets[bucketOf(h, len(x.buckets))]; *at != nil; at = &(*at).next {
		if l := *at; l.handle == h {
			*at, l.next = l.next, nil
			if x.count--; len(x.buckets) > fewBuckets && 8*x.count < len(x.buckets) {
				x.resize(len(x.buckets) / 4)
			}
			return l
		}
	}
	return nil
}

// takeAll forgets all logs and returns them.
func (x *logIndex) takeAll() []*Log {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := make([]*Log, 0, x.count)
	for _, l := range x.buckets {
		for l != nil {
			next := l.next
			l.next = nil
			out = append(out, l)
			l = next
		}
	}
	x.buckets, x.count = nil, 0
	return out
}

// each calls f with every log.
func (x *logIndex) each(f func(*Log)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, l := range x.buckets {
		for ; l != nil; l = l.next {
			f(l)
		}
	}
}
