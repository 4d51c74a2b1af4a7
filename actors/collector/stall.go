package collector

import (
	"slices"
	"time"

	"leyden/actors/work"
	"leyden/internal/shape"
)

// stalls finds shapes that keep the position and make no progress (spec engine §5.7).
//
// The store is synced as a whole, so a shape falls behind only by holding transactions back: while it waits for its snapshot,
// after it has failed, or while it is being removed. What ends each of these may be lost. A shape that still holds the same
// after the grace period is asked whether it has a reason, and given up if it does not say so until the next look. Giving up
// is repeated every grace period, for as long as the shape holds.
type stalls struct {
	grace    time.Duration
	suspects map[shape.ID]suspect
}

type suspect struct {
	lsn        uint64
	since      time.Time // of the last progress, or of the last excuse
	challenged bool
}

func newStalls(grace time.Duration) stalls { return stalls{grace: grace} }

// check takes in who holds what now. It returns the shapes to be asked and the shapes to be given up, in the order of ids.
func (s *stalls) check(now time.Time, holders []work.Holder) (ask, giveUp []shape.ID) {
	if len(holders) == 0 {
		s.suspects = nil
		return nil, nil
	}
	before := s.suspects
	s.suspects = make(map[shape.ID]suspect, len(holders))
	for _, h := range holders {
		at, known := before[h.ID]
		if !known || at.lsn != h.LSN {
			at = suspect{lsn: h.LSN, since: now}
		}
		if now.Sub(at.since) >= s.grace {
			if at.challenged {
				giveUp = append(giveUp, h.ID)
				at = suspect{lsn: h.LSN, since: now}
			} else {
				ask = append(ask, h.ID)
				at.challenged = true
			}
		}
		s.suspects[h.ID] = at
	}
	slices.Sort(ask)
	slices.Sort(giveUp)
	return ask, giveUp
}

// deferred takes in that a shape has a reason to hold.
func (s *stalls) deferred(id shape.ID, now time.Time) {
	if at, ok := s.suspects[id]; ok {
		s.suspects[id] = suspect{lsn: at.lsn, since: now}
	}
}
