package shapelog

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/protobuf/proto"

	storev1 "leyden/proto/leyden/store/v1"
)

// Store is all shapes on disk. Its methods may be called by any goroutine.
type Store struct {
	fs     vfs.FS
	dir    string
	db     *pebble.DB
	engine *pebble.Options // of db
	opts   Options

	// life is held shared by every use of db and exclusively by Close. It comes before every other lock.
	life   sync.RWMutex
	closed bool

	// gate is held shared by everything that writes under a shape, from the look at whether the shape is removed until its
	// batch is applied, and exclusively to mark shapes removed. So nothing is written under a removed shape.
	gate sync.RWMutex

	logs         logIndex
	position     atomic.Uint64
	horizon      atomic.Uint64 // see Log.Horizon
	acknowledged acknowledged
	failure      atomic.Pointer[error]
	buffers      sync.Pool     // *[]byte, of readers
	ended        chan struct{} // closed; for those who would wait for something that has ended

	snapshots atomic.Int32 // that are being written

	writer  writer
	recents recents
}

// Open opens the store in dir and creates it when there is none. It removes what a crash left of unfinished transactions.
// A store of another format is a *FormatError, unless o.StartEmpty.
func Open(fs vfs.FS, dir string, o Options) (*Store, error) {
	o.setDefaults()
	s := &Store{fs: fs, dir: dir, opts: o, ended: make(chan struct{})}
	close(s.ended)
	s.buffers.New = func() any { b := make([]byte, 0, 4<<10); return &b }

	db, err := s.openEngine()
	if errors.Is(err, ErrFormat) && o.StartEmpty {
		aside, merr := moveAside(fs, dir)
		if merr != nil {
			return nil, fmt.Errorf("%w; %w", err, merr)
		}
		o.Logger.Warn("shape store has another format; it was moved aside and an empty one is used", "reason", err, "moved_to", aside)
		db, err = s.openEngine()
	}
	if err != nil {
		return nil, err
	}
	s.db = db
	if err := s.clearTables(); err != nil {
		return nil, joinClose(err, db)
	}
	if err := s.recover(); err != nil {
		return nil, joinClose(err, db)
	}
	return s, nil
}

// recover brings what was read at open to the end of the last complete transaction of every shape.
func (s *Store) recover() error {
	var rec storev1.PositionRecord
	v, err := s.get(keyPosition)
	switch {
	case err == nil:
		if err := proto.Unmarshal(v, &rec); err != nil {
			return corrupt("position record: %v", err)
		}
	case !errors.Is(err, ErrNotFound):
		return fmt.Errorf("read stream position: %w", err)
	}
	s.position.Store(rec.CommitLsn)
	if err := s.recoverAcknowledged(); err != nil {
		return err
	}
	if err := s.removeUnfinished(); err != nil {
		return fmt.Errorf("remove unfinished transactions: %w", err)
	}
	return nil
}

// Close flushes and closes the store. Whoever waits for a log is woken and finds ErrClosed.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.closed = true
	s.logs.each(func(l *Log) { l.end(stateClosed) })
	if err := s.written(s.db.LogData(nil, pebble.Sync)); err != nil {
		return joinClose(fmt.Errorf("sync shape store: %w", err), s.db)
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close shape store: %w", classify(err))
	}
	return nil
}

// Sync makes durable everything that was applied before the call. Concurrent calls share the work.
func (s *Store) Sync() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if err := s.failpoint("sync.before"); err != nil {
		return err
	}
	if err := s.written(s.db.LogData(nil, pebble.Sync)); err != nil {
		return s.fail(fmt.Errorf("sync shape store: %w", err))
	}
	return s.failpoint("sync.after")
}

// Position is the commit LSN of the last transaction whose appends are all applied, 0 for none.
func (s *Store) Position() uint64 { return s.position.Load() }

// DiskBytes is the disk space that the store takes, with what is not yet compacted.
func (s *Store) DiskBytes() uint64 {
	if s.enter() != nil {
		return 0
	}
	defer s.leave()
	return s.db.Metrics().DiskSpaceUsage()
}

// enter begins a use of db; leave ends it.
func (s *Store) enter() error {
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return ErrClosed
	}
	if err := s.failure.Load(); err != nil {
		s.life.RUnlock()
		return *err
	}
	return nil
}

func (s *Store) leave() { s.life.RUnlock() }

// fail makes err the answer to everything from now on, because memory and disk may differ, and says so once to the owner.
func (s *Store) fail(err error) error {
	if s.failure.CompareAndSwap(nil, &err) {
		s.opts.Fatal(err)
	}
	return err
}

// written is the outcome of a write that the engine calls err. When the engine cannot go on it says so to its logger and
// then reports success all the same; the failure has been noted by then.
func (s *Store) written(err error) error {
	if err != nil {
		return classify(err)
	}
	if failure := s.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// failpoint ends an operation where a test wants the process to die.
func (s *Store) failpoint(point string) error {
	if s.opts.failpoint == nil {
		return nil
	}
	err := s.opts.failpoint(point)
	if err != nil {
		err = fmt.Errorf("at %s: %w", point, err)
		s.failure.CompareAndSwap(nil, &err)
	}
	return err
}

// get copies the value of one key.
func (s *Store) get(key []byte) ([]byte, error) {
	v, closer, err := s.db.Get(key)
	if err != nil {
		return nil, classify(err)
	}
	out := append([]byte(nil), v...)
	return out, classify(closer.Close())
}

func joinClose(err error, db *pebble.DB) error {
	if cerr := db.Close(); cerr != nil {
		return fmt.Errorf("%w; close: %w", err, cerr)
	}
	return err
}
