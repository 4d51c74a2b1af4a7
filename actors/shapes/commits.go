package shapes

import (
	"sync"

	"leyden/internal/pg"
)

// recent is how many commits are remembered. A backend that lets more than this many others commit between its own commit
// and the moment at which it can be seen waits for a synchronous standby, which all others then wait for too.
const recent = 4096

// RecentCommits is a ring of the transactions that the stream delivered last. One goroutine adds.
type RecentCommits struct {
	mu    sync.Mutex
	count uint64
	xids  [recent]uint32
}

// Add notes a transaction. It is called before the first of it is handed to the collector, which does not route the rest of
// a transaction to shapes that came in its midst.
func (r *RecentCommits) Add(xid uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.xids[r.count%recent] = xid
	r.count++
}

func (r *RecentCommits) Count() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

func (r *RecentCommits) Missing(upTo uint64, s pg.Snapshot) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := uint64(0)
	if r.count > recent {
		from = r.count - recent
	}
	for n := from; n < min(upTo, r.count); n++ {
		if !s.Visible(r.xids[n%recent]) {
			return true
		}
	}
	return false
}
