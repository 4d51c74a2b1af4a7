package work

import (
	"errors"
	"fmt"

	"leyden/internal/shape"
)

// Why a shape's log can no longer be continued.
var (
	ErrTruncated       = errors.New("its table was truncated")
	ErrRelationChanged = errors.New("the definition of its table changed")
	ErrStalled         = errors.New("it holds transactions back and makes no progress")
	ErrLost            = errors.New("its record is gone from the catalogue")
	// ErrMissingDependencies refuses a shape that depends on one which is not routed to.
	ErrMissingDependencies = errors.New("a shape that it depends on is gone")
	// ErrHeldTooMuch ends a shape whose snapshot cannot begin while its table is written to without a pause.
	ErrHeldTooMuch = errors.New("too much was written to its table before its snapshot could begin")
)

// Crashed is the reason of a shape whose consumer panicked.
type Crashed struct {
	Value any
	Stack []byte
}

func (e *Crashed) Error() string { return fmt.Sprintf("its consumer crashed: %v", e.Value) }

// Invalidate asks for the removal of a shape whose log cannot be continued. It is called from any goroutine, possibly more
// than once for a shape, and does not block. Until RemoveShape comes for the shape its transactions are not acknowledged.
type Invalidate func(id shape.ID, reason error)
