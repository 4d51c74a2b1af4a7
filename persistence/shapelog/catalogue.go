package shapelog

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"leyden/internal/pg"
	"leyden/internal/shape"
	storev1 "leyden/proto/leyden/store/v1"
)

// loadPage is how many records Load reads before it hands them over. It bounds what a slow receiver keeps from being freed.
const loadPage = 1024

// Create puts a shape into the catalogue, without a snapshot. It is not durable before the next Sync or the end of the
// snapshot: a shape that a crash forgets has been seen by nobody who needs it. Handles are never reused.
func (s *Store) Create(h shape.Handle, d *shape.Definition) (*Log, error) {
	rec, err := encodeDefinition(d)
	if err != nil {
		return nil, fmt.Errorf("encode shape %s: %w", h, err)
	}
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	s.gate.RLock()
	defer s.gate.RUnlock()
	l := &Log{store: s, handle: h, latest: shape.SnapshotEnd, state: stateLoaded, work: &work{snap: &snapshot{}}}
	if s.logs.add(l) != l {
		return nil, fmt.Errorf("create shape %s: handle is in use", h)
	}
	var key keyBuf
	if err := s.written(s.db.Set(catalogueKey(&key, h, partShape), rec, pebble.NoSync)); err != nil {
		return nil, s.fail(fmt.Errorf("create shape %s: %w", h, err))
	}
	return l, nil
}

// Log returns the log of a record that Load yielded. Nothing is read before the log is used.
func (s *Store) Log(rec Record) *Log {
	l := &Log{store: s, handle: rec.Handle}
	if rec.Snapshot.Complete {
		s.raiseHorizon(rec.Snapshot.Xmax)
		l.state = stateStarted | stateComplete
		l.lastChunk = uint32(rec.Snapshot.LastChunk)
		if !rec.Snapshot.Filtering {
			l.state |= stateUnfiltered
		}
	}
	return s.logs.add(l)
}

// Load yields the catalogue in the order of handles: complete shapes, and those whose snapshot did not become complete
// before a crash. The function may call the store. A record that cannot be decoded is reported, and its shape removed: a
// shape can be made again, and one bad record must not keep the others from being served.
func (s *Store) Load(yield func(Record) error) error {
	var (
		defs = newDefinitions()
		from = []byte{spaceCatalogue}
		page = make([]Record, 0, loadPage)
		bad  []badRecord
		more = true
		err  error
	)
	for more {
		page, from, bad, more, err = s.loadPage(defs, from, page[:0], bad[:0])
		if err != nil {
			return fmt.Errorf("load catalogue: %w", err)
		}
		for _, r := range bad {
			s.opts.Logger.Error("catalogue record cannot be read; its shape is removed", "handle", r.handle.String(), "error", r.err)
			if err := s.Remove(r.handle); err != nil {
				return fmt.Errorf("load catalogue: %w", err)
			}
		}
		for _, rec := range page {
			if err := yield(rec); err != nil {
				return err
			}
		}
	}
	return nil
}

type badRecord struct {
	handle shape.Handle
	err    error
}

// loadPage reads records from the key from on, and returns where the next page begins.
func (s *Store) loadPage(defs *definitions, from []byte, page []Record, bad []badRecord) (_ []Record, next []byte, _ []badRecord, more bool, err error) {
	if err := s.enter(); err != nil {
		return nil, nil, nil, false, err
	}
	defer s.leave()
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: []byte{spaceCatalogue + 1}})
	if err != nil {
		return nil, nil, nil, false, classify(err)
	}
	defer closeIter(it, &err)
	ok := it.First()
	for ok && len(page)+len(bad) < loadPage {
		if len(it.Key()) != handleEnd+1 {
			return nil, nil, nil, false, corrupt("catalogue key %x", it.Key())
		}
		rec := Record{Handle: shape.HandleFromKey(it.Key()[1:])}
		var recErr error
		for ; ok && len(it.Key()) == handleEnd+1 && shape.HandleFromKey(it.Key()[1:]) == rec.Handle; ok = it.Next() {
			v, err := it.ValueAndErr()
			if err != nil {
				return nil, nil, nil, false, classify(err)
			}
			if err := rec.read(it.Key()[handleEnd], v, defs); err != nil && recErr == nil {
				recErr = err
			}
		}
		if recErr == nil && rec.Def == nil {
			recErr = errors.New("no definition")
		}
		if recErr != nil {
			bad = append(bad, badRecord{rec.Handle, fmt.Errorf("%w: shape %s: %w", ErrCorrupt, rec.Handle, recErr)})
			continue
		}
		page = append(page, rec)
	}
	if ok {
		next = append([]byte(nil), it.Key()...)
	}
	return page, next, bad, ok, classify(it.Error())
}

// read takes in one part of a catalogue entry. Parts come in ascending order.
func (r *Record) read(part byte, v []byte, defs *definitions) (err error) {
	switch part {
	case partShape:
		r.Def, err = defs.decode(v)
		return err
	case partSnapshot:
		return r.Snapshot.decode(v)
	case partUnfiltered:
		r.Snapshot.Filtering = false
		return nil
	}
	return fmt.Errorf("part %d", part)
}

func (i *SnapshotInfo) decode(v []byte) error {
	var m storev1.SnapshotRecord
	if err := proto.Unmarshal(v, &m); err != nil {
		return fmt.Errorf("snapshot record: %w", err)
	}
	*i = SnapshotInfo{
		Known: true, Snapshot: pg.Snapshot{Xmin: m.Xmin, Xmax: m.Xmax, Xip: m.Xip},
		Filtering: true, Complete: true, LastChunk: int(m.LastChunk),
	}
	return nil
}

// Snapshot returns what the store knows of the snapshot of l: what Load would, and before the snapshot is complete what
// its writer has told.
func (l *Log) Snapshot() (info SnapshotInfo, err error) {
	s := l.store
	info = l.making() // before the disk is looked at: it is dropped when the record is there
	if err := s.enter(); err != nil {
		return info, err
	}
	defer s.leave()
	var lo, hi keyBuf
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound: catalogueKey(&lo, l.handle, partSnapshot),
		UpperBound: catalogueKey(&hi, l.handle, 0xff),
	})
	if err != nil {
		return info, classify(err)
	}
	defer closeIter(it, &err)
	if l.Removed() {
		return info, ErrRemoved
	}
	rec := Record{Snapshot: info}
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return info, classify(err)
		}
		if err := rec.read(it.Key()[handleEnd], v, nil); err != nil {
			return info, fmt.Errorf("%w: shape %s: %w", ErrCorrupt, l.handle, err)
		}
	}
	return rec.Snapshot, classify(it.Error())
}

// Horizon is where the latest snapshot ends that the store has been told of since it was opened: no transaction from there on
// is part of any snapshot of its logs.
func (l *Log) Horizon() uint64 { return l.store.horizon.Load() }

func (s *Store) raiseHorizon(xmax uint64) {
	for {
		h := s.horizon.Load()
		if xmax <= h || s.horizon.CompareAndSwap(h, xmax) {
			return
		}
	}
}

// making is what the writer of an incomplete snapshot has told of it.
func (l *Log) making() (info SnapshotInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.work != nil && l.work.snap != nil && l.work.snap.known {
		info = SnapshotInfo{Known: true, Snapshot: l.work.snap.info, Filtering: true}
	}
	return info
}
