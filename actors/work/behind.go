package work

import (
	"sync"

	"leyden/internal/shape"
)

// Behind knows which shapes with subqueries do not have in their logs all that the stream has passed: while they hold transactions, or
// have not applied what became of a subquery. It is safe for concurrent use.
type Behind struct {
	progress *Progress

	mu   sync.Mutex
	lags map[shape.ID]lag
}

// lag is how a shape is behind.
type lag struct {
	lsn   uint64       // every transaction up to it is in the log
	moves int          // told to the shape, and not taken in yet
	holds bool         // something is held, or not applied
	until shape.Offset // the end of a log that has all, once neither is so
}

// NewBehind is for the shapes of a stream.
func NewBehind(p *Progress) *Behind { return &Behind{progress: p, lags: map[shape.ID]lag{}} }

// Told tells that a shape has been sent a move, before anybody can see that its transaction has been processed.
func (b *Behind) Told(id shape.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.begin(id)
	l.moves++
	b.lags[id] = l
}

// Took tells that a shape has taken in a move, or is about to hold a transaction: whether something is held, or not applied, from
// now on; and how far what was handed in goes.
func (b *Behind) Took(id shape.ID, moves int, holds bool, until shape.Offset) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.begin(id)
	l.moves, l.holds, l.until = l.moves-moves, holds, until
	b.lags[id] = l
}

// begin is the lag of a shape, which begins now if there is none. The transaction for which it does has not been processed.
func (b *Behind) begin(id shape.ID) lag {
	l, ok := b.lags[id]
	if !ok {
		l.lsn = b.progress.LSN()
	}
	return l
}

// Forget is for a shape that is gone.
func (b *Behind) Forget(id shape.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.lags, id)
}

// LSN is the position that readers of a shape may be told: the log that is looked at after this has every transaction up to it. end
// tells where the log ends, and false if nobody knows.
func (b *Behind) LSN(id shape.ID, end func() (shape.Offset, bool)) uint64 {
	passed := b.progress.LSN()
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.lags[id]
	if !ok {
		return passed
	}
	if l.moves == 0 && !l.holds {
		if at, known := end(); known && !at.Less(l.until) {
			delete(b.lags, id)
			return passed
		}
	}
	return min(passed, l.lsn)
}
