package replication

import (
	"fmt"
	"sync"
	"time"

	"leyden/internal/pg"
)

// remembering knows which acknowledgements would be remembered after a crash. A stream acknowledges no other ones.
type remembering struct {
	writing sync.Mutex    // held while one is written
	lsn     pg.LSN        // the highest; guarded by stream.mu
	due     chan struct{} // capacity 1: more may be acknowledged
	hurry   chan struct{} // capacity 1: the server waits for it
}

// startRemembering begins with what has been acknowledged already.
func startRemembering(confirmedFlush pg.LSN) remembering {
	return remembering{lsn: confirmedFlush, due: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
}

// remembered is how much of what may be acknowledged may be told. The caller holds mu.
func (s *stream) remembered(flushed pg.LSN) pg.LSN {
	if s.config.Acknowledging == nil {
		return flushed
	}
	return min(flushed, s.remembering.lsn)
}

// remember has positions remembered as they move, until the stream stops.
func (s *stream) remember() error {
	for {
		select {
		case <-s.stop:
			return nil
		case <-s.remembering.due:
		}
		if err := s.rememberNow(); err != nil {
			return err
		}
		pause := time.NewTimer(rememberGap)
		select {
		case <-s.stop:
			pause.Stop()
			return nil
		case <-s.remembering.hurry:
		case <-pause.C:
		}
		pause.Stop()
	}
}

// rememberNow has what may be acknowledged at this moment remembered.
func (s *stream) rememberNow() error {
	s.remembering.writing.Lock()
	defer s.remembering.writing.Unlock()
	s.mu.Lock()
	lsn, known := s.positions.flushed, s.remembering.lsn
	s.mu.Unlock()
	if lsn <= known {
		return nil
	}
	if err := s.config.Acknowledging(lsn); err != nil {
		return fmt.Errorf("remember that %s is acknowledged: %w", lsn, err)
	}
	s.mu.Lock()
	s.remembering.lsn = lsn
	s.mu.Unlock()
	signal(s.due)
	return nil
}
