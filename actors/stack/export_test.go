package stack

import (
	"context"

	"leyden/actors/status"
)

// AwaitInactive waits until something that is needed is not there.
func (s *Stack) AwaitInactive(ctx context.Context) error {
	for {
		s.ready.mu.Lock()
		now, changed := s.ready.service(), s.ready.changed
		s.ready.mu.Unlock()
		if now != status.Active {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Deliveries is how many pairs of a fragment and a shape there were.
func (s *Stack) Deliveries() uint64 { return s.plane.Deliveries.Load() }
