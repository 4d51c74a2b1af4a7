package collector

import (
	"errors"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Store is what the collector needs of shapelog.Store.
type Store interface {
	Position() uint64
	Get(key string) ([]byte, error)
	Put(key string, v []byte) error
}

// Config is what a collector is made from. Its functions are called on the collector's goroutine, unless they say
// otherwise, and must not block.
type Config struct {
	Store Store
	// Filter makes an empty filter.
	Filter func() Filter
	// Shapes calls add for every shape that exists, after those that it depends on. It is called when the collector starts.
	Shapes     func(add func(*work.AddShape))
	Writer     *actor.PID
	Partitions []*actor.PID
	// Settle tells what a fragment needs on its way, 0 if it goes no further: see replication.Credit. The writer gives it back.
	Settle func(brought, taken, needed int64)
	// Layouts is how many different selections of columns there are among all shapes.
	Layouts func() int
	// Boundary takes the flush boundary when it has moved: everything up to that commit LSN may be acknowledged.
	Boundary func(lsn uint64)
	// Ancestors asks for the tables that rel is a partition of, on every level. It is called while some shape is over a
	// partitioned table, and the stream stands still until answer has been called, once, from any goroutine. nil: the
	// partitions that shapes came with are all.
	Ancestors func(rel *change.Relation, answer func(ancestors []shape.Table, err error))
	// Relation is told of every description of a table, with what it changes.
	Relation func(rel *change.Relation, d Described)
	// Invalidate is called for shapes that a relation ends, and for those that keep the position and make no progress.
	Invalidate work.Invalidate
	// StallGrace is how long a shape may keep the position without a reason; 0 for ever. It is looked for every StallPeriod.
	StallGrace, StallPeriod time.Duration
	Progress                *work.Progress
	Metrics                 *work.Metrics
	Logger                  *slog.Logger
}

// Props makes collectors. The writer must have started.
func Props(c Config, opts ...actor.PropsOption) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return &collector{Config: c} }, opts...)
}

type collector struct {
	Config
	core *Core
	run  *work.Run
	// behind is what the stream said after asking was begun, or after a work that is on its way through its layers.
	asking bool
	behind []any
	stalls stalls
	timer  *time.Timer // of the next look for stalled shapes
}

// answer is what became of a question for ancestors.
type answer struct {
	run       *work.Run
	rel       *change.Relation
	ancestors []shape.Table
	err       error
}

// again has the question repeated.
type again struct {
	run *work.Run
	rel *change.Relation
}

// askAgain is how long the collector waits after ancestors could not be had.
const askAgain = time.Second

func (c *collector) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.started(ctx)
	case *change.Fragment, *work.Relation, *work.StreamReached:
		if c.waits() {
			c.later(m)
			return
		}
		c.event(ctx, m)
	case layerDone:
		c.layerDone(ctx, m.work)
	case *work.Await:
		c.core.Await(m)
		c.tellReached(ctx)
	case answer:
		c.answered(ctx, m)
	case again:
		if m.run == c.run {
			c.ask(ctx, m.rel)
		}
	case *work.Register:
		for _, r := range m.Remove {
			c.remove(ctx, r)
		}
		for _, a := range m.Add {
			c.add(a)
		}
		m.Done()
	case *work.AddShape:
		c.add(m)
	case *work.RemoveShape:
		c.remove(ctx, m)
	case *work.SnapshotKnown:
		c.core.Known(m.ID, m.Snapshot.Xmax)
		ctx.Send(c.partition(m.ID), m)
	case *work.Begin:
		m.Run = c.run
		ctx.Send(c.partition(m.ID), m)
	case *work.Members:
		c.core.Members(m)
	case *work.MembersMoved:
		c.core.MembersMoved(m)
	case *work.MembersOver:
		c.core.MembersOver(m)
	case *work.Settled:
		c.core.Settled(m)
	case work.ForShape:
		ctx.Send(c.partition(m.For()), m)
	case *work.Drop:
		c.drop(ctx, m)
	case look:
		c.look(ctx, m)
	case holding:
		c.holding(ctx, m)
	case deferred:
		if m.run == c.run {
			c.stalls.deferred(m.id, time.Now())
		}
	case *actor.Stopping, *actor.Restarting:
		if c.timer != nil {
			c.timer.Stop()
		}
	case *work.Durable:
		c.core.Durable(m)
		c.Metrics.Hold.Store(m.Hold)
		c.settled(ctx)
	}
}

func (c *collector) started(ctx actor.Context) {
	self, root := ctx.Self(), ctx.ActorSystem().Root
	c.run = &work.Run{
		Completed: func(w *work.Work) { root.Send(c.Writer, w) },
		Late:      func(l *work.Late) { root.Send(c.Writer, l) },
		LayerDone: func(w *work.Work) { root.Send(self, layerDone{w}) },
	}
	ctx.Send(c.Writer, c.run)
	relations, err := c.Store.Get(RelationsKey)
	if err != nil && !errors.Is(err, shapelog.ErrNotFound) {
		panic(err)
	}
	position := c.Store.Position()
	c.core, err = NewCore(CoreConfig{
		Run: c.run, Filter: c.Filter(), Partitions: len(c.Partitions), Position: position, Relations: relations, Margin: work.SettleMargin,
		Asks: c.Ancestors != nil,
	})
	if err != nil {
		panic(err)
	}
	c.Progress.Start(position)
	c.Metrics.Outstanding.Store(0)
	c.Shapes(c.add)
	if c.StallGrace > 0 {
		c.stalls = newStalls(c.StallGrace)
		c.lookLater(ctx)
	}
}

func (c *collector) partition(id shape.ID) *actor.PID {
	return c.Partitions[uint64(id)%uint64(len(c.Partitions))]
}

// event takes in what the stream says next.
func (c *collector) event(ctx actor.Context, m any) {
	switch m := m.(type) {
	case *work.Relation:
		c.relation(m.New)
	case *work.StreamReached:
		c.core.StreamReached(m.LSN)
		c.tellReached(ctx)
	case *change.Fragment:
		if rel := c.core.Unresolved(m); rel != nil {
			c.behind = append([]any{m}, c.behind...)
			c.ask(ctx, rel)
			return
		}
		c.fragment(ctx, m)
	}
}

// ask begins to ask for the ancestors of a relation. What the stream says waits until they are known.
func (c *collector) ask(ctx actor.Context, rel *change.Relation) {
	c.asking = true
	self, root, run := ctx.Self(), ctx.ActorSystem().Root, c.run
	c.Ancestors(rel, func(ancestors []shape.Table, err error) {
		root.Send(self, answer{run, rel, ancestors, err})
	})
}

func (c *collector) answered(ctx actor.Context, m answer) {
	switch {
	case m.run != c.run:
		return
	case m.err != nil:
		c.Logger.Warn("cannot tell whether a table is a partition; asking again", "table", m.rel.Name, "error", m.err)
		self, root := ctx.Self(), ctx.ActorSystem().Root
		time.AfterFunc(askAgain, func() { root.Send(self, again{m.run, m.rel}) })
		return
	}
	c.core.Resolve(m.rel, m.ancestors)
	c.asking = false
	c.goOn(ctx)
}

func (c *collector) relation(rel *change.Relation) {
	d, err := c.core.Relation(rel)
	if err != nil {
		panic(err)
	}
	c.Relation(rel, d)
	if d.Hold != nil {
		c.Metrics.Outstanding.Add(1)
		for i := range d.Hold.Deliveries {
			d.Hold.Deliveries[i].Complete(work.Result{Held: true})
		}
	}
	for _, id := range d.Invalid {
		c.Metrics.Invalidated.Add(1)
		c.Invalidate(id, work.ErrRelationChanged)
	}
	if d.Store == nil {
		return
	}
	if err := c.Store.Put(RelationsKey, d.Store); err != nil {
		panic(err)
	}
}

func (c *collector) add(m *work.AddShape) {
	err := c.core.Add(m)
	if m.Done != nil {
		m.Done(err)
	}
}

func (c *collector) remove(ctx actor.Context, m *work.RemoveShape) {
	c.core.Remove(m.ID)
	ctx.Send(c.Writer, &work.Forget{Run: c.run, ID: m.ID, Seq: c.core.Seq()})
	if m.Done != nil {
		m.Done()
	}
}
