package work

import (
	"sync"
	"sync/atomic"
)

// Progress knows the stream position that readers may be told: what they find in any log contains every transaction up to
// it, except for shapes that still wait for their snapshot.
type Progress struct {
	mu sync.Mutex
	// applied is the last work that is applied.
	applied uint64
	// idle is a transaction that concerns no shape, seen after the work idleAfter.
	idle, idleAfter uint64

	lsn atomic.Uint64
}

// LSN is the position, 0 when nothing has been seen yet.
func (p *Progress) LSN() uint64 { return p.lsn.Load() }

// Start tells that nothing is under way, and that everything up to lsn was applied before.
func (p *Progress) Start(lsn uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.applied, p.idle, p.idleAfter = 0, 0, 0
	p.raise(lsn)
}

// Applied tells that the works up to seq are applied, and the last commit among them, 0 for none.
func (p *Progress) Applied(seq, lsn uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.applied = seq
	p.raise(lsn)
	if p.idle > 0 && p.idleAfter <= seq {
		p.raise(p.idle)
	}
}

// Idle tells of a transaction that concerns no shape, and of the last work before it.
func (p *Progress) Idle(lsn, after uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle, p.idleAfter = lsn, after
	if after <= p.applied {
		p.raise(lsn)
	}
}

func (p *Progress) raise(lsn uint64) {
	if lsn > p.lsn.Load() {
		p.lsn.Store(lsn)
	}
}
