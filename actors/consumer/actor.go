package consumer

import (
	"errors"
	"runtime/debug"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/internal/pg"
	"leyden/persistence/shapelog"
)

// Sleep asks a consumer to agree to its end. The asker decides by Agreed whether it has: a consumer that has not looked yet
// when the asker does, will not agree.
type Sleep struct {
	// Rest asks less: to give up what can be found again, and not to end.
	Rest  bool
	state atomic.Int32
}

const (
	sleepAsked int32 = iota
	sleepAgreed
	sleepSettled // refused, or withdrawn
)

// Agreed reports whether the consumer holds nothing and does nothing any more. It withdraws the question otherwise.
func (s *Sleep) Agreed() bool {
	return !s.state.CompareAndSwap(sleepAsked, sleepSettled) && s.state.Load() == sleepAgreed
}

// Look asks a consumer how it is, for operators.
type Look struct{ seen atomic.Pointer[Seen] }

// Seen is how a consumer is.
type Seen struct {
	Held  int   // bytes of JSON that wait for the shape's snapshot
	Ended error // why the shape's log cannot be continued, nil while it can
}

// Seen is the answer, the zero value while there is none.
func (l *Look) Seen() Seen {
	if s := l.seen.Load(); s != nil {
		return *s
	}
	return Seen{}
}

func (c *Consumer) look(l *Look) {
	s := &Seen{Ended: c.ended}
	s.Held = c.heldBytes()
	l.seen.Store(s)
}

// Consumer is the actor of one shape. It never panics on a message: a consumer that fails holds everything back until its
// shape is removed.
type Consumer struct {
	host  *Host
	shape work.Shape
	core  *Core  // nil if the shape's state could not be read, and for a shape with subqueries
	outer *outer // nil for a shape without
	ended error  // why the shape's log cannot be continued, nil while it can
	// followers are the materializers of the shape.
	followers []*actor.PID
}

// NewActor returns the consumer of a shape.
func NewActor(h *Host, s work.Shape) actor.Actor { return &Consumer{host: h, shape: s} }

func (c *Consumer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.host.Metrics.Spawned.Add(1)
		c.host.Metrics.Awake.Add(1)
		c.guarded(c.load)
	case *actor.Stopped:
		c.host.Metrics.Awake.Add(-1)
		c.guarded(c.forgetHeld)
		c.core, c.outer, c.followers, c.shape = nil, nil, nil, work.Shape{} // the actor system may remember its name for a while
	case *work.Delivery:
		c.deliver(ctx, m)
	case *work.SnapshotKnown:
		c.guarded(func() { c.snapshotKnown(ctx, m.Snapshot) })
	case *work.FilteringOver:
		c.guarded(func() { c.filteringOver(m.Run) })
	case *work.Verify:
		c.guarded(func() {
			if c.waiting() {
				m.Deferred()
			}
		})
	case *Sleep:
		c.guarded(func() { c.sleep(m) })
	case *Look:
		c.look(m)
	case *Place:
		c.place(m)
	case *Follow:
		c.follow(m)
	default:
		if c.outer != nil {
			c.guarded(func() { c.outer.receive(ctx, m) })
		}
	}
}

// waiting reports whether the shape holds transactions back for a reason.
func (c *Consumer) waiting() bool {
	switch {
	case c.outer != nil:
		return c.outer.waiting()
	case c.core == nil:
		return false
	}
	return c.core.Waiting() && (c.host.Waiting == nil || c.host.Waiting(c.shape.ID))
}

func (c *Consumer) heldBytes() int {
	switch {
	case c.outer != nil:
		return c.outer.core.heldBytes
	case c.core != nil:
		return c.core.heldBytes
	}
	return 0
}

// load reads the shape's state from the store.
func (c *Consumer) load() {
	if c.shape.Def.Where.HasSubqueries() {
		c.outer = newOuter(c)
		return
	}
	st, err := ReadState(c.shape.Log)
	if err != nil {
		c.unreadable(err)
		return
	}
	c.core = New(c.shape, st, c.host.Projections, work.SettleMargin)
}

// unreadable goes on without state.
func (c *Consumer) unreadable(err error) {
	c.core = nil
	if errors.Is(err, shapelog.ErrCorrupt) {
		c.invalidate(err)
		return
	}
	// Removed, or the store has ended: the writer says so.
	c.host.Logger.Debug("consumer without state", "handle", c.shape.Log.Handle().String(), "error", err)
}

// ready reports whether there is a state to take a delivery in with.
func (c *Consumer) ready(d *work.Delivery) bool {
	if c.core == nil {
		return false
	}
	if err := Recall(c.core, c.shape.Log, d); err != nil {
		c.unreadable(err)
		return false
	}
	return true
}

// deliver completes the delivery, whatever happens.
func (c *Consumer) deliver(ctx actor.Context, d *work.Delivery) {
	result := work.Result{Held: true}
	c.guarded(func() {
		if c.outer != nil {
			result = c.outer.deliver(ctx, d)
			return
		}
		if !c.ready(d) {
			return
		}
		e := c.host.Projections.Encoder()
		before := c.core.heldBytes
		r, err := c.core.Deliver(d, e)
		c.host.Projections.Return(e)
		if more := int64(c.core.heldBytes - before); more > 0 && c.host.Metrics.HeldBytes.Load()+more > c.host.heldLimit() {
			err = c.core.GiveUp(work.ErrHeldTooMuch)
		}
		c.host.Metrics.HeldBytes.Add(int64(c.core.heldBytes - before))
		result = r
		if err != nil {
			c.invalidate(err)
			return
		}
		if len(c.followers) > 0 {
			c.feedChanges(ctx, d)
		}
	})
	d.Complete(result)
}

func (c *Consumer) snapshotKnown(ctx actor.Context, s pg.Snapshot) {
	if c.outer != nil {
		c.outer.snapshotKnown(ctx, s)
		return
	}
	if c.core == nil {
		return
	}
	before := c.core.heldBytes
	late, err := c.core.SnapshotKnown(s)
	c.host.Metrics.HeldBytes.Add(int64(c.core.heldBytes - before))
	switch {
	case err != nil:
		c.invalidate(err)
	case late != nil:
		late.Run.Late(late)
	}
}

func (c *Consumer) filteringOver(run *work.Run) {
	if c.core != nil && c.core.FilteringOver() || c.outer != nil && c.outer.core.FilteringOver() {
		run.Late(&work.Late{Run: run, ID: c.shape.ID, Log: c.shape.Log, Parts: []work.Part{{FilteringDone: true}}})
	}
}

// sleep answers m. A shape that should have been removed by now is reported again: its removal may have been lost, and it
// keeps the stream's position.
func (c *Consumer) sleep(m *Sleep) {
	if c.ended != nil {
		c.host.Invalidate(c.shape.ID, c.ended)
	}
	if m.Rest {
		switch {
		case c.core != nil:
			c.core.Rest()
		case c.outer != nil:
			c.outer.core.Rest()
		}
		m.state.Store(sleepSettled)
		return
	}
	idle := c.core != nil && c.core.Idle()
	if !idle && c.core != nil && c.core.NeedsStored() {
		if info, err := c.shape.Log.Snapshot(); err == nil && info.Known {
			c.core.Stored()
			idle = true
		}
	}
	answer := sleepSettled
	if idle && len(c.followers) == 0 && c.applied() {
		answer = sleepAgreed
	}
	m.state.CompareAndSwap(sleepAsked, answer)
}

// applied reports whether the log has all that was handed in for it. A consumer that went before it has would be followed by one that
// takes the end of the log for its own place: who is told of the shape from there on misses what is on its way.
func (c *Consumer) applied() bool {
	head, err := c.shape.Log.Head()
	return err == nil && !head.Latest.Less(c.core.latest)
}

func (c *Consumer) forgetHeld() { c.host.Metrics.HeldBytes.Add(-int64(c.heldBytes())) }

func (c *Consumer) invalidate(reason error) {
	c.host.Metrics.Invalidated.Add(1)
	c.ended = reason
	c.host.Invalidate(c.shape.ID, reason)
}

// guarded runs f. A panic in it ends this shape, and nothing else.
func (c *Consumer) guarded(f func()) {
	defer func() {
		if v := recover(); v != nil {
			err := &work.Crashed{Value: v, Stack: debug.Stack()}
			c.host.Logger.Error("consumer crashed; its shape is removed", "handle", c.shape.Log.Handle().String(), "panic", v, "stack", string(err.Stack))
			c.forgetHeld()
			c.core, c.outer = nil, nil
			c.invalidate(err)
		}
	}()
	f()
}
