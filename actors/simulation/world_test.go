package simulation

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cockroachdb/pebble/v2/vfs"

	"leyden/actors/collector"
	"leyden/actors/consumer"
	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/actors/writer"
	"leyden/internal/change"
	"leyden/internal/filter"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/persistence/shapelog"
)

const (
	partitions    = 3
	maxInFlight   = 6 // fragments that are not applied: the credit of the stream
	maxShapes     = 7
	snapshotAhead = 3 // rows of a snapshot that are written in one step
)

// world is the engine, put together without actors: each queue is a mailbox, and the seed decides who has the turn.
type world struct {
	rng   *rand.Rand
	trace []string

	pg        *postgres
	stream    *stream
	delivered int // the most transactions that the stream has ever delivered; snapshots are taken with that in mind
	batch     int
	relations map[[2]int]*change.Relation

	fs          *vfs.MemFS
	store       *shapelog.Store
	projections *change.Projections

	// What the status authority and the creation of shapes know.
	status *status.Authority
	shapes map[shape.ID]*simShape
	micros int64

	// The streaming subtree.
	run       *work.Run
	collector *collector.Core
	writer    *writer.Core
	consumers map[shape.ID]*mailbox
	toWriter  []any
	toColl    []any
	durable   *work.Durable // what the next sync makes true
	inFlight  int
	filter    *filter.Filter
	// incomplete are the works of which a delivery is under way.
	incomplete map[uint64]bool
	taken      uint64 // commit LSN of the last transaction that the collector has taken in this run

	// Only a world with subqueries has these.
	subqueries bool
	apart      bool   // outer shapes are over one table, inner ones over the other, and there is nothing else
	slow       uint64 // which consumers are: by their ids modulo 5, none if it is 5
	host       *consumer.Host
	followed   map[shape.ID][]*followed // by inner shape
	queries    map[shape.ID]*moveQuery  // by outer shape
	ends       map[*shapelog.Log]shape.Offset
	fault      error

	// What has happened, to see that the simulation reaches what it should.
	count map[string]int
}

type simShape struct {
	entry  *status.Entry
	id     shape.ID
	handle shape.Handle
	def    *shape.Definition
	match  func(row, []result) bool
	table  int
	inner  []*simShape // of an outer shape, in the order of its subqueries
	log    *shapelog.Log
	client *client

	// creation
	added    bool
	writer   *shapelog.SnapshotWriter
	snapshot *pg.Snapshot
	routed   int // transactions that the stream had delivered when the collector knew the shape
	pending  [][]byte
	complete bool
	durable  bool // its snapshot has been synced

	removing bool

	// creation of an outer shape
	attached bool
	views    []subquery.Set
	asked    bool // the collector has been asked to route to it

	asking *work.MoveIn // its last query
}

type mailbox struct {
	core  *consumer.Core // nil before the first message and after a failure
	built bool
	queue []any

	// In a world with subqueries the actor runs, on the goroutine of the world.
	actor   actor.Actor
	dead    bool // it has crashed
	delayed []*work.Attach
}

func newWorld(seed uint64) (*world, error) {
	rng := rand.New(rand.NewPCG(seed, 77))
	w := &world{
		rng: rng, pg: newPostgres(rng), batch: 2 + rng.IntN(4), fs: vfs.NewCrashableMem(),
		count: map[string]int{}, subqueries: seed%3 == 0,
	}
	if w.subqueries {
		w.pg.nulls, w.slow = true, rng.Uint64N(6)
		w.apart = rng.IntN(2) == 0
	}
	return w, w.startProcess()
}

func (w *world) log(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

func (w *world) did(what string) { w.count[what]++ }

// startProcess opens what is on disk: shapes whose snapshot is not complete are removed.
func (w *world) startProcess() error {
	var err error
	w.store, err = shapelog.Open(w.fs, "store", shapelog.Options{ChunkBytes: 300})
	if err != nil {
		return err
	}
	w.projections = change.NewProjections()
	w.relations = map[[2]int]*change.Relation{}
	w.status = status.New(func() time.Time { return time.UnixMicro(w.micros) })
	before := w.shapes
	w.shapes, w.queries, w.ends = map[shape.ID]*simShape{}, map[shape.ID]*moveQuery{}, map[*shapelog.Log]shape.Offset{}
	var incomplete []shape.Handle
	err = w.store.Load(func(rec shapelog.Record) error {
		if !rec.Snapshot.Complete || rec.Def.Where.HasSubqueries() {
			incomplete = append(incomplete, rec.Handle)
			return nil
		}
		for _, s := range before {
			if s.handle != rec.Handle {
				continue
			}
			restored := *s
			var err error
			if older, ok := w.status.Lookup(rec.Def.Identity()); ok { // it was being removed
				w.did("superseded shape")
				w.status.Remove(older)
				w.status.Confirm(older.Handle)
				incomplete = append(incomplete, older.Handle)
				delete(w.shapes, older.ID)
			}
			if restored.entry, err = w.status.Restore(rec.Handle, rec.Def, w.store.Log(rec)); err != nil {
				return err
			}
			restored.id, restored.def, restored.log = restored.entry.ID, rec.Def, restored.entry.Log()
			restored.added, restored.complete, restored.writer, restored.removing, restored.pending = true, true, nil, false, nil
			restored.durable = true
			w.shapes[restored.id] = &restored
			return nil
		}
		return fmt.Errorf("shape %s on disk was never made", rec.Handle)
	})
	if err != nil {
		return err
	}
	for _, s := range before {
		if s.durable && !s.removing && len(s.inner) == 0 && !slices.ContainsFunc(slices.Collect(maps.Values(w.shapes)), func(r *simShape) bool { return r.handle == s.handle }) {
			return fmt.Errorf("shape %s was complete on disk and is gone", s.handle)
		}
	}
	if err := w.store.Remove(incomplete...); err != nil {
		return err
	}
	return w.startStreaming()
}

// startStreaming starts collector, writer, partitions and the replication connection on what the store has.
func (w *world) startStreaming() error {
	if err := w.store.Rollback(); err != nil {
		return err
	}
	w.consumers = map[shape.ID]*mailbox{}
	for _, m := range w.toColl {
		if m, ok := m.(*work.RemoveShape); ok && m.Done != nil {
			m.Done() // the new collector will never have heard of the shape
		}
	}
	w.toWriter, w.toColl, w.durable, w.inFlight, w.taken, w.filter = nil, nil, nil, 0, 0, filter.New()
	w.incomplete = map[uint64]bool{}
	w.startSubqueries()
	w.run = &work.Run{
		LayerDone: func(m *work.Work) { w.toColl = append(w.toColl, layerDone{m}) },
		Completed: func(m *work.Work) {
			w.toWriter = append(w.toWriter, m)
			delete(w.incomplete, m.Seq)
		},
		Late: func(m *work.Late) {
			w.toWriter = append(w.toWriter, m)
			if w.incomplete[m.After] {
				w.did("late behind an incomplete work")
			} else if m.After > 0 {
				w.did("late behind a work")
			}
		},
	}
	w.writer = writer.NewCore(w.store.Position())
	w.writer.Begin(w.run)
	w.durable = w.writer.Durable()
	relations, err := w.store.Get("tracked_relations")
	if err != nil && !errors.Is(err, shapelog.ErrNotFound) {
		return err
	}
	w.collector, err = collector.NewCore(collector.CoreConfig{
		Run: w.run, Filter: w.filter, Partitions: partitions, Position: w.store.Position(), Relations: relations, Margin: maxRunning,
	})
	if err != nil {
		return err
	}
	for _, id := range w.ids() {
		s := w.shapes[id]
		if len(s.inner) > 0 {
			continue
		}
		if !s.added {
			s.added, s.routed = true, w.delivered
		}
		add := &work.AddShape{ID: id, Def: s.def}
		if s.complete {
			info, err := s.log.Snapshot()
			if err != nil {
				return err
			}
			add.Filtering, add.Xmax = info.Filtering, info.Xmax
		}
		if err := w.collector.Add(add); err != nil {
			return err
		}
		if s.snapshot != nil && !s.complete {
			w.toColl = append(w.toColl, &work.SnapshotKnown{ID: id, Snapshot: *s.snapshot})
		}
	}
	w.stream = w.pg.connect(w.batch, w.relations)
	return nil
}

func (w *world) ids() []shape.ID { return slices.Sorted(maps.Keys(w.shapes)) }

func (w *world) pick(ok func(*simShape) bool) *simShape {
	var candidates []*simShape
	for _, id := range w.ids() {
		if s := w.shapes[id]; ok(s) {
			candidates = append(candidates, s)
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	return candidates[w.rng.IntN(len(candidates))]
}
