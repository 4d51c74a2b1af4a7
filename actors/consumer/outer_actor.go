package consumer

import (
	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
)

// OuterHost is what the consumers of shapes with subqueries need. Its functions are called from any goroutine and do not block.
type OuterHost struct {
	// Stack is the name that tags begin with.
	Stack string
	// MaxHeld is how many transactions a shape holds, at most, while rows are read that move in.
	MaxHeld int
	// MoveIn has a query made. It is answered by MoveInKnown and MoveInRows.
	MoveIn func(*work.MoveIn)
	// Behind is told while the log does not have all that the stream has passed.
	Behind *work.Behind
	// Tell sends a message to the collector.
	Tell func(message any)
	// Post sends a message to the partition of a shape, behind what was sent there before.
	Post func(id shape.ID, message any)
}

// outer is the actor's part of a shape with subqueries.
type outer struct {
	*Consumer
	core  *Outer
	begin *work.Begin // not answered yet
	// moves have been taken in, and behind was told that the log lags, since it was told last that it does not.
	moves  int
	behind bool
}

func newOuter(c *Consumer) *outer {
	return &outer{Consumer: c, core: NewOuter(OuterConfig{
		Shape: c.shape, Stack: c.host.Outer.Stack, Projections: c.host.Projections, MaxHeld: c.host.Outer.MaxHeld,
	})}
}

func (o *outer) waiting() bool {
	switch {
	case o.core.dead != nil:
		return false
	case !o.core.known:
		return o.host.Waiting == nil || o.host.Waiting(o.shape.ID)
	}
	return o.core.Waiting()
}

func (o *outer) receive(ctx actor.Context, m any) {
	switch m := m.(type) {
	case *work.View:
		o.core.View(m)
		o.answer()
	case *work.Begin:
		o.begin = m
		o.answer()
	case *work.Moved:
		o.host.Metrics.Moves.Add(uint64(len(m.In) + len(m.Out)))
		o.moves++
		o.step(ctx, func(*change.Encoder) Effects { return o.core.Moved(m) })
	case *work.SnapshotRead:
		o.core.SnapshotRead(m)
	case *work.MoveInKnown:
		o.step(ctx, func(*change.Encoder) Effects { return o.core.MoveInKnown(m) })
	case *work.MoveInRows:
		o.host.Metrics.MovedRows.Add(uint64(len(m.Rows)))
		o.step(ctx, func(e *change.Encoder) Effects { return o.core.MoveInRows(m, e) })
	case *work.Reached:
		o.step(ctx, func(e *change.Encoder) Effects { return o.core.Reached(m.LSN, e) })
	}
}

// answer gives the views to who makes the snapshot, once all are there.
func (o *outer) answer() {
	if o.begin == nil {
		return
	}
	if views, ok := o.core.Begin(o.begin.Run); ok {
		o.begin.Answer(views)
		o.begin = nil
	}
}

func (o *outer) snapshotKnown(ctx actor.Context, s pg.Snapshot) {
	o.step(ctx, func(e *change.Encoder) Effects { return o.core.SnapshotKnown(s, e) })
}

func (o *outer) deliver(ctx actor.Context, d *work.Delivery) (r work.Result) {
	o.step(ctx, func(e *change.Encoder) Effects {
		var out Effects
		before := o.core.heldBytes
		r, out = o.core.Deliver(d, e)
		if more := int64(o.core.heldBytes - before); out.Err == nil && more > 0 && o.host.Metrics.HeldBytes.Load()+more > o.host.heldLimit() {
			r, out = work.Result{Held: true}, Effects{Err: o.core.GiveUp(work.ErrHeldTooMuch)}
		}
		return out
	})
	return r
}

// step does what the core wants done. Those who depend on the shape are told before anybody can see that the step is over.
func (o *outer) step(ctx actor.Context, f func(*change.Encoder) Effects) {
	before := o.core.heldBytes
	e := o.host.Projections.Encoder()
	out := f(e)
	o.host.Projections.Return(e)
	o.host.Metrics.HeldBytes.Add(int64(o.core.heldBytes - before))
	if holds := o.core.Holds(); o.moves > 0 || holds || o.behind {
		o.host.Outer.Behind.Took(o.shape.ID, o.moves, holds, o.core.latest)
		o.moves, o.behind = 0, holds
	}
	if out.Late != nil {
		out.Late.Run.Late(out.Late)
	}
	for i := range out.Told {
		o.feedItems(ctx, &out.Told[i])
	}
	if out.Query != nil {
		o.host.Metrics.MoveQueries.Add(1)
		o.host.Outer.MoveIn(out.Query)
	}
	if out.Await > 0 {
		o.host.Outer.Tell(&work.Await{ID: o.shape.ID, LSN: out.Await})
	}
	if out.Settled != nil {
		o.host.Outer.Tell(&work.Settled{ID: o.shape.ID, Numbers: out.Settled})
	}
	if out.Err != nil {
		o.invalidate(out.Err)
	}
}
