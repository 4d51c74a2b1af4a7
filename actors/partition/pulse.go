package partition

import (
	"sync/atomic"

	"leyden/internal/shape"
)

// pulse shows from outside whether the goroutine that runs the consumers moves, and which consumer it is in.
type pulse struct {
	beat atomic.Uint64 // odd while a consumer runs
	id   atomic.Uint64 // of that consumer's shape
}

func (p *pulse) begin(id shape.ID) {
	p.id.Store(uint64(id))
	p.beat.Add(1)
}

func (p *pulse) end() { p.beat.Add(1) }

// inside reports the shape whose consumer runs, with a number that is another one when it has returned.
func (p *pulse) inside() (id shape.ID, beat uint64, running bool) {
	beat = p.beat.Load()
	return shape.ID(p.id.Load()), beat, beat%2 == 1
}
