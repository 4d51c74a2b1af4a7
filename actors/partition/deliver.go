package partition

import (
	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/consumer"
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
)

func (p *partition) deliver(ctx actor.Context, d *work.Delivery) {
	if truncates(d) && p.passed(d) {
		return
	}
	c := p.child(ctx, d.ID)
	if c == nil || c.dead {
		// The shape is being removed: what it does not store is held until it is.
		d.Complete(work.Result{Held: true})
		return
	}
	p.send(ctx, c, d)
	if len(p.materializers.delayed) > 0 {
		p.retry(ctx, d.ID)
	}
}

// pass hands a message to a consumer, which it starts if need be. A shape that is gone needs none.
func (p *partition) pass(ctx actor.Context, id shape.ID, m any) {
	if c := p.child(ctx, id); c != nil && !c.dead {
		p.send(ctx, c, m)
	}
}

// truncates reports whether a delivery has a truncation, which concerns all shapes of a table, awake or not.
func truncates(d *work.Delivery) bool {
	for _, i := range d.Changes() {
		if d.Work.Changes[i].Op == change.Truncate {
			return true
		}
	}
	return false
}

// passed has a delivery to a shape that is asleep taken in without waking it, if it can be.
func (p *partition) passed(d *work.Delivery) bool {
	if p.children.Get(uint64(d.ID)/uint64(p.Count)) != nil {
		return false
	}
	s, ok := p.Shapes.Shape(d.ID)
	if !ok || s.Def.Where.HasSubqueries() {
		return false
	}
	p.pulse.begin(d.ID)
	defer p.pulse.end()
	return consumer.Pass(p.Host, s, d)
}

// send has a consumer process a message, on this goroutine. The pulse shows by whom it is held up.
func (p *partition) send(ctx actor.Context, c *child, m any) {
	p.pulse.begin(c.id)
	ctx.Send(c.pid, m)
	p.pulse.end()
}
