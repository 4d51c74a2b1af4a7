package partition

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/consumer"
	"leyden/actors/materializer"
	"leyden/internal/shape"
)

// Look asks for what is awake. Answer is called on the partition's goroutine and must not block.
type Look struct {
	Each   bool     // tell each consumer, not only how many there are
	Only   shape.ID // and of those only this one, unless 0
	Answer func(Awake)

	queued atomic.Int64
}

// Queued is how many messages waited in the partition when it got the question. It is known before the answer.
func (l *Look) Queued() int { return int(l.queued.Load()) }

// Awake is what a partition runs.
type Awake struct {
	Count     int
	Consumers []Seen // in the order of ids
}

// Seen is one consumer. It has no queue of its own: what is meant for it waits in the partition's mailbox.
type Seen struct {
	ID    shape.ID
	Since time.Time
	consumer.Seen
	Materializers []SeenMaterializer
}

// SeenMaterializer is what knows the result of a subquery whose rows are the shape's.
type SeenMaterializer struct {
	Columns []string
	Since   time.Time
	materializer.Look
}

// Renew replaces the consumer of a shape by a new one, which begins with what is stored; a shape without one gets one. Done is
// called on the partition's goroutine and must not block.
type Renew struct {
	ID   shape.ID
	Done func(error)
}

var (
	// ErrNoShape says that the shape does not exist any more.
	ErrNoShape = errors.New("no such shape")
	// ErrBusy says that the consumer holds something that is not stored yet, and that would be lost with it.
	ErrBusy = errors.New("the consumer holds transactions that are not stored yet")
)

func (p *partition) look(ctx actor.Context, m *Look) {
	awake := Awake{Count: p.children.Len()}
	see := func(c *child) {
		ask := &consumer.Look{}
		p.send(ctx, c, ask) // it runs here and now
		seen := Seen{ID: c.id, Since: time.Unix(0, c.since), Seen: ask.Seen()}
		for _, has := range p.materializers.byShape[c.id] {
			m := SeenMaterializer{Columns: has.columns, Since: time.Unix(0, has.since)}
			ctx.Send(has.pid, &m.Look) // as does it
			seen.Materializers = append(seen.Materializers, m)
		}
		awake.Consumers = append(awake.Consumers, seen)
	}
	switch {
	case !m.Each:
	case m.Only != 0:
		if c := p.children.Get(uint64(m.Only) / uint64(p.Count)); c != nil && c.id == m.Only {
			see(c)
		}
	default:
		awake.Consumers = make([]Seen, 0, awake.Count)
		p.children.All(func(_ uint64, c *child) bool { see(c); return true })
	}
	m.Answer(awake)
}

func (p *partition) renew(ctx actor.Context, m *Renew) {
	if c := p.children.Get(uint64(m.ID) / uint64(p.Count)); c != nil {
		ask := &consumer.Sleep{}
		p.send(ctx, c, ask)
		if !ask.Agreed() {
			m.Done(ErrBusy)
			return
		}
		p.forget(c)
		p.endings.Set(c.pid, nil)
		ctx.Stop(c.pid)
	}
	if p.child(ctx, m.ID) == nil {
		m.Done(ErrNoShape)
		return
	}
	m.Done(nil)
}
