package shapelog

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Get reads small replication state. ErrNotFound when there is none.
func (s *Store) Get(key string) ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	v, err := s.get(kvKey(key))
	if err != nil {
		return nil, fmt.Errorf("read state %q: %w", key, err)
	}
	return v, nil
}

// Put stores small replication state. It is durable, with all that was applied before, when Put returns.
func (s *Store) Put(key string, v []byte) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if err := s.written(s.db.Set(kvKey(key), v, pebble.Sync)); err != nil {
		return s.fail(fmt.Errorf("write state %q: %w", key, err))
	}
	return nil
}

// Delete removes small replication state, durably. There need not be any.
func (s *Store) Delete(key string) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if err := s.written(s.db.Delete(kvKey(key), pebble.Sync)); err != nil {
		return s.fail(fmt.Errorf("delete state %q: %w", key, err))
	}
	return nil
}

func kvKey(key string) []byte { return append([]byte{spaceKV}, key...) }
