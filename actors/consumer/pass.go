package consumer

import "leyden/actors/work"

// Pass takes a delivery to a shape that has no consumer, if that leaves nothing for one to remember, and reports whether it
// has: a table that is truncated need not wake all of its shapes to be told that they end.
func Pass(h *Host, s work.Shape, d *work.Delivery) bool {
	c := &Consumer{host: h, shape: s}
	var r work.Result
	c.guarded(c.load)
	if c.ended == nil {
		c.guarded(func() {
			if !c.ready(d) {
				return
			}
			e := h.Projections.Encoder()
			var err error
			r, err = c.core.Deliver(d, e)
			h.Projections.Return(e)
			if err != nil {
				c.invalidate(err)
			}
		})
	}
	switch {
	case c.ended != nil:
		r = work.Result{Held: true}
	case c.core == nil || r.Held || !c.core.Idle():
		return false
	}
	d.Complete(r)
	return true
}
