package shapes

import (
	"context"
	"time"
)

// syncDelay is how long a complete snapshot may wait for its sync, so that many that are made at once share one. Nobody waits
// for it: a crash before it costs the shape, not its truth, since what is acknowledged to Postgres is synced after it.
const syncDelay = 5 * time.Millisecond

// syncs makes complete snapshots durable.
type syncs struct {
	asked chan struct{} // capacity 1
	sync  func() error
	delay time.Duration
}

func newSyncs(sync func() error) *syncs {
	return &syncs{asked: make(chan struct{}, 1), sync: sync, delay: syncDelay}
}

// request asks for a sync of what is in the store now.
func (s *syncs) request() {
	select {
	case s.asked <- struct{}{}:
	default: // the sync to come begins after this
	}
}

// run syncs until ctx ends or the store fails. What is asked for by then is synced.
func (s *syncs) run(ctx context.Context) error {
	for {
		select {
		case <-s.asked:
			timer := time.NewTimer(s.delay)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
			}
			if err := s.again(); err != nil {
				return err
			}
		case <-ctx.Done():
			select {
			case <-s.asked:
				return s.sync()
			default:
				return nil
			}
		}
	}
}

// again syncs. What is asked for meanwhile gets a sync of its own; what was asked for since the last one shares this.
func (s *syncs) again() error {
	select {
	case <-s.asked:
	default:
	}
	return s.sync()
}
