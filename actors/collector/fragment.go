package collector

import (
	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/internal/change"
)

func (c *collector) fragment(ctx actor.Context, f *change.Fragment) {
	taken, err := c.core.Fragment(f)
	if err != nil {
		panic(err)
	}
	if taken.Duplicate {
		c.Metrics.Duplicates.Add(1)
		c.Settle(f.Retained, f.Credit, 0)
		c.settled(ctx)
		return
	}
	c.Metrics.Fragments.Add(1)
	c.Metrics.Changes.Add(uint64(len(f.Changes)))
	if n, fault := c.core.Undecided(); n > 0 {
		c.Metrics.Undecided.Add(n)
		if fault != nil {
			c.Logger.Error("a lookup of shapes was given up; all shapes of the table are touched", "error", fault)
		}
	}
	if f.Commit != nil {
		c.Metrics.Transactions.Add(1)
	}
	if taken.Idle {
		c.Progress.Idle(f.LSN, c.core.Seq())
	}
	if taken.Work == nil {
		c.Settle(f.Retained, f.Credit, 0)
		c.settled(ctx)
		c.tellReached(ctx)
		return
	}
	taken.Work.Charge = charge(taken.Work, c.Layouts())
	c.Settle(f.Retained, f.Credit, taken.Work.Charge)
	taken.Work.Settled = c.Store.Position()
	c.Metrics.Works.Add(1)
	c.Metrics.Outstanding.Add(1)
	c.Metrics.Deliveries.Add(uint64(len(taken.Work.Deliveries)))
	c.handOut(ctx, taken.Work)
	c.tellReached(ctx)
}

// handOut sends each partition its part of a work, or of the layer of it that is due.
func (c *collector) handOut(ctx actor.Context, w *work.Work) {
	for p, pid := range c.Partitions {
		if share := c.core.Share(w, p); len(share) > 0 {
			ctx.Send(pid, &work.Share{Deliveries: share})
		}
	}
}

// settled tells what follows from what is durable now.
func (c *collector) settled(ctx actor.Context) {
	if lsn, moved := c.core.Boundary(); moved {
		c.Boundary(lsn)
	}
	for {
		id, ok := c.core.FilteringOver(c.Store.Position())
		if !ok {
			return
		}
		ctx.Send(c.partition(id), &work.FilteringOver{Run: c.run, ID: id})
	}
}
