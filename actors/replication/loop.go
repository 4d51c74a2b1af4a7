package replication

import (
	"context"
	"time"

	"leyden/internal/pg/connect"
)

const (
	firstWait   = time.Second
	longestWait = 10 * time.Second
	// settled is how long a connection must have streamed for the next failure to be a first one.
	settled = 5 * time.Second
)

// backoff is how long to wait after each failure in a row.
type backoff struct{ next time.Duration }

func (b *backoff) failed(streamed time.Duration) time.Duration {
	if b.next == 0 || streamed >= settled {
		b.next = firstWait
	}
	wait := b.next
	b.next = min(2*b.next, longestWait)
	return wait
}

// Loop runs the client again after each loss, with growing waits, until the context ends or an error comes that another
// attempt would meet again. That error is returned, and nil when the context ended.
func (c *Client) Loop(ctx context.Context) error { return loop(ctx, c.attempt, c.config.notify) }

func loop(ctx context.Context, attempt func(context.Context) (time.Duration, error), notify func(State)) error {
	var b backoff
	for {
		streamed, err := attempt(ctx)
		if ctx.Err() != nil {
			notify(State{Phase: Stopped})
			return nil
		}
		if connect.Classify(err).Class != connect.Retry {
			notify(State{Phase: Failed, Err: err})
			return err
		}
		wait := b.failed(streamed)
		notify(State{Phase: BackingOff, Err: err, Wait: wait})
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			notify(State{Phase: Stopped})
			return nil
		}
	}
}
