package simulation

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"leyden/actors/collector"
	"leyden/actors/consumer"
	"leyden/actors/work"
	"leyden/actors/writer"
	"leyden/internal/change"
	"leyden/internal/filter"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/where"
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
	shapes map[shape.ID]*simShape
	nextID shape.ID
	micros uint64

	// The streaming subtree.
	run       *work.Run
	collector *collector.Core
	writer    *writer.Core
	consumers map[shape.ID]*mailbox
	toWriter  []any
	toColl    []any
	durable   *work.Durable // what the next sync makes true
	inFlight  int

	// What has happened, to see that the simulation reaches what it should.
	count map[string]int
}

type simShape struct {
	id     shape.ID
	handle shape.Handle
	def    *shape.Definition
	match  func(row) bool
	table  int
	log    *shapelog.Log
	client *client

	// creation
	added    bool
	writer   *shapelog.SnapshotWriter
	snapshot *pg.Snapshot
	routed   int // transactions that the stream had delivered when the collector knew the shape
	pending  []row
	complete bool

	removing bool
}

type mailbox struct {
	core  *consumer.Core // nil before the first message and after a failure
	built bool
	queue []any
}

func newWorld(seed uint64) (*world, error) {
	rng := rand.New(rand.NewPCG(seed, 77))
	w := &world{
		rng: rng, pg: newPostgres(rng), batch: 2 + rng.IntN(4), fs: vfs.NewCrashableMem(), nextID: 1,
		count: map[string]int{},
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
	before := w.shapes
	w.shapes = map[shape.ID]*simShape{}
	var incomplete []shape.Handle
	err = w.store.Load(func(rec shapelog.Record) error {
		if !rec.Snapshot.Complete {
			incomplete = append(incomplete, rec.Handle)
			return nil
		}
		for _, s := range before {
			if s.handle != rec.Handle {
				continue
			}
			restored := *s
			restored.id, restored.def, restored.log = w.nextID, rec.Def, w.store.Log(rec)
			restored.added, restored.complete, restored.writer, restored.removing, restored.pending = true, true, nil, false, nil
			w.nextID++
			w.shapes[restored.id] = &restored
			return nil
		}
		return fmt.Errorf("shape %s on disk was never made", rec.Handle)
	})
	if err != nil {
		return err
	}
	for _, s := range before {
		if s.complete && !s.removing && !slices.ContainsFunc(slices.Collect(maps.Values(w.shapes)), func(r *simShape) bool { return r.handle == s.handle }) {
			return fmt.Errorf("shape %s was complete and is gone", s.handle)
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
	w.toWriter, w.toColl, w.durable, w.inFlight = nil, nil, nil, 0
	w.run = &work.Run{
		Completed: func(m *work.Work) { w.toWriter = append(w.toWriter, m) },
		Late:      func(m *work.Late) { w.toWriter = append(w.toWriter, m) },
	}
	w.writer = writer.NewCore(w.store.Position())
	w.writer.Begin(w.run)
	w.durable = w.writer.Durable()
	relations, err := w.store.Get("tracked_relations")
	if err != nil && !errors.Is(err, shapelog.ErrNotFound) {
		return err
	}
	w.collector, err = collector.NewCore(collector.CoreConfig{
		Run: w.run, Filter: filter.New(), Partitions: partitions, Position: w.store.Position(), Relations: relations, Margin: maxRunning,
	})
	if err != nil {
		return err
	}
	for _, id := range w.ids() {
		s := w.shapes[id]
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
		w.collector.Add(add)
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

// createShape makes a shape up to its registration with the collector.
func (w *world) createShape() (bool, error) {
	if len(w.shapes) >= maxShapes {
		return false, nil
	}
	n := w.rng.IntN(len(w.pg.tables)+1) / 2
	t := w.pg.tables[n]
	columns := []string{"id", "tenant", "title"}
	s := &simShape{id: w.nextID, table: n, client: &client{}, match: func(row) bool { return true }}
	d := &shape.Definition{
		Layout:  &shape.Layout{Table: shape.Table{OID: t.oid, Schema: "public", Name: t.name}, Key: []string{"id"}, Selected: columns, Explicit: columns},
		Replica: shape.Replica(w.rng.IntN(2)),
	}
	if w.rng.IntN(5) == 0 { // no primary key
		d.Key, d.NoPrimaryKey = columns, true
	}
	if w.rng.IntN(3) == 0 && t.version == 0 {
		d.SelectsAll, d.Explicit = true, nil
	}
	text := ""
	switch w.rng.IntN(5) {
	case 0, 1:
		text, s.match = "tenant = '1'", func(r row) bool { return r.tenant == "1" }
	case 2:
		text, s.match = "tenant > '0' AND title <> ''", func(r row) bool { return r.tenant > "0" && r.title != "" }
	case 3:
		text, s.match = "tenant IN ('0', '2')", func(r row) bool { return r.tenant == "0" || r.tenant == "2" }
	}
	if text != "" {
		var cols []where.Column
		for _, name := range columns {
			cols = append(cols, where.Column{Name: name, Type: "text", TypeMod: -1})
		}
		var err error
		if d.Where, err = where.Compile(text, nil, cols); err != nil {
			return false, err
		}
	}
	w.nextID++
	w.micros++
	s.def, s.handle = d, shape.Handle{Hash: d.Identity().Hash(), Micros: w.micros}
	var err error
	if s.log, err = w.store.Create(s.handle, d); err != nil {
		return false, err
	}
	w.shapes[s.id] = s
	w.toColl = append(w.toColl, &work.AddShape{ID: s.id, Def: d, Done: func(error) { s.added = true }})
	w.log("create %d %s where %q key %v replica %d", s.id, t.name, text, d.Key, d.Replica)
	return true, nil
}

// advanceSnapshot does the next step of a snapshot that is being made.
func (w *world) advanceSnapshot() (bool, error) {
	s := w.pick(func(s *simShape) bool { return s.added && !s.complete && !s.removing })
	switch {
	case s == nil:
		return false, nil
	case s.snapshot == nil:
		snapshot, rows := w.pg.snapshot(s.table)
		for _, t := range w.pg.log[:s.routed] {
			if !snapshot.Visible(uint32(t.xid)) {
				w.did("hidden transaction")
				return true, nil // delivered before the shape was there, and not in the snapshot: another one is taken
			}
		}
		s.snapshot = &snapshot
		for _, id := range slices.Sorted(maps.Keys(rows)) {
			if r := rows[id]; s.match(r) {
				s.pending = append(s.pending, r)
			}
		}
		s.writer = s.log.SnapshotWriter()
		if err := s.writer.Known(snapshot); err != nil {
			return false, err
		}
		w.toColl = append(w.toColl, &work.SnapshotKnown{ID: s.id, Snapshot: snapshot})
		w.log("snapshot of %d is %s, %d rows", s.id, snapshot, len(s.pending))
	case len(s.pending) > 0:
		for range min(snapshotAhead, len(s.pending)) {
			if err := s.writer.Row(snapshotRow(s.def, s.pending[0])); err != nil {
				return false, err
			}
			s.pending = s.pending[1:]
		}
	default:
		if err := s.writer.Finish(); err != nil {
			return false, err
		}
		s.complete = true
		w.log("snapshot of %d complete", s.id)
	}
	return true, nil
}

func snapshotRow(d *shape.Definition, r row) []byte {
	values := change.Tuple{[]byte(r.id), []byte(r.tenant), []byte(r.title)}
	b := append([]byte(nil), `{"key":`...)
	b = change.AppendJSONString(b, change.AppendKey(nil, d.Table.Schema, d.Table.Name, values[:len(d.Key)]))
	b = append(b, `,"value":{"id":`...)
	b = change.AppendJSONString(b, values[0])
	b = append(b, `,"tenant":`...)
	b = change.AppendJSONString(b, values[1])
	b = append(b, `,"title":`...)
	b = change.AppendJSONString(b, values[2])
	return append(b, `},"headers":{"operation":"insert"}}`...)
}

// invalidate begins the removal of a shape, once.
func (w *world) invalidate(id shape.ID, reason error) {
	if s := w.shapes[id]; s != nil && !s.removing {
		s.removing = true
		w.did("invalidated: " + reason.Error())
		w.log("invalidate %d: %v", id, reason)
	}
}

// advanceRemoval does the rest of a removal: the consumer ends after what it has been handed, the store forgets the shape,
// then the collector does.
func (w *world) advanceRemoval() (bool, error) {
	s := w.pick(func(s *simShape) bool { return s.removing })
	if s == nil {
		return false, nil
	}
	if m := w.consumers[s.id]; m != nil {
		for len(m.queue) > 0 {
			w.consume(s.id, m)
		}
		delete(w.consumers, s.id)
		if w.rng.IntN(2) == 0 {
			return true, nil
		}
	}
	if err := w.store.Remove(s.handle); err != nil {
		return false, err
	}
	delete(w.shapes, s.id)
	w.toColl = append(w.toColl, &work.RemoveShape{ID: s.id})
	w.log("removed %d", s.id)
	return true, nil
}

// mailbox finds or makes the consumer of a shape, nil for one that is being removed or gone.
func (w *world) mailbox(id shape.ID) *mailbox {
	if m := w.consumers[id]; m != nil {
		return m
	}
	if s := w.shapes[id]; s == nil || s.removing {
		return nil
	}
	m := &mailbox{}
	w.consumers[id] = m
	return m
}

// feed gives the collector the next event of the stream.
func (w *world) feed() (bool, error) {
	if w.inFlight >= maxInFlight {
		return false, nil
	}
	e := w.stream.receive()
	w.delivered = max(w.delivered, w.stream.next)
	switch e := e.(type) {
	case *change.Fragment:
		return true, w.fragment(e)
	case *change.Relation:
		return true, w.relation(e)
	}
	return false, nil
}

func (w *world) fragment(f *change.Fragment) error {
	taken, err := w.collector.Fragment(f)
	if err != nil {
		return err
	}
	w.log("fragment %d..%s xid %d begin %t commit %t: duplicate %t, work %t", f.LSN, f.Last, f.XID, f.Begin, f.Commit != nil, taken.Duplicate, taken.Work != nil)
	if taken.Duplicate {
		w.did("duplicate fragment")
	}
	if taken.Work != nil {
		taken.Work.Settled = w.store.Position()
		w.inFlight++
		for p := range partitions {
			for i := range w.collector.Share(taken.Work, p) {
				d := &w.collector.Share(taken.Work, p)[i]
				if m := w.mailbox(d.ID); m != nil {
					m.queue = append(m.queue, d)
				} else {
					d.Complete(work.Result{Held: true})
				}
			}
		}
	}
	return w.settled()
}

func (w *world) relation(r *change.Relation) error {
	d, err := w.collector.Relation(r)
	if err != nil {
		return err
	}
	if d.Hold != nil {
		w.inFlight++
		for i := range d.Hold.Deliveries {
			d.Hold.Deliveries[i].Complete(work.Result{Held: true})
		}
	}
	for _, id := range d.Invalid {
		w.invalidate(id, work.ErrRelationChanged)
	}
	if d.Store == nil {
		return nil
	}
	return w.store.Put("tracked_relations", d.Store)
}

func (w *world) settled() error {
	if lsn, moved := w.collector.Boundary(); moved {
		w.pg.confirmed = max(w.pg.confirmed, lsn)
	}
	for {
		id, ok := w.collector.FilteringOver(w.store.Position())
		if !ok {
			return nil
		}
		w.did("filtering over")
		m := &work.FilteringOver{Run: w.run, ID: id}
		if box := w.consumers[id]; box != nil {
			box.queue = append(box.queue, m)
		} else if s := w.shapes[id]; s != nil && !s.removing {
			w.run.Late(&work.Late{Run: w.run, ID: id, Log: s.log, Parts: []work.Part{{FilteringDone: true}}})
		}
	}
}

// collect gives the collector its next message.
func (w *world) collect() (bool, error) {
	if len(w.toColl) == 0 {
		return false, nil
	}
	m := w.toColl[0]
	w.toColl = w.toColl[1:]
	switch m := m.(type) {
	case *work.AddShape:
		w.collector.Add(m)
		m.Done(nil)
		if s := w.shapes[m.ID]; s != nil {
			s.routed = w.delivered
		}
	case *work.SnapshotKnown:
		w.collector.Known(m.ID, m.Snapshot.Xmax)
		if box := w.consumers[m.ID]; box != nil {
			box.queue = append(box.queue, m)
		}
	case *work.RemoveShape:
		w.collector.Remove(m.ID)
		w.toWriter = append(w.toWriter, &work.Forget{Run: w.run, ID: m.ID, Seq: w.collector.Seq()})
	case *work.Durable:
		w.collector.Durable(m)
		return true, w.settled()
	}
	return true, nil
}

// consumeAny gives some consumer its next message.
func (w *world) consumeAny() bool {
	var busy []shape.ID
	for _, id := range slices.Sorted(maps.Keys(w.consumers)) {
		if len(w.consumers[id].queue) > 0 {
			busy = append(busy, id)
		}
	}
	if len(busy) == 0 {
		return false
	}
	id := busy[w.rng.IntN(len(busy))]
	w.consume(id, w.consumers[id])
	return true
}

func (w *world) consume(id shape.ID, m *mailbox) {
	s := w.shapes[id]
	if !m.built {
		m.built = true
		st, err := consumer.ReadState(s.log)
		if err != nil {
			w.invalidate(id, err)
		} else {
			m.core = consumer.New(work.Shape{ID: id, Def: s.def, Log: s.log}, st, w.projections, maxRunning)
		}
	}
	message := m.queue[0]
	m.queue = m.queue[1:]
	switch message := message.(type) {
	case *work.Delivery:
		r := work.Result{Held: true}
		if m.core != nil {
			e := w.projections.Encoder()
			var err error
			if r, err = m.core.Deliver(message, e); err != nil {
				w.invalidate(id, err)
			}
			w.projections.Return(e)
		}
		if r.Held {
			w.did("held")
		}
		if r.FilteringDone {
			w.did("filtering done")
		}
		w.log("shape %d takes %s: %d items, commit %t, held %t", id, message.Work.Fragment.Last, len(r.Items), r.Commit, r.Held)
		message.Complete(r)
	case *work.SnapshotKnown:
		if m.core == nil {
			return
		}
		late, err := m.core.SnapshotKnown(message.Snapshot)
		if err != nil {
			w.invalidate(id, err)
		} else if late != nil {
			w.did("late")
			w.log("shape %d hands in %d held parts", id, len(late.Parts))
			late.Run.Late(late)
		}
	case *work.FilteringOver:
		if m.core != nil && m.core.FilteringOver() {
			w.run.Late(&work.Late{Run: w.run, ID: id, Log: s.log, Parts: []work.Part{{FilteringDone: true}}})
		}
	}
}

// crashConsumer makes a consumer fail at its next delivery.
func (w *world) crashConsumer() bool {
	for _, id := range slices.Sorted(maps.Keys(w.consumers)) {
		m := w.consumers[id]
		if m.core != nil && len(m.queue) > 0 {
			m.core, m.built = nil, true
			w.invalidate(id, errors.New("crash"))
			return true
		}
	}
	return false
}

// passivate puts a consumer to sleep that has nothing to do.
func (w *world) passivate() bool {
	for _, id := range slices.Sorted(maps.Keys(w.consumers)) {
		m := w.consumers[id]
		if m.core == nil || len(m.queue) > 0 {
			continue
		}
		if m.core.NeedsStored() && w.shapes[id].complete {
			m.core.Stored()
		}
		if m.core.Idle() {
			delete(w.consumers, id)
			w.did("passivated")
			w.log("shape %d sleeps", id)
			return true
		}
	}
	return false
}

// write gives the writer its next message, or has it write what it has.
func (w *world) write() (bool, error) {
	if w.writer.Ready() && w.rng.IntN(3) == 0 || len(w.toWriter) == 0 {
		if !w.writer.Ready() {
			return false, nil
		}
		g := w.writer.Gather()
		if err := w.store.Apply(g.Batches); err != nil {
			return false, err
		}
		w.inFlight -= len(g.Works)
		w.durable = w.writer.Durable()
		w.log("applied %d works, %d lates: position %d", len(g.Works), len(g.Lates), w.store.Position())
		return true, nil
	}
	m := w.toWriter[0]
	w.toWriter = w.toWriter[1:]
	switch m := m.(type) {
	case *work.Work:
		w.writer.Work(m)
	case *work.Late:
		w.writer.Late(m)
	case *work.Forget:
		if w.writer.Forget(m) {
			w.durable = w.writer.Durable()
		}
	}
	return true, nil
}

func (w *world) sync() (bool, error) {
	if w.durable == nil {
		return false, nil
	}
	m := w.durable
	w.durable = nil
	if err := w.store.Sync(); err != nil {
		return false, err
	}
	w.toColl = append(w.toColl, m)
	return true, nil
}

// syncUnnoticed makes applied data survive a crash although nobody has been told.
func (w *world) syncUnnoticed() error { return w.store.Sync() }

// reconnect opens the stream again, from what Postgres has as acknowledged.
func (w *world) reconnect() {
	w.stream = w.pg.connect(w.batch, w.relations)
	w.log("reconnect at %d", w.pg.confirmed)
}

// crashPostgres loses acknowledgements that the server had not stored.
func (w *world) crashPostgres() {
	w.pg.confirmed = w.pg.flushed
	w.did("postgres crash")
	w.reconnect()
}

// restartStreaming lets the streaming subtree fail and start again.
func (w *world) restartStreaming() error {
	w.did("subtree restart")
	w.log("subtree restart, position %d", w.store.Position())
	return w.startStreaming()
}

// crash kills the process and the machine: what was not synced is lost. The store's bytes decide what the next process has.
func (w *world) crash() error {
	w.did("crash")
	w.fs = w.fs.CrashClone(vfs.CrashCloneCfg{})
	if err := w.store.Close(); err != nil {
		return err
	}
	w.log("crash")
	if err := w.startProcess(); err != nil {
		return err
	}
	w.log("restarted at position %d, acknowledged %d, shapes %v", w.store.Position(), w.pg.confirmed, w.ids())
	return nil
}

// check reads a shape as its client does and compares it with the model.
func (w *world) check(s *simShape) error {
	if s.removing || !s.complete {
		return nil
	}
	if err := s.client.read(s.log); err != nil {
		return fmt.Errorf("shape %d (%s): %w", s.id, s.handle, err)
	}
	at := uint64(0)
	if !s.client.at.Virtual() {
		at = s.client.at.Tx
	}
	return w.compare(s, w.pg.at(s.table, *s.snapshot, at))
}

// compare compares what the client has with the shape's rows of a table.
func (w *world) compare(s *simShape, table rows) error {
	want := map[string]row{}
	for _, r := range table {
		if s.match(r) {
			values := change.Tuple{[]byte(r.id), []byte(r.tenant), []byte(r.title)}
			want[string(change.AppendKey(nil, "public", s.def.Table.Name, values[:len(s.def.Key)]))] = r
		}
	}
	if len(want) != len(s.client.rows) {
		return fmt.Errorf("shape %d at %s has %d rows, the model %d: %v and %v", s.id, s.client.at, len(s.client.rows), len(want), slices.Sorted(maps.Keys(s.client.rows)), slices.Sorted(maps.Keys(want)))
	}
	for key, r := range want {
		got := s.client.rows[key]
		if got == nil || *got["id"] != r.id || *got["tenant"] != r.tenant || *got["title"] != r.title {
			return fmt.Errorf("shape %d at %s: row %s is %v, in the model %v", s.id, s.client.at, key, got, r)
		}
	}
	return nil
}
