package status

import (
	"sync/atomic"
	"time"

	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Entry is one shape that exists, or existed: whoever holds an Entry may read it for ever. Its names never change.
type Entry struct {
	ID       shape.ID
	Handle   shape.Handle
	Identity shape.Identity
	Def      *shape.Definition

	log       atomic.Pointer[shapelog.Log]
	removed   atomic.Bool
	indexed   bool
	lastRead  atomic.Int64 // nanoseconds after the authority's epoch; 0: no client has read it yet
	beginning atomic.Pointer[Beginning]
}

// Removed reports whether the shape is gone. It never exists again.
func (e *Entry) Removed() bool { return e.removed.Load() }

// Log is the log of the shape, nil while the maker of the shape has not created it. See Beginning.Made.
func (e *Entry) Log() *shapelog.Log { return e.log.Load() }

// SetLog gives a new shape its log. Only its maker calls it, once.
func (e *Entry) SetLog(l *shapelog.Log) {
	e.log.Store(l)
	if b := e.beginning.Load(); b != nil {
		close(b.made)
	}
}

// Beginning is what is waited for while a new shape has no snapshot to read. It ends once.
type Beginning struct {
	made chan struct{}
	done chan struct{}
	err  error
}

// begin marks e as having no readable snapshot. Only the maker of a shape calls it, before the entry is found by others.
func (e *Entry) begin() {
	e.beginning.Store(&Beginning{made: make(chan struct{}), done: make(chan struct{})})
}

// Beginning is nil once the snapshot can be read, and for every restored shape.
func (e *Entry) Beginning() *Beginning { return e.beginning.Load() }

// Started ends the beginning of e: its snapshot can be read. Only the maker of the shape calls Started and Failed, from one
// goroutine; after the first of them both do nothing.
func (e *Entry) Started() {
	if b := e.beginning.Load(); b != nil {
		e.beginning.Store(nil)
		b.end(nil)
	}
}

// Failed ends the beginning of e: its snapshot will never be readable. Waiters of now and of later get err.
func (e *Entry) Failed(err error) {
	if b := e.beginning.Load(); b != nil {
		b.end(err)
	}
}

func (b *Beginning) end(err error) {
	select {
	case <-b.done:
	default:
		b.err = err
		close(b.done)
	}
}

// Made is closed when the shape has a log. It stays open when the shape fails before that.
func (b *Beginning) Made() <-chan struct{} { return b.made }

// Done is closed when the beginning has ended.
func (b *Beginning) Done() <-chan struct{} { return b.done }

// Err is how it ended: nil for a readable snapshot. It is valid after Done.
func (b *Beginning) Err() error { return b.err }

// Touch sets the time at which a client last read e.
func (a *Authority) Touch(e *Entry) {
	e.lastRead.Store(max(1, int64(a.now().Sub(a.epoch))))
}

// LastRead is when a client last read e, the zero time if none has.
func (a *Authority) LastRead(e *Entry) time.Time {
	if n := e.lastRead.Load(); n > 0 {
		return a.epoch.Add(time.Duration(n))
	}
	return time.Time{}
}
