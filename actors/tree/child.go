package tree

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// link ties an instance to the supervisor that started it.
type link struct {
	tree   *Tree
	path   string
	parent *actor.PID // nil for the root
	child  int
	gen    uint64
	// asked is the reason for which the supervisor wants the instance to stop, once it does.
	asked *atomic.Pointer[Reason]
}

type (
	childStarted struct {
		child int
		gen   uint64
	}
	childExited struct {
		child  int
		gen    uint64
		reason Reason
		// remains: something below it did not stop, so its actor lives on and its name is taken.
		remains bool
	}
)

func (l *link) started(system *actor.ActorSystem) {
	l.tree.note(l.path, func(n *node) { n.State = "up"; n.Since = l.tree.clock.Now() })
	if l.parent == nil {
		l.tree.opened.Do(func() { close(l.tree.up) })
		return
	}
	system.Root.Send(l.parent, &childStarted{child: l.child, gen: l.gen})
}

func (l *link) exited(system *actor.ActorSystem, self *actor.PID, r Reason, remains bool) {
	if asked := l.asked.Load(); asked != nil && (r.Kind == Killed || r.Kind == Normal) {
		r = *asked
	}
	l.tree.ended(l.path, r)
	system.EventStream.Publish(&Exited{Path: l.path, PID: self, Reason: r})
	if l.parent == nil {
		l.tree.reason = r
		close(l.tree.done)
		return
	}
	system.Root.Send(l.parent, &childExited{child: l.child, gen: l.gen, reason: r, remains: remains})
}

// instance watches over one life of an actor, as the outermost layer of its Receive: it tells the supervisor when the actor
// is up and why it ended, and turns a panic into an end.
type instance struct {
	link
	next   actor.ReceiverFunc
	reason Reason
}

func (i *instance) layer(next actor.ReceiverFunc) actor.ReceiverFunc {
	i.next = next
	return i.receive
}

func (i *instance) receive(ctx actor.ReceiverContext, m *actor.MessageEnvelope) {
	if asked, ok := m.Message.(*stopAs); ok {
		if i.reason == (Reason{}) {
			i.reason = asked.reason
		}
		ctx.ActorSystem().Root.Stop(ctx.Self())
		return
	}
	survived := i.handle(ctx, m)
	switch m.Message.(type) {
	case *actor.Started:
		if survived {
			i.link.started(ctx.ActorSystem())
		}
	case *actor.Stopped:
		i.link.exited(ctx.ActorSystem(), ctx.Self(), i.reason, false)
	}
}

// handle lets the actor see the message and reports whether it survived it.
func (i *instance) handle(ctx actor.ReceiverContext, m *actor.MessageEnvelope) (survived bool) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if i.reason == (Reason{}) { // what fails while it ends is not why it ends
			if exit, ok := v.(*Exit); ok {
				i.reason = exit.Reason
			} else {
				i.reason = Crashed(&panicError{value: v, stack: debug.Stack()})
			}
		}
		ctx.ActorSystem().Root.Stop(ctx.Self())
	}()
	i.next(ctx, m)
	return true
}

// Stop ends the calling actor, a child of a tree that is handling a message, with a reason. It does not return. Messages
// that are queued are dropped.
func Stop(r Reason) { panic(&Exit{Reason: r}) }

// runner is the actor around a Run function.
type runner struct {
	link
	run    func(ctx context.Context, up func()) error
	cancel context.CancelFunc
	done   chan struct{}
	reason Reason  // written before done is closed
	told   *Reason // of an Exit
}

type (
	runUp   struct{}
	runOver struct{}
)

func (r *runner) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		r.begin(ctx)
	case *runUp:
		r.link.started(ctx.ActorSystem())
	case *stopAs:
		r.told = &m.reason
		r.cancel()
	case *runOver:
		ctx.Stop(ctx.Self())
	case *actor.Stopping:
		r.cancel()
		<-r.done
	case *actor.Stopped:
		switch {
		case r.told != nil:
			r.reason = *r.told
		case errors.Is(r.reason.Err, context.Canceled) && r.asked.Load() != nil:
			r.reason = Reason{}
		}
		r.link.exited(ctx.ActorSystem(), ctx.Self(), r.reason, false)
	}
}

func (r *runner) begin(ctx actor.Context) {
	c, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan struct{})
	system, self := ctx.ActorSystem(), ctx.Self()
	go func() {
		defer func() {
			close(r.done)
			system.Root.Send(self, &runOver{})
		}()
		defer func() {
			if v := recover(); v != nil {
				r.reason = Crashed(&panicError{value: v, stack: debug.Stack()})
			}
		}()
		r.reason = reasonOf(r.run(c, func() { system.Root.Send(self, &runUp{}) }))
	}()
}

func reasonOf(err error) Reason {
	var exit *Exit
	switch {
	case err == nil:
		return Reason{Kind: Normal}
	case errors.As(err, &exit):
		return exit.Reason
	}
	return Crashed(err)
}
