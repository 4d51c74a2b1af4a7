package collector

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/internal/shape"
)

// What the collector tells itself about stalled shapes.
type (
	look    struct{ run *work.Run }
	holding struct {
		run     *work.Run
		holders []work.Holder
	}
	deferred struct {
		run *work.Run
		id  shape.ID
	}
)

func (c *collector) lookLater(ctx actor.Context) {
	self, root, run := ctx.Self(), ctx.ActorSystem().Root, c.run
	c.timer = time.AfterFunc(c.StallPeriod, func() { root.Send(self, look{run}) })
}

// look asks the writer who holds transactions back.
func (c *collector) look(ctx actor.Context, m look) {
	self, root := ctx.Self(), ctx.ActorSystem().Root
	ctx.Send(c.Writer, &work.Holders{Run: m.run, Answer: func(holders []work.Holder) { root.Send(self, holding{m.run, holders}) }})
}

func (c *collector) holding(ctx actor.Context, m holding) {
	if m.run != c.run {
		return
	}
	ask, giveUp := c.stalls.check(time.Now(), m.holders)
	self, root := ctx.Self(), ctx.ActorSystem().Root
	for _, id := range ask {
		ctx.Send(c.partition(id), &work.Verify{ID: id, Deferred: func() { root.Send(self, deferred{m.run, id}) }})
	}
	for _, id := range giveUp {
		c.Metrics.Stalled.Add(1)
		c.Invalidate(id, work.ErrStalled)
	}
	c.lookLater(ctx)
}
