package replication

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/internal/pg"
)

// StartStreaming lets the connection with this backend stream. The owner sends it when it has done what the Report of the
// Ready state asks for; for any other connection it means nothing.
type StartStreaming struct{ BackendPID uint32 }

// FlushBoundary tells that all transactions which commit at or below LSN are durable or concern no shape.
type FlushBoundary struct{ LSN pg.LSN }

// Actor owns a Client and the goroutine that runs it. It tells its states through Config.Notify, from that goroutine. After
// a Failed state it does nothing more: whether and when to start again is its owner's decision.
type Actor struct {
	client *Client
	starts chan uint32 // backend pids that may stream, the last one only
	cancel context.CancelFunc
	done   chan struct{}
}

// NewActor returns the actor of a client with this configuration. Each connection waits for its StartStreaming, and
// after that for Config.Gate if there is one.
func NewActor(c Config, sink Sink) *Actor {
	a := &Actor{starts: make(chan uint32, 1), done: make(chan struct{})}
	gate := c.Gate
	c.Gate = func(ctx context.Context, r *Report) error {
		if err := a.awaitStart(ctx, r.BackendPID); err != nil || gate == nil {
			return err
		}
		return gate(ctx, r)
	}
	a.client = NewClient(c, sink)
	return a
}

// Receive handles a message.
func (a *Actor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		var run context.Context
		run, a.cancel = context.WithCancel(context.Background())
		go func() {
			defer close(a.done)
			_ = a.client.Loop(run) // told as a state
		}()
	case *FlushBoundary:
		a.client.FlushBoundary(m.LSN)
	case *StartStreaming:
		select {
		case <-a.starts: // an answer for a connection that is lost already
		default:
		}
		a.starts <- m.BackendPID
	case *actor.Stopping, *actor.Restarting:
		if a.cancel != nil {
			a.cancel()
			<-a.done
		}
	}
}

func (a *Actor) awaitStart(ctx context.Context, backendPID uint32) error {
	for {
		select {
		case pid := <-a.starts:
			if pid == backendPID {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
