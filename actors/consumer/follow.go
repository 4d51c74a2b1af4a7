package consumer

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/materializer"
	"leyden/actors/work"
	"leyden/internal/shape"
)

// Place asks a consumer up to where its shape's log is, between two transactions.
type Place struct {
	Known  bool // it is between two, and knows its snapshot
	Latest shape.Offset
}

// Follow has a materializer fed with what the consumer makes from now on, or no longer.
type Follow struct {
	By  *actor.PID
	End bool
}

func (c *Consumer) place(p *Place) {
	switch {
	case c.outer != nil:
		p.Known, p.Latest = c.outer.core.known && c.outer.core.dead == nil, c.outer.core.latest
	case c.core != nil:
		p.Known, p.Latest = c.core.known && c.core.dead == nil && !c.core.txn.open, c.core.latest
	}
}

func (c *Consumer) follow(f *Follow) {
	if f.End {
		c.followers = slices.DeleteFunc(c.followers, func(p *actor.PID) bool { return p.Equal(f.By) })
	} else {
		c.followers = append(c.followers, f.By)
	}
	if c.core != nil {
		c.core.rows.telling = len(c.followers) > 0
	}
}

// feedRows tells the materializers what became of a delivery. They have it when this returns.
func (c *Consumer) feedChanges(ctx actor.Context, d *work.Delivery) {
	f := &materializer.Feed{Changes: c.core.rows.changes, Commit: d.Work.Fragment.Commit != nil, XIDs: []uint64{uint64(d.Work.Fragment.XID)}}
	c.core.rows.changes = nil
	for _, by := range c.followers {
		ctx.Send(by, f)
	}
}

// feedItems tells them what was handed in for the log of a shape with subqueries.
func (c *Consumer) feedItems(ctx actor.Context, t *Told) {
	for _, by := range c.followers {
		ctx.Send(by, &materializer.Feed{Items: t.Items, Commit: true, XIDs: t.XIDs})
	}
}
