package shapelog

import (
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"leyden/internal/shape"
)

// Log is the snapshot and the log of one shape. There is one Log for each handle in a process. It is small, because most
// logs are idle: its end is read when it is first needed, and what a transaction, a snapshot or a reader needs is
// allocated while there is one.
type Log struct {
	mu     sync.Mutex // guards what follows next; short, and never held while waiting
	store  *Store
	handle shape.Handle
	next   *Log // chain of logIndex, under its lock

	latest  shape.Offset  // last item of the last complete transaction; valid with stateLoaded
	tail    *tail         // nil unless somebody lately waited
	changed chan struct{} // nil unless somebody waits
	work    *work         // nil when nothing is unfinished

	open      uint32 // JSON bytes in the open chunk at latest; valid with stateLoaded
	lastChunk uint32 // of the complete snapshot
	stage     uint32 // owned by Apply: 1 + position in writer.staged
	state     logState
	quiet     uint8 // commits since somebody waited
}

type logState uint8

const (
	stateLoaded     logState = 1 << iota // latest and open are known
	stateStarted                         // the snapshot has its first row, or is known to have none
	stateComplete                        // the snapshot is complete
	stateRemoved                         // the shape is gone
	stateClosed                          // the store is closed
	stateFollowed                        // somebody waits, or did so lately
	stateUnfiltered                      // the store knows that no later transaction can be part of the snapshot
)

// work is what is unfinished in a log, or only just finished.
type work struct {
	pending *pending
	snap    *snapshot
	recent  *recent
}

// Head is what readers may see of a log.
type Head struct {
	// Latest is the offset of the last item of the last complete transaction, shape.SnapshotEnd when nothing is logged.
	Latest           shape.Offset
	SnapshotStarted  bool
	SnapshotComplete bool
	// LastSnapshotChunk is the number of the last chunk of a complete snapshot.
	LastSnapshotChunk int
}

// Handle names the shape.
func (l *Log) Handle() shape.Handle { return l.handle }

// Removed reports whether the shape has been removed.
func (l *Log) Removed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state&stateRemoved != 0
}

// Unfiltered reports whether it is known without a look at the disk that no later transaction can be part of the snapshot.
func (l *Log) Unfiltered() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state&stateUnfiltered != 0
}

// Head returns what readers may see now.
func (l *Log) Head() (Head, error) {
	if err := l.store.enter(); err != nil {
		return Head{}, err
	}
	defer l.store.leave()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.load(); err != nil {
		return Head{}, err
	}
	return Head{
		Latest:            l.latest,
		SnapshotStarted:   l.state&stateStarted != 0,
		SnapshotComplete:  l.state&stateComplete != 0,
		LastSnapshotChunk: int(l.lastChunk),
	}, nil
}

// Changed returns a channel that the next visible commit, a removal or Close closes. To miss nothing, take it before Head.
func (l *Log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended() != nil {
		return l.store.ended
	}
	l.state |= stateFollowed
	l.quiet = 0
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

// ended says why there is nothing to be had from l. The caller holds mu.
func (l *Log) ended() error {
	switch {
	case l.state&stateRemoved != 0:
		return ErrRemoved
	case l.state&stateClosed != 0:
		return ErrClosed
	}
	return nil
}

// load makes latest and open valid. The caller holds mu and has entered the store.
func (l *Log) load() error {
	if err := l.ended(); err != nil {
		return err
	}
	if l.state&stateLoaded != 0 {
		return nil
	}
	latest, open, err := l.store.readEnd(l.handle)
	if err != nil {
		return fmt.Errorf("read the end of log %s: %w", l.handle, err)
	}
	l.latest, l.open = latest, open
	l.state |= stateLoaded
	return nil
}

// readEnd finds the last block of a log.
func (s *Store) readEnd(h shape.Handle) (latest shape.Offset, open uint32, err error) {
	var lo, hi keyBuf
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: shapeKey(&lo, h, kindLog), UpperBound: shapeKey(&hi, h, kindLog+1)})
	if err != nil {
		return latest, 0, classify(err)
	}
	defer closeIter(it, &err)
	if !it.Last() {
		return shape.SnapshotEnd, 0, classify(it.Error())
	}
	b, err := blockAt(it)
	if err != nil {
		return latest, 0, err
	}
	return b.last, b.open, nil
}

// blockAt parses the log block that it points at. The block is valid until it moves.
func blockAt(it *pebble.Iterator) (block, error) {
	last, err := logKeyOffset(it.Key())
	if err != nil {
		return block{}, err
	}
	v, err := it.ValueAndErr()
	if err != nil {
		return block{}, classify(err)
	}
	b, err := parseBlock(last, v)
	if err != nil {
		return block{}, fmt.Errorf("block %s of log %s: %w", last, shape.HandleFromKey(it.Key()[1:]), err)
	}
	return b, nil
}

// logKeyOffset reads the offset of a log block's or a chunk end's key.
func logKeyOffset(key []byte) (shape.Offset, error) {
	if len(key) != logKeySize {
		return shape.Offset{}, corrupt("key %x", key)
	}
	return shape.OffsetFromKey(key[shapeKeyMin:]), nil
}

// closeIter closes it and keeps the first error.
func closeIter(it *pebble.Iterator, err *error) {
	if cerr := it.Close(); cerr != nil && *err == nil {
		*err = classify(cerr)
	}
}

// end marks l removed or closed and wakes everybody. The caller holds writer.mu, or the store is being closed.
func (l *Log) end(why logState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state |= why
	if l.tail != nil {
		l.store.writer.tails.drop(l)
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	if l.work != nil && l.work.snap != nil {
		l.work.snap.wake()
	}
	l.work = nil
}

// ensureWork returns the place for unfinished things. The caller holds mu.
func (l *Log) ensureWork() *work {
	if l.work == nil {
		l.work = &work{}
	}
	return l.work
}

// tidy drops work when nothing is unfinished. The caller holds mu.
func (l *Log) tidy() {
	if l.work != nil && *l.work == (work{}) {
		l.work = nil
	}
}
