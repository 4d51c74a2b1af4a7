package shapelog

import "leyden/internal/shape"

const (
	// logTailBytes bounds the tail of one log.
	logTailBytes = 256 << 10
	// quietCommits is after how many commits without a waiter a log keeps no tail.
	quietCommits = 16
)

// tail is the newest part of a log that somebody follows. Live readers, of whom there may be thousands, find their range in
// it and share its bytes. It is guarded by the mutex of its log and changed by the writer only; blocks are immutable and
// their array is only appended to, so a reader may keep a slice of it.
type tail struct {
	log    *Log
	from   shape.Offset // blocks hold every item after this
	blocks []tailBlock
	bytes  int
}

type tailBlock struct {
	last  shape.Offset
	value []byte
}

// keepTail adds the blocks of a commit to the tail, or drops the tail of a log that nobody follows any more. The caller
// holds mu and is Apply.
func (l *Log) keepTail(st *staged) {
	ts := &l.store.writer.tails
	if l.changed == nil && l.state&stateFollowed != 0 {
		if l.quiet++; l.quiet >= quietCommits {
			l.state &^= stateFollowed
		}
	}
	if !st.follow || l.state&stateFollowed == 0 {
		ts.drop(l)
		return
	}
	if l.tail == nil {
		ts.add(&tail{log: l, from: st.from})
	} else if st.from != st.before {
		// Parts of the transaction were stored by earlier batches and are not here.
		ts.bytes -= l.tail.bytes
		*l.tail = tail{log: l, from: st.from}
	}
	t := l.tail
	held := t.bytes
	for _, b := range st.kept {
		if !st.latest.Less(b.last) {
			t.blocks = append(t.blocks, b)
			t.bytes += len(b.value)
		}
	}
	drop := 0
	for t.bytes > logTailBytes {
		t.from = t.blocks[drop].last
		t.bytes -= len(t.blocks[drop].value)
		drop++
	}
	if drop > 0 {
		t.blocks = append([]tailBlock(nil), t.blocks[drop:]...)
	}
	ts.bytes += t.bytes - held
}

// tails are the tails of all logs, in the order in which they are given up when together they are too large. They are
// guarded by writer.mu.
type tails struct {
	queue []*tail // some may have been dropped since
	gone  int     // how many of them
	bytes int     // held by all that have not been dropped
}

// fewTails in the queue are not worth the trouble.
const fewTails = 64

// add makes t the tail of its log. The caller holds the log's mutex.
func (ts *tails) add(t *tail) {
	t.log.tail = t
	ts.queue = append(ts.queue, t)
}

// drop frees the tail of l, if it has one. The caller holds the log's mutex.
func (ts *tails) drop(l *Log) {
	if l.tail == nil {
		return
	}
	ts.bytes -= l.tail.bytes
	*l.tail = tail{}
	l.tail = nil
	if ts.gone++; 2*ts.gone > len(ts.queue)+fewTails {
		ts.sweep()
	}
}

// sweep takes what has been dropped out of the queue.
func (ts *tails) sweep() {
	live := make([]*tail, 0, max(0, len(ts.queue)-ts.gone))
	for _, t := range ts.queue {
		if t.log != nil {
			live = append(live, t)
		}
	}
	ts.queue, ts.gone = live, 0
}

// trim gives up the oldest tails until the rest fits.
func (ts *tails) trim(limit int) {
	for len(ts.queue) > 0 && ts.bytes > limit {
		t := ts.queue[0]
		ts.queue[0] = nil
		ts.queue = ts.queue[1:]
		ts.gone-- // it has been dropped, or is now
		if l := t.log; l != nil {
			l.mu.Lock()
			ts.drop(l)
			l.mu.Unlock()
		}
	}
}

// Trim gives up all memory that only makes the next live readers faster. It is for a store that has been idle.
func (s *Store) Trim() {
	s.trimRecent(0, 0)
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	s.writer.tails.trim(-1)
}

// tailAfter returns the tail's blocks when they are all of the log after the given offset. The caller holds mu.
func (l *Log) tailAfter(after shape.Offset) ([]tailBlock, bool) {
	if l.tail == nil || after.Less(l.tail.from) {
		return nil, false
	}
	return l.tail.blocks, true
}
