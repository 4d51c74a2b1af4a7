package shapelog

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"leyden/internal/shape"
)

// A transaction of several fragments is stored as the fragments arrive. While it is unfinished for a log, a marker under the
// log's handle says where the log really ends; the batch with the first part writes it, the batch with the commit deletes it.
// So what is unfinished can be found, and removed, without a look at the logs.

// pending is the unfinished transaction of a log.
type pending struct {
	written shape.Offset // last item stored
	open    uint32       // JSON bytes in the open chunk at written
}

// Rollback removes what is stored of unfinished transactions. It is for a stream that will be fed again from an earlier
// position; Open does the same for what a crash left.
func (s *Store) Rollback() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	w := &s.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := s.removeUnfinished(); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	for l := range w.open.All() {
		l.mu.Lock()
		if l.work != nil {
			l.work.pending = nil
			l.tidy()
		}
		l.mu.Unlock()
	}
	w.open.Clear()
	return nil
}

// removeUnfinished cuts every log with a marker back to where it really ends. It need not be durable: the markers go in the
// same batch as what they mark.
func (s *Store) removeUnfinished() (err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spacePending}, UpperBound: []byte{spacePending + 1}})
	if err != nil {
		return classify(err)
	}
	defer closeIter(it, &err)
	b := s.db.NewBatch()
	defer b.Close()
	var lo, hi keyBuf
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return classify(err)
		}
		if len(it.Key()) != handleEnd || len(v) != shape.OffsetKeySize {
			return corrupt("marker %x = %x", it.Key(), v)
		}
		h := shape.HandleFromKey(it.Key()[1:])
		from := shape.OffsetFromKey(v).Next()
		for _, kind := range []byte{kindChunkEnd, kindLog} {
			if err := b.DeleteRange(offsetKey(&lo, h, kind, from), shapeKey(&hi, h, kind+1), nil); err != nil {
				return classify(err)
			}
		}
		if err := b.Delete(it.Key(), nil); err != nil {
			return classify(err)
		}
	}
	if err := it.Error(); err != nil {
		return classify(err)
	}
	if b.Empty() {
		return nil
	}
	if err := s.written(b.Commit(pebble.NoSync)); err != nil {
		return s.fail(err)
	}
	return nil
}
