package shapes

import (
	"fmt"
	"sync"

	"leyden/actors/work"
	"leyden/internal/livemap"
	"leyden/internal/shape"
)

// registrationBatch is how many shapes come or go in one message: the stream goes on between two of them.
const registrationBatch = 1000

// registrar tells the collector which shapes come and go (spec engine §5.9). One batch is under way at a time; what is asked
// for meanwhile goes into the next. Nobody waits in it: whoever asks is told later, by the collector's goroutine.
type registrar struct {
	send func(message any)
	name func(shape.ID) string // for errors

	mu      sync.Mutex
	adds    []*work.AddShape // some of which may have been cancelled
	pending livemap.Map[shape.ID, *work.AddShape]
	removes []*work.RemoveShape
	out     *work.Register // sent, and not acknowledged
}

// Unregistered is the error of a registration that a removal was faster than. Name is the shape's handle, if it still has one.
type Unregistered struct{ Name string }

func (e *Unregistered) Error() string {
	return fmt.Sprintf("Shape %s removed before registration completed", e.Name)
}

func newRegistrar(send func(any), name func(shape.ID) string) *registrar {
	return &registrar{send: send, name: name}
}

// add has the collector route to a shape. m.Done is called when it does, or with an error if it never will.
func (r *registrar) add(m *work.AddShape) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.adds = append(r.adds, m)
	r.pending.Set(m.ID, m)
	r.next()
}

// remove has the collector forget shapes, and cancels what has not been added yet. done is called for each when nothing
// routes to it.
func (r *registrar) remove(ids []shape.ID, done func(shape.ID)) {
	var cancelled []*work.AddShape
	r.mu.Lock()
	for _, id := range ids {
		if m := r.pending.Get(id); m != nil {
			r.pending.Delete(id)
			cancelled = append(cancelled, m)
		}
		r.removes = append(r.removes, &work.RemoveShape{ID: id, Done: func() { done(id) }})
	}
	r.next()
	r.mu.Unlock()
	for _, m := range cancelled {
		m.Done(&Unregistered{r.name(m.ID)})
	}
}

// next sends a batch if none is under way. The caller holds mu.
func (r *registrar) next() {
	if r.out != nil || len(r.adds) == 0 && len(r.removes) == 0 {
		return
	}
	b := &work.Register{}
	n := min(len(r.removes), registrationBatch)
	b.Remove, r.removes = r.removes[:n:n], r.removes[n:]
	for len(r.adds) > 0 && len(b.Add) < registrationBatch {
		m := r.adds[0]
		r.adds = r.adds[1:]
		if r.pending.Get(m.ID) == m {
			r.pending.Delete(m.ID)
			b.Add = append(b.Add, m)
		}
	}
	r.trim()
	if len(b.Remove) == 0 && len(b.Add) == 0 {
		return // all of it was cancelled
	}
	b.Done = func() { r.acknowledged(b) }
	r.out = b
	r.send(b)
}

// trim gives back what an emptied queue had grown to.
func (r *registrar) trim() {
	if len(r.removes) == 0 {
		r.removes = nil
	}
	if len(r.adds) == 0 {
		r.adds = nil
	}
}

func (r *registrar) acknowledged(b *work.Register) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out == b {
		r.out = nil
		r.next()
	}
}

// renewed takes in that there is a new collector, which is about to be told of every shape that exists: it has never heard
// of the removed ones, and nobody has to add the others.
func (r *registrar) renewed() {
	r.mu.Lock()
	gone := r.removes
	if r.out != nil {
		gone = append(r.out.Remove[:len(r.out.Remove):len(r.out.Remove)], gone...)
	}
	r.adds, r.removes, r.out = nil, nil, nil
	r.pending.Clear()
	r.mu.Unlock()
	for _, m := range gone {
		m.Done()
	}
}
