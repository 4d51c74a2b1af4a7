package replication

import "sync"

// Credit bounds the bytes of fragments that are on their way between the socket and the store. The reader of the stream
// takes from it; whoever applies a fragment gives its bytes back. It outlives connections: fragments of a lost one
// are still on their way.
type Credit struct {
	total int64

	mu    sync.Mutex
	taken int64
	freed chan struct{} // capacity 1: something was given back
}

// NewCredit gives a credit of total bytes, at least 1.
func NewCredit(total int64) *Credit {
	return &Credit{total: max(total, 1), freed: make(chan struct{}, 1)}
}

// Release gives n bytes back.
func (c *Credit) Release(n int64) {
	c.mu.Lock()
	c.taken -= n
	c.mu.Unlock()
	select {
	case c.freed <- struct{}{}:
	default:
	}
}

// Charge takes n bytes whether they are there or not: fragments have turned out to need more memory on their way than they
// brought. Nothing new is taken until enough has been given back.
func (c *Credit) Charge(n int64) {
	c.mu.Lock()
	c.taken += n
	c.mu.Unlock()
}

// Taken is the number of bytes on their way.
func (c *Credit) Taken() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

// tryTake takes n bytes if they are there. More than the whole credit is given when nothing else is on its way.
func (c *Credit) tryTake(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken > 0 && c.taken+n > c.total {
		return false
	}
	c.taken += n
	return true
}

// take waits for n bytes; false means that stop was closed first. Only one goroutine may take.
func (c *Credit) take(n int64, stop <-chan struct{}) bool {
	for !c.tryTake(n) {
		select {
		case <-c.freed:
		case <-stop:
			return false
		}
	}
	return true
}
