package shapeapi

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"leyden/internal/livemap"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// serveLive answers a long poll: at once when there is data, else when there is, else at the timeout (spec http-api §13.3).
func (x *exchange) serveLive(p plan, changed <-chan struct{}) {
	if p.hasData() {
		x.answer(&p, p.end.Tx)
		return
	}
	group := x.api.parked.join(x.log, p.after)
	defer x.api.parked.leave(group)
	timer := time.NewTimer(x.api.cfg.LongPollTimeout)
	defer timer.Stop()
	for !p.hasData() {
		why := x.wait(changed, timer)
		global := x.api.engine.GlobalLSN(x.entry)
		var err error
		if p, changed, err = x.follow(x.req.offset); err != nil {
			x.fail(x.reading(err))
			return
		}
		if why != woken && !p.hasData() {
			if f := x.unhealthy(); f != nil {
				x.fail(f)
				return
			}
			x.replyEmpty(&p, x.position(global, p.latest))
			return
		}
	}
	x.answerShared(&p, group)
}

// answerShared answers like answer, from bytes that all who waited at the same place of the log send.
func (x *exchange) answerShared(p *plan, g *group) {
	body, err := g.answer(p)
	switch {
	case errors.Is(err, errUnshared) || x.head:
		x.answer(p, p.end.Tx)
		return
	case err != nil:
		x.fail(x.reading(err))
		return
	}
	x.logHeaders(p, http.StatusOK)
	x.chunked()
	x.commit(http.StatusOK)
	for len(body) > 0 {
		n := min(len(body), writeBytes)
		x.extendDeadline()
		if _, err := x.w.Write(body[:n]); err != nil {
			x.abort()
		}
		body = body[n:]
	}
}

// parked is where requests wait: one group for each place of a log at which somebody does.
type parked struct {
	mu     sync.Mutex
	groups livemap.Map[place, *group]
	logs   livemap.Map[*shapelog.Log, int] // waiting requests of each log
}

type place struct {
	log   *shapelog.Log
	after shape.Offset
}

// group is the requests that wait at one place. The first of them to wake reads what came; the rest send its bytes.
type group struct {
	place   place
	waiting int // guarded by parked.mu

	mu     sync.Mutex
	end    shape.Offset // of what follows; zero: nothing has been read
	whole  bool         // end is the last offset of the log
	items  []byte       // stored blocks joined by commas
	array  []byte       // items as the body of a long poll
	frames []byte       // items as events
	err    error
}

// maxShared bounds what a group keeps; longer answers are read by each request on its own.
const maxShared = 1 << 20

var errUnshared = errors.New("too long to be shared")

// Waiting is how many live requests wait for something new in a log.
func (a *API) Waiting(log *shapelog.Log) int {
	a.parked.mu.Lock()
	defer a.parked.mu.Unlock()
	return a.parked.logs.Get(log)
}

func (p *parked) join(log *shapelog.Log, after shape.Offset) *group {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := place{log, after}
	g := p.groups.Get(at)
	if g == nil {
		g = &group{place: at}
		p.groups.Set(at, g)
	}
	g.waiting++
	p.logs.Set(log, p.logs.Get(log)+1)
	return g
}

func (p *parked) leave(g *group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g.waiting--; g.waiting == 0 {
		p.groups.Delete(g.place)
	}
	if left := p.logs.Get(g.place.log) - 1; left > 0 {
		p.logs.Set(g.place.log, left)
	} else {
		p.logs.Delete(g.place.log)
	}
}

// answer is the body of a long poll with the items up to p.end.
func (g *group) answer(p *plan) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.read(p); err != nil {
		return nil, err
	}
	if g.array == nil {
		b := make([]byte, 0, len(g.items)+128)
		b = append(append(b, opening...), g.items...)
		if g.whole {
			b = appendUpToDate(append(b, comma...), g.end.Tx)
		}
		g.array = append(b, closing...)
	}
	return g.array, nil
}

// events are the frames of the items up to p.end.
func (g *group) events(p *plan) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.read(p); err != nil {
		return nil, err
	}
	if g.frames == nil {
		b := make([]byte, 0, len(g.items)+256)
		b = appendEvents(b, g.items)
		if g.whole {
			b = appendUpToDateEvent(b, g.end.Tx)
		}
		g.frames = b
	}
	return g.frames, nil
}

// read fills the group for a plan. The lock is held while the store is read, so that the others wait for the bytes instead
// of reading them too.
func (g *group) read(p *plan) error {
	whole := p.end == p.latest
	if g.end == p.end && g.whole == whole {
		return g.err
	}
	g.end, g.whole, g.items, g.array, g.frames = p.end, whole, nil, nil, nil
	g.err = g.place.log.ReadLog(g.place.after, p.end, func(block []byte, _ int) error {
		if len(g.items)+len(block) > maxShared {
			return errUnshared
		}
		if len(g.items) > 0 {
			g.items = append(g.items, comma...)
		}
		g.items = append(g.items, block...)
		return nil
	})
	if g.err != nil {
		g.items = nil
	}
	return g.err
}
