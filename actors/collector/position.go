package collector

import (
	"math"

	"leyden/internal/livemap"
	"leyden/internal/shape"
)

// position is up to where the stream has been handed out, and which shapes wait for it to get somewhere. A shape that is told
// that it has finds every transaction up to there in its mailbox, before.
type position struct {
	lsn    uint64 // every transaction that ends at or before it has been handed out, and has passed all its layers
	awaits livemap.Map[shape.ID, uint64]
	lowest uint64 // no shape awaits less
}

// passed takes in how far the stream has been handed out.
func (p *position) passed(lsn uint64) { p.lsn = max(p.lsn, lsn) }

// await notes that a shape is to be told when the stream gets to lsn, in place of where it awaited it before.
func (p *position) await(id shape.ID, lsn uint64) {
	p.awaits.Set(id, lsn)
	p.lowest = min(p.lowest, lsn)
}

// reached returns a shape to be told, once, and what it waited for; false when there is none.
func (p *position) reached() (id shape.ID, lsn uint64, ok bool) {
	if p.awaits.Len() == 0 || p.lsn < p.lowest {
		return 0, 0, false
	}
	lowest := uint64(math.MaxUint64)
	for id, lsn := range p.awaits.All() {
		if lsn <= p.lsn {
			p.awaits.Delete(id)
			return id, lsn, true
		}
		lowest = min(lowest, lsn)
	}
	p.lowest = lowest
	return 0, 0, false
}

func (p *position) remove(id shape.ID) { p.awaits.Delete(id) }
