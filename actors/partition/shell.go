package partition

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/internal/shape"
)

// Props makes partitions.
func Props(c Config, opts ...actor.PropsOption) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return &shell{Config: c} }, opts...)
}

// Wedged is the failure of a partition in which a consumer does not return. Its shape has been given up.
type Wedged struct{ ID shape.ID }

func (e *Wedged) Error() string {
	return fmt.Sprintf("the consumer of shape %d does not return from a message", e.ID)
}

// shell is the actor that others know as the partition. It passes on what it gets to the actor that runs the consumers, and
// watches that one. A goroutine cannot be ended from outside: should a consumer not return, the shell gives its shape up and
// fails, so that everything that was under way is done again by a new partition; the goroutine is left behind, and what it
// completes one day nobody waits for any more.
type shell struct {
	Config
	pulse *pulse
	inner *actor.PID
	queue actor.Mailbox // of inner
	timer *time.Timer
	beat  uint64    // of the last look that found a consumer running
	since time.Time // of the first look that found it in this very message
}

type (
	lookAtPulse struct{}
	innerFailed struct{ err error }
)

// leaveBehind is how long the inner actor may take to end.
const leaveBehind = 2 * time.Second

func (s *shell) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case *actor.Stopping, *actor.Restarting:
		s.stop(ctx)
	case actor.SystemMessage, actor.AutoReceiveMessage:
	case lookAtPulse:
		s.look(ctx)
	case innerFailed:
		panic(m.err)
	case *Look:
		m.queued.Store(int64(s.queue.UserMessageCount()))
		ctx.Send(s.inner, m)
	default:
		ctx.Send(s.inner, m)
	}
}

func (s *shell) start(ctx actor.Context) {
	s.pulse, s.queue = &pulse{}, actor.Unbounded()()
	self, system, config, pulse := ctx.Self(), ctx.ActorSystem(), s.Config, s.pulse
	s.inner = system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		return &guarded{partition: partition{Config: config, pulse: pulse}, failed: func(err error) { system.Root.Send(self, innerFailed{err}) }}
	}, actor.WithSupervisor(stopChildren{}), actor.WithMailbox(func() actor.Mailbox { return s.queue })))
	if s.StallGrace > 0 {
		s.lookLater(ctx)
	}
}

func (s *shell) stop(ctx actor.Context) {
	if s.timer != nil {
		s.timer.Stop()
	}
	wait, cancel := context.WithTimeout(context.Background(), leaveBehind)
	defer cancel()
	ended := make(chan struct{})
	system := ctx.ActorSystem()
	go func() { // ends with the inner actor, or with StopFuture's own limit
		defer close(ended)
		_ = system.Root.StopFuture(s.inner).Wait()
	}()
	select {
	case <-ended:
	case <-wait.Done():
		id, _, _ := s.pulse.inside()
		s.Host.Logger.Error("a consumer does not return; its partition's goroutine is left behind", "id", id)
	}
}

func (s *shell) lookLater(ctx actor.Context) {
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.timer = time.AfterFunc(s.StallPeriod, func() { root.Send(self, lookAtPulse{}) })
}

func (s *shell) look(ctx actor.Context) {
	id, beat, running := s.pulse.inside()
	now := time.Now()
	if !running || beat != s.beat {
		s.beat, s.since = beat, now
	} else if now.Sub(s.since) >= s.StallGrace {
		s.Host.Metrics.Stalled.Add(1)
		s.Host.Invalidate(id, work.ErrStalled)
		panic(&Wedged{ID: id})
	}
	s.lookLater(ctx)
}

// guarded is the actor that runs the consumers. A panic of its own is the shell's failure.
type guarded struct {
	partition
	failed func(error)
}

func (g *guarded) Receive(ctx actor.Context) {
	defer func() {
		if v := recover(); v != nil {
			g.failed(errors.Join(fmt.Errorf("partition: %v", v), errors.New(string(debug.Stack()))))
		}
	}()
	g.partition.Receive(ctx)
}
