package shapelog

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"leyden/internal/shape"
)

var (
	// ErrNotFound reports a key, a snapshot chunk or a record that is not in the store.
	ErrNotFound = errors.New("not found")
	// ErrClosed reports the use of a store that has been closed.
	ErrClosed = errors.New("shape store is closed")
	// ErrRemoved reports the use of a log whose shape has been removed.
	ErrRemoved = errors.New("shape has been removed")
	// ErrAborted reports the use of a snapshot that its writer has given up.
	ErrAborted = errors.New("snapshot was given up")
	// ErrCorrupt reports stored bytes that cannot be what was written. The error around it names the place.
	ErrCorrupt = errors.New("corrupt store")
	// ErrFormat reports a store laid out by another version. The error is a *FormatError.
	ErrFormat = errors.New("store has another format")
)

// FormatError says which format a directory has and which one this program reads.
type FormatError struct {
	Dir         string
	Found, Want string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("shape store %s has format %s, this version reads %s", e.Dir, e.Found, e.Want)
}

// Is makes errors.Is(err, ErrFormat) true.
func (e *FormatError) Is(target error) bool { return target == ErrFormat }

// OrderError reports items that do not follow what their log already holds. Nothing of the Apply has been stored; without
// the appends of this shape it can be tried again.
type OrderError struct {
	Handle shape.Handle
	Item   shape.Offset
	After  shape.Offset
}

func (e *OrderError) Error() string {
	return fmt.Sprintf("append to shape %s: item %s cannot follow %s", e.Handle, e.Item, e.After)
}

// corrupt builds an ErrCorrupt that names the place.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// classify gives errors of the storage engine our sentinels.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pebble.ErrNotFound):
		return ErrNotFound
	case pebble.IsCorruptionError(err):
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case errors.Is(err, pebble.ErrClosed):
		return ErrClosed
	}
	return err
}
