package shapelog

import "sync"

const (
	// recentBytes bounds the blocks of small snapshots that are kept in memory once they are complete, recentLogs their number.
	recentBytes = 1 << 20
	recentLogs  = 256
)

// recents are the newest small snapshots. Whoever had a shape made reads its snapshot at once, and finds it here in place of
// looking for it in the store. They are guarded by mu, which comes before the mutexes of logs.
type recents struct {
	mu    sync.Mutex
	queue []*recent // oldest first; the shapes of some may be gone
	bytes int
}

// recent is a small complete snapshot in memory. It is immutable.
type recent struct {
	log    *Log
	blocks []*heldBlock
	size   int
}

// keepRecent keeps the blocks of a snapshot that has just been completed, if they are all of it and few.
func (s *Store) keepRecent(l *Log, blocks []*heldBlock) {
	size := 0
	for _, b := range blocks {
		size += len(b.body)
	}
	if blocks[0].chunk != 0 || blocks[0].seq != 0 || blocks[len(blocks)-1].chunk != 0 || size > recentBytes/8 {
		return
	}
	s.addRecent(&recent{log: l, blocks: blocks, size: size})
	s.trimRecent(recentBytes, recentLogs)
}

func (s *Store) addRecent(r *recent) {
	s.recents.mu.Lock()
	defer s.recents.mu.Unlock()
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	if r.log.ended() != nil {
		return
	}
	r.log.ensureWork().recent = r
	s.recents.queue = append(s.recents.queue, r)
	s.recents.bytes += r.size
}

// trimRecent gives up the oldest until the rest fits.
func (s *Store) trimRecent(bytes, logs int) {
	r := &s.recents
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) > 0 && (r.bytes > bytes || len(r.queue) > logs) {
		oldest := r.queue[0]
		r.queue[0] = nil
		r.queue = r.queue[1:]
		r.bytes -= oldest.size
		oldest.log.mu.Lock()
		if w := oldest.log.work; w != nil && w.recent == oldest {
			w.recent = nil
			oldest.log.tidy()
		}
		oldest.log.mu.Unlock()
	}
	if len(r.queue) == 0 {
		r.queue = nil
	}
}
