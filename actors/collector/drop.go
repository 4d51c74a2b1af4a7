package collector

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/internal/shape"
)

// drop sends each partition its part, after the deliveries that it was sent before.
func (c *collector) drop(ctx actor.Context, m *work.Drop) {
	shares := make([][]shape.ID, len(c.Partitions))
	open := int32(0)
	for _, id := range m.IDs {
		p := uint64(id) % uint64(len(c.Partitions))
		if shares[p] == nil {
			open++
		}
		shares[p] = append(shares[p], id)
	}
	if open == 0 {
		m.Done()
		return
	}
	left := new(atomic.Int32)
	left.Store(open)
	done := func() {
		if left.Add(-1) == 0 {
			m.Done()
		}
	}
	for p, ids := range shares {
		if ids != nil {
			ctx.Send(c.Partitions[p], &work.Drop{IDs: ids, Done: done})
		}
	}
}
