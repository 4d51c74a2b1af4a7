package shapelog

import (
	"bytes"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"leyden/internal/shape"
)

// Remove removes shapes with all that is stored of them, durably. Their readers are woken at once and find ErrRemoved.
// Handles without a shape are no error.
func (s *Store) Remove(handles ...shape.Handle) error {
	if len(handles) == 0 {
		return nil
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.markRemoved(handles)

	b := s.db.NewBatch()
	defer b.Close()
	if err := s.stageRemoval(b, handles); err != nil {
		return s.fail(fmt.Errorf("remove %d shapes, first %s: %w", len(handles), handles[0], classify(err)))
	}
	if err := s.failpoint("remove.before"); err != nil {
		return err
	}
	if err := s.written(b.Commit(pebble.Sync)); err != nil {
		return s.fail(fmt.Errorf("remove %d shapes, first %s: %w", len(handles), handles[0], err))
	}
	return s.failpoint("remove.after")
}

// Up to so many keys and bytes a shape is removed key by key. Whoever reads has all range deletions of a memtable put in order
// first, and the engine keeps a note of each that it has flushed: a hundred thousand small shapes would be as many of both.
const (
	fewKeys  = 8
	fewBytes = 32 << 10
)

// stageRemoval adds the removal of shapes to a batch. Nothing is written under them any more.
func (s *Store) stageRemoval(b *pebble.Batch, handles []shape.Handle) (err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceShape}, UpperBound: []byte{spaceShape + 1}})
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	var key, hi keyBuf
	keys := make([]byte, 0, fewKeys*maxKeySize)
	ends := make([]int, 0, fewKeys)
	for i, h := range handles {
		for part := byte(partShape); part <= partUnfiltered; part++ {
			if err := b.Delete(catalogueKey(&key, h, part), nil); err != nil {
				return err
			}
		}
		if err := b.Delete(pendingKey(&key, h), nil); err != nil {
			return err
		}
		from, to := handleRange(&key, &hi, spaceShape, h)
		keys, ends = keys[:0], ends[:0]
		size, ok := 0, it.SeekGE(from)
		for ; ok && bytes.Compare(it.Key(), to) < 0 && len(ends) < fewKeys && size <= fewBytes; ok = it.Next() {
			keys = append(keys, it.Key()...)
			ends = append(ends, len(keys))
			value := it.LazyValue()
			size += value.Len()
		}
		if err := it.Error(); err != nil {
			return err
		}
		// One of them is removed as a range whatever it has: the engine flushes that within a while, even when nothing else is written.
		if i == 0 || ok && bytes.Compare(it.Key(), to) < 0 {
			if err := b.DeleteRange(from, to, nil); err != nil {
				return err
			}
			continue
		}
		start := 0
		for _, end := range ends {
			if err := b.Delete(keys[start:end], nil); err != nil {
				return err
			}
			start = end
		}
	}
	return nil
}

// markRemoved makes sure that nothing more is written under the handles, and tells the readers.
func (s *Store) markRemoved(handles []shape.Handle) {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	if cap(s.writer.staged) > fewStaged {
		s.writer.staged = nil
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	for _, h := range handles {
		if l := s.logs.remove(h); l != nil {
			l.end(stateRemoved)
			s.writer.open.Delete(l)
		}
	}
}

// RemoveAll removes all shapes and forgets the stream position and what was acknowledged, durably. The small state of Get and Put stays.
func (s *Store) RemoveAll() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.writer.mu.Lock() // so that no Apply puts the position back
	defer s.writer.mu.Unlock()
	s.acknowledged.writing.Lock()
	defer s.acknowledged.writing.Unlock()
	s.gate.Lock()
	defer s.gate.Unlock()
	for _, l := range s.logs.takeAll() {
		l.end(stateRemoved)
	}
	b := s.db.NewBatch()
	defer b.Close()
	for _, space := range []byte{spaceCatalogue, spacePending, spaceShape} {
		if err := b.DeleteRange([]byte{space}, []byte{space + 1}, nil); err != nil {
			return s.fail(fmt.Errorf("remove all shapes: %w", classify(err)))
		}
	}
	for _, key := range [][]byte{keyPosition, keyAcknowledged} {
		if err := b.Delete(key, nil); err != nil {
			return s.fail(fmt.Errorf("remove all shapes: %w", classify(err)))
		}
	}
	if err := s.failpoint("remove.before"); err != nil {
		return err
	}
	if err := s.written(b.Commit(pebble.Sync)); err != nil {
		return s.fail(fmt.Errorf("remove all shapes: %w", err))
	}
	s.position.Store(0)
	s.acknowledged.lsn.Store(0)
	s.writer.open.Clear()
	return s.failpoint("remove.after")
}
