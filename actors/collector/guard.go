package collector

import (
	"fmt"

	"leyden/internal/change"
	"leyden/internal/shape"
)

// guard drops what the stream sends again after a reconnect (spec engine §4.7, first guard).
type guard struct{ processed shape.Offset }

// newGuard returns a guard for a stream whose transactions up to position have been stored.
func newGuard(position uint64) guard {
	return guard{processed: shape.Offset{Tx: position, Op: shape.OpInf}}
}

// Straddle is a fragment of which one part was processed before and the rest was not: the boundaries of fragments have
// changed, and the transaction can no longer be followed.
type Straddle struct {
	Fragment  shape.Offset // of its last change
	Processed shape.Offset
}

func (e *Straddle) Error() string {
	return fmt.Sprintf("fragment that ends at %s begins before %s, which is processed: the size of batches has changed", e.Fragment, e.Processed)
}

// admit reports whether f is new. It is called for each fragment, in stream order.
func (g *guard) admit(f *change.Fragment) (bool, error) {
	if !g.processed.Less(f.Last) {
		return false, nil
	}
	if len(f.Changes) > 0 && !g.processed.Less(f.Offset(&f.Changes[0])) {
		return false, &Straddle{Fragment: f.Last, Processed: g.processed}
	}
	g.processed = f.Last
	return true, nil
}
