package replication

import "sync"

// Credit bounds the bytes of fragments that are on their way between the socket and the store. The reader of the stream
// takes from it; whoever applies a fragment gives its bytes back. It outlives connections: fragments of a lost one
// are still on their way.
type Credit struct {
	total int64

	mu    sync.Mutex
	taken int64
	// expected is what fragments have lately come to beside themselves, for each byte they brought: the most, fading.
	expected float64
	freed    chan struct{} // capacity 1: something was given back
}

// NewCredit gives a credit of total bytes, at least 1. expected is how many bytes a fragment is taken to need on its way for each
// that it brings, until it shows.
func NewCredit(total int64, expected float64) *Credit {
	return &Credit{total: max(total, 1), expected: expected, freed: make(chan struct{}, 1)}
}

// Release gives n bytes back.
func (c *Credit) Release(n int64) {
	c.mu.Lock()
	c.taken -= n
	c.mu.Unlock()
	c.wake()
}

func (c *Credit) wake() {
	select {
	case c.freed <- struct{}{}:
	default:
	}
}

// fade is how much of what is expected gives way to what a fragment with less shows.
const fade = 1. / 32

// Settle tells what a fragment really needs, which may be more than there is: brought is what it brought, taken what was taken
// for it. Nothing new is taken until enough has been given back.
func (c *Credit) Settle(brought, taken, needed int64) {
	c.mu.Lock()
	c.taken += needed - taken
	if brought > 0 {
		seen := max(0, float64(needed-brought)/float64(brought))
		c.expected = max(seen, c.expected+(seen-c.expected)*fade)
	}
	c.mu.Unlock()
	if needed < taken {
		c.wake()
	}
}

// Taken is the number of bytes on their way.
func (c *Credit) Taken() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

// tryTake takes what a fragment that brings n bytes will probably need, if it is there. More than the whole credit is given
// when nothing else is on its way.
func (c *Credit) tryTake(n int64) (taken int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken = n + int64(float64(n)*c.expected)
	if c.taken > 0 && c.taken+taken > c.total {
		return 0, false
	}
	c.taken += taken
	return taken, true
}

// take waits for what tryTake takes; false means that stop was closed first. Only one goroutine may take.
func (c *Credit) take(n int64, stop <-chan struct{}) (taken int64, ok bool) {
	for {
		if taken, ok = c.tryTake(n); ok {
			return taken, true
		}
		select {
		case <-c.freed:
		case <-stop:
			return 0, false
		}
	}
}
