package writer

import (
	"runtime"
	"sync"
	"time"

	"leyden/actors/work"
)

// syncer makes the store durable in a goroutine of its own: what is applied while it syncs is made durable together, by the
// next sync.
type syncer struct {
	sync     func() error
	interval time.Duration       // at least between the beginnings of two syncs
	durable  func(*work.Durable) // called in order, on the syncer's goroutine
	failed   func(error)

	mu   sync.Mutex
	next *work.Durable // what the next sync makes true, nil for nothing new

	wake chan struct{}
	stop chan struct{}
	done chan struct{}
}

func (s *syncer) start() {
	s.wake, s.stop, s.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go s.run()
}

// applied tells what the next sync makes durable.
func (s *syncer) applied(m *work.Durable) {
	s.mu.Lock()
	s.next = m
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// end stops the goroutine and waits for it. What has not been synced is not reported.
func (s *syncer) end() {
	close(s.stop)
	<-s.done
}

func (s *syncer) run() {
	defer close(s.done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-pause.C:
		}
		select {
		case <-s.stop:
			return
		case <-s.wake:
		}
		// The readers that the same commit has woken go first: this goroutine was made runnable after them, but is the one
		// that its processor would run next, and then keep in the system call.
		runtime.Gosched()
		s.mu.Lock()
		m := s.next
		s.next = nil
		s.mu.Unlock()
		pause.Reset(s.interval)
		if m == nil {
			continue
		}
		if err := s.sync(); err != nil {
			s.failed(err)
			return
		}
		s.durable(m)
	}
}
