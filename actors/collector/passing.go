package collector

import (
	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
)

// layerDone is what the last completion of a layer sends the collector.
type layerDone struct{ work *work.Work }

// waits reports whether what the stream says has to wait: for an answer, or for a work that is on its way through its layers.
func (c *collector) waits() bool { return c.asking || c.core.Passing() }

// later keeps what the stream says. Of positions that follow each other the last says all.
func (c *collector) later(m any) {
	if n := len(c.behind); n > 0 {
		_, position := m.(*work.StreamReached)
		if _, before := c.behind[n-1].(*work.StreamReached); position && before {
			c.behind[n-1] = m
			return
		}
	}
	c.behind = append(c.behind, m)
}

// goOn takes in what the stream has said, as far as nothing has to be waited for again.
func (c *collector) goOn(ctx actor.Context) {
	for len(c.behind) > 0 && !c.waits() {
		next := c.behind[0]
		c.behind = c.behind[1:]
		c.event(ctx, next)
	}
	if len(c.behind) == 0 {
		c.behind = nil
	}
}

func (c *collector) layerDone(ctx actor.Context, w *work.Work) {
	if c.core.LayerDone(w) {
		c.handOut(ctx, w)
		return
	}
	c.tellReached(ctx)
	c.goOn(ctx)
}

// tellReached tells the shapes whose awaited position the stream has got to: behind everything that was handed out.
func (c *collector) tellReached(ctx actor.Context) {
	for m := c.core.Reached(); m != nil; m = c.core.Reached() {
		ctx.Send(c.partition(m.ID), m)
	}
}
