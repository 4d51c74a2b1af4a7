package consumer

import (
	"log/slog"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
)

// Host is what all consumers of a partition share.
type Host struct {
	Projections *change.Projections
	Invalidate  work.Invalidate
	// Waiting reports whether somebody is at work on the snapshot of a shape: a shape without one may then hold transactions
	// back for as long as it takes. nil: always.
	Waiting func(shape.ID) bool
	Metrics *work.Metrics
	Logger  *slog.Logger
	// HeldLimit is how many bytes of JSON all consumers together may hold while their snapshots begin; DefaultHeldLimit if 0.
	// The shape that goes beyond it is given up: its clients begin anew.
	HeldLimit int64
	Outer     OuterHost
}

// DefaultHeldLimit is 128 MiB.
const DefaultHeldLimit = 128 << 20

func (h *Host) heldLimit() int64 {
	if h.HeldLimit > 0 {
		return h.HeldLimit
	}
	return DefaultHeldLimit
}
