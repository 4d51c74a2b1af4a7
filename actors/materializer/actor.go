package materializer

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// Config is what a materializer is made from.
type Config struct {
	Inner   work.Shape
	Columns []string
	Canon   []where.Canon
	// From is the last item that the consumer had handed in when it began to feed: the log is read up to there.
	From shape.Offset
	// Post sends a message to the partition of a shape, behind what was sent there before.
	Post func(id shape.ID, message any)
	// Tell sends a message to the collector, before what is posted after it can have consequences.
	Tell       func(message any)
	Behind     *work.Behind
	Invalidate work.Invalidate
	Metrics    *work.Metrics
	Logger     *slog.Logger
}

// Key is the key of a materializer.
func Key(columns []string, canon []where.Canon) string { return fmt.Sprintf("%q%v", columns, canon) }

// New returns a materializer.
func New(c Config) actor.Actor { return &materializer{Config: c, key: Key(c.Columns, c.Canon)} }

type subscriber struct {
	outer      shape.ID
	dependency int
}

type materializer struct {
	Config
	key    string
	core   *subquery.Materializer // nil until the log has been read
	number uint64                 // of the result, from 1 on
	behind []Feed                 // what came meanwhile
	subs   []subscriber
	ended  error // it failed, and its shape is being removed

	relation *change.Relation // that at is for
	at       []int            // of each column
	old, new [][]byte

	cancel context.CancelFunc
	read   chan struct{} // closed when the reading has ended
}

func (m *materializer) Receive(ctx actor.Context) {
	switch message := ctx.Message().(type) {
	case *actor.Started:
		m.Metrics.Materialized.Add(1)
		m.start()
	case *actor.Stopping, *actor.Restarting:
		m.cancel()
		<-m.read
		if m.number > 0 {
			m.Tell(&work.MembersOver{Inner: m.Inner.ID, Columns: m.Columns})
		}
	case *actor.Stopped:
		m.Metrics.Materialized.Add(-1)
		m.core, m.behind, m.subs = nil, nil, nil
	case *Feed:
		m.guarded(func() error { return m.feed(message) })
	case *work.Attach:
		m.guarded(func() error { m.attach(message); return nil })
	case *Leave:
		m.leave(message)
	case *Look:
		m.look(message)
	case *Built:
		m.guarded(func() error { return m.built(message) })
	}
}

// start has the log read by a goroutine of its own: it may be long.
func (m *materializer) start() {
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel, m.read = cancel, make(chan struct{})
	go func() {
		defer close(m.read)
		b := &Built{inner: m.Inner.ID, key: m.key}
		if b.core, b.err = build(ctx, m.Config); ctx.Err() == nil {
			m.Post(m.Inner.ID, b)
		}
	}()
}

func (m *materializer) built(b *Built) error {
	if b.err != nil {
		return fmt.Errorf("read the rows of the subquery: %w", b.err)
	}
	m.core, m.number = b.core, 1
	for _, s := range m.subs {
		m.view(s)
	}
	for i := range m.behind {
		if err := m.take(&m.behind[i]); err != nil {
			return err
		}
	}
	m.behind = nil
	return nil
}

func (m *materializer) attach(a *work.Attach) {
	s := subscriber{a.Outer, a.Dependency}
	m.subs = append(m.subs, s)
	if m.core != nil {
		m.view(s)
	}
}

func (m *materializer) view(s subscriber) {
	m.Tell(&work.Members{Inner: m.Inner.ID, Columns: m.Columns, Number: m.number, Set: m.core.Set()})
	m.Post(s.outer, &work.View{ID: s.outer, Dependency: s.dependency, Number: m.number, Set: m.core.Set()})
}

// Leave ends what a shape was told. Left is how many there are still.
type Leave struct {
	Outer shape.ID
	Left  int
}

func (m *materializer) leave(l *Leave) {
	kept := m.subs[:0]
	for _, s := range m.subs {
		if s.outer != l.Outer {
			kept = append(kept, s)
		}
	}
	clear(m.subs[len(kept):])
	m.subs = kept
	l.Left = len(kept)
}

func (m *materializer) look(l *Look) {
	l.Followers, l.Ended = len(m.subs), m.ended
	if m.core != nil {
		l.Ready, l.Values = true, m.core.Set().Len()
	}
}

func (m *materializer) feed(f *Feed) error {
	if m.ended != nil {
		return nil
	}
	if m.core == nil {
		m.behind = append(m.behind, f.kept())
		return nil
	}
	return m.take(f)
}

func (m *materializer) take(f *Feed) error {
	for i := range f.Changes {
		if err := m.change(&f.Changes[i]); err != nil {
			return err
		}
	}
	for i := range f.Items {
		if err := m.core.Items(f.Items[i].JSON); err != nil {
			return err
		}
	}
	if !f.Commit {
		return nil
	}
	moves, any, err := m.core.Commit(f.XIDs...)
	if err != nil || !any {
		return err
	}
	m.number++
	// It is routed by the values that came before any shape can ask for their rows.
	m.Tell(&work.MembersMoved{Inner: m.Inner.ID, Columns: m.Columns, Number: m.number, Moves: moves})
	for _, s := range m.subs {
		m.Behind.Told(s.outer)
		m.Post(s.outer, &work.Moved{ID: s.outer, Dependency: s.dependency, Number: m.number, Moves: moves})
	}
	return nil
}

// change takes the values out of the rows of a change.
func (m *materializer) change(c *Change) error {
	if c.Relation != m.relation {
		m.relation, m.at = c.Relation, m.at[:0]
		for _, name := range m.Columns {
			at := slices.IndexFunc(c.Relation.Columns, func(rc change.Column) bool { return rc.Name == name })
			if at < 0 {
				return &change.ErrNoColumn{Schema: c.Relation.Schema, Table: c.Relation.Name, Column: name}
			}
			m.at = append(m.at, at)
		}
	}
	m.core.Change(c.InOld, c.InNew, m.cells(&m.old, c.Old), m.cells(&m.new, c.New))
	return nil
}

func (m *materializer) cells(to *[][]byte, row change.Tuple) [][]byte {
	*to = (*to)[:0]
	if row != nil {
		for _, at := range m.at {
			*to = append(*to, row[at])
		}
	}
	return *to
}

// guarded runs f. What goes wrong in it ends the inner shape, and with it those that depend on it.
func (m *materializer) guarded(f func() error) {
	defer func() {
		if v := recover(); v != nil {
			m.end(&work.Crashed{Value: v, Stack: debug.Stack()})
		}
	}()
	if err := f(); err != nil {
		m.end(err)
	}
}

func (m *materializer) end(err error) {
	m.ended, m.core, m.behind = err, nil, nil
	m.Logger.Error("the result of a subquery cannot be followed; the shape is removed with those that depend on it",
		"handle", m.Inner.Log.Handle().String(), "error", err)
	m.Invalidate(m.Inner.ID, err)
}
