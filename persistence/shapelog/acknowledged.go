package shapelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// acknowledged is how far the stream has ever been acknowledged to its server. It is beyond the position where transactions
// concern no shape.
type acknowledged struct {
	writing sync.Mutex
	lsn     atomic.Uint64
}

// Acknowledged is the highest position that was given to Acknowledge since the store was made or RemoveAll, 0 for none.
func (s *Store) Acknowledged() uint64 { return s.acknowledged.lsn.Load() }

// Acknowledge remembers that the stream is about to be acknowledged up to lsn. It is durable, with all that was applied before,
// when Acknowledge returns. A lower position than before changes nothing.
func (s *Store) Acknowledge(lsn uint64) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.acknowledged.writing.Lock()
	defer s.acknowledged.writing.Unlock()
	if lsn <= s.acknowledged.lsn.Load() {
		return nil
	}
	if err := s.written(s.db.Set(keyAcknowledged, binary.BigEndian.AppendUint64(nil, lsn), pebble.Sync)); err != nil {
		return s.fail(fmt.Errorf("write the acknowledged position: %w", err))
	}
	s.acknowledged.lsn.Store(lsn)
	return nil
}

func (s *Store) recoverAcknowledged() error {
	v, err := s.get(keyAcknowledged)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read the acknowledged position: %w", err)
	case len(v) != 8:
		return corrupt("acknowledged position of %d bytes", len(v))
	}
	s.acknowledged.lsn.Store(binary.BigEndian.Uint64(v))
	return nil
}
