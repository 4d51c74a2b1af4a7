package shapelog

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"leyden/internal/shape"
)

// Handles yields the handle of every shape of the catalogue, in order, complete or not. No record is decoded. The function
// must not call the store. Shapes that come or go meanwhile may be among them or not.
func (s *Store) Handles(yield func(shape.Handle)) (err error) {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceCatalogue}, UpperBound: []byte{spaceCatalogue + 1}})
	if err != nil {
		return fmt.Errorf("list the catalogue: %w", classify(err))
	}
	defer closeIter(it, &err)
	for ok := it.First(); ok; ok = it.Next() {
		if k := it.Key(); len(k) == handleEnd+1 && k[handleEnd] == partShape {
			yield(shape.HandleFromKey(k[1:]))
		}
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("list the catalogue: %w", classify(err))
	}
	return nil
}

// Has reports whether the catalogue has a shape.
func (s *Store) Has(h shape.Handle) (bool, error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.leave()
	var key keyBuf
	_, err := s.get(catalogueKey(&key, h, partShape))
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look up shape %s: %w", h, err)
	}
	return true, nil
}
