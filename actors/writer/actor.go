package writer

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/work"
	"leyden/persistence/shapelog"
)

// Store is what the writer needs of shapelog.Store.
type Store interface {
	Apply(batches []shapelog.Batch) error
	Sync() error
	Rollback() error
	Position() uint64
}

// Config is what a writer is made from. Its functions may be called from any goroutine and must not block.
type Config struct {
	Store Store
	// Credit gives back the bytes that applied fragments held.
	Credit func(bytes int64)
	// Durable takes reports, in order. It is usually a message to the collector.
	Durable func(*work.Durable)
	// SyncInterval is the least time between the beginnings of two syncs: how long an applied transaction may wait for
	// its acknowledgement. 0 syncs without a pause.
	SyncInterval time.Duration
	Progress     *work.Progress
	Metrics      *work.Metrics
	Logger       *slog.Logger
}

// Props makes writers. Works that are complete reach one as messages, see work.Run.
func Props(c Config, opts ...actor.PropsOption) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return &writer{Config: c} }, opts...)
}

type writer struct {
	Config
	core   *Core
	syncer *syncer
	asked  bool // a flush is in the mailbox
}

// flush is what the writer sends itself when something is ready: all that is in the mailbox before it is gathered with it.
type flush struct{}

// failure is what ends the writer.
type failure struct{ err error }

func (w *writer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		w.started(ctx)
	case *actor.Stopping, *actor.Restarting:
		w.end()
	case *work.Work:
		w.core.Work(m)
		w.schedule(ctx)
	case *work.Late:
		w.core.Late(m)
		w.schedule(ctx)
	case flush:
		w.asked = false
		w.flush()
	case *work.Forget:
		if w.core.Forget(m) {
			w.syncer.applied(w.core.Durable())
		}
	case *work.Holders:
		m.Answer(w.core.Holders(m.Run))
	case *work.Run:
		w.core.Begin(m)
		w.syncer.applied(w.core.Durable())
	case failure:
		panic(m.err)
	}
}

func (w *writer) started(ctx actor.Context) {
	if err := w.Store.Rollback(); err != nil {
		panic(fmt.Errorf("roll back unfinished transactions: %w", err))
	}
	w.core = NewCore(w.Store.Position())
	self, system := ctx.Self(), ctx.ActorSystem()
	w.syncer = &syncer{
		sync: w.Store.Sync, interval: w.SyncInterval,
		durable: func(m *work.Durable) {
			w.Metrics.Syncs.Add(1)
			w.Durable(m)
		},
		failed: func(err error) { system.Root.Send(self, failure{fmt.Errorf("sync the store: %w", err)}) },
	}
	w.syncer.start()
}

func (w *writer) end() {
	if w.syncer != nil {
		w.syncer.end()
		w.syncer = nil
	}
}

func (w *writer) schedule(ctx actor.Context) {
	if !w.asked && w.core.Ready() {
		w.asked = true
		ctx.Send(ctx.Self(), flush{})
	}
}

func (w *writer) flush() {
	g := w.core.Gather()
	if err := w.Store.Apply(g.Batches); err != nil {
		panic(fmt.Errorf("apply %d fragments: %w", len(g.Works), err))
	}
	w.Progress.Applied(g.Seq, g.Commit)
	w.Credit(g.Bytes)
	w.syncer.applied(w.core.Durable())
	for _, done := range g.Works {
		w.Metrics.Encodings.Add(uint64(done.Emissions.Encoded()))
	}
	w.Metrics.Batches.Add(1)
	w.Metrics.Items.Add(uint64(g.Items))
	w.Metrics.Bytes.Add(uint64(g.JSON))
	w.Metrics.Lates.Add(uint64(len(g.Lates)))
	w.Metrics.Outstanding.Add(-int64(len(g.Works)))
	w.core.Applied()
}
