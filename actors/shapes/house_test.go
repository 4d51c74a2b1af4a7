package shapes

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"leyden/actors/collector"
	"leyden/actors/consumer"
	"leyden/actors/partition"
	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/actors/writer"
	"leyden/internal/change"
	"leyden/internal/filter"
	"leyden/internal/pg"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/publication"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

// house is the whole engine but for Postgres: the manager, the authority and the tracker of this package with the real
// streaming subtree and the real store, on a file system in memory. Its Postgres is a list of transactions; snapshot queries
// are answered from it, and wait where a test wants them to.
type house struct {
	t      require.TestingT
	config houseConfig
	fs     *vfs.MemFS
	disk   vfs.FS // in place of fs, for what it would fill
	dir    string

	// A process.
	store    *hookedStore
	status   *status.Authority
	manager  *Manager
	tracker  *Tracker
	stopRuns func()
	system   *actor.ActorSystem
	metrics  *work.Metrics
	hooks    hooks

	// Its streaming subtree.
	lives     int
	collector atomic.Pointer[actor.PID]
	parts     []*actor.PID
	writer    *actor.PID
	filter    *filter.Filter // of the collector; read behind a barrier

	mu        sync.Mutex
	moved     *sync.Cond // confirmed, or something that a hook changed
	stream    []*change.Fragment
	rows      []row
	lsn       uint64
	xid       uint32
	confirmed uint64
	micros    int64
	tables    map[uint32]*inspect.Table
	relations map[uint32]*change.Relation
	failure   *publication.Error // of the next look at the publication
	commits   *RecentCommits
	withheld  []*work.Register // not nil: what the manager tells the collector waits here
}

type houseConfig struct {
	partitions           int
	restAfter            time.Duration
	grace                time.Duration
	period               time.Duration // of looks for stalled shapes, in which one that is asked has to answer; a millisecond at least
	partitionsStallGrace time.Duration
	dir                  string // where the store is; "": in memory
	backwards            bool   // restore the shapes in the reverse of their order
}

// row is a row of the model's tables.
type row struct {
	table, id, tenant int
	lsn               uint64
}

// hooks are where a test can stop the engine. Each is nil or is called by the goroutine that comes by.
type hooks struct {
	mu           sync.Mutex
	beforeQuery  func(d *shape.Definition) error // the shape is routed to, its snapshot is not known
	afterKnown   func(d *shape.Definition) error
	afterRows    func(d *shape.Definition) error
	beforeRemove func(handles []shape.Handle) error // of the store
	beforeApply  func()                             // of the store, by the writer
	beforeSync   func()                             // the same
	consumer     func(id shape.ID)                  // a partition has looked up a shape whose consumer it is about to start
	inConsumer   func(id shape.ID)                  // a consumer, or who acts for it, says that its shape ends
	beforeCreate func(d *shape.Definition)          // the shape is known, the store does not have it
	attach       func(e *status.Entry) error        // the snapshots of the inner shapes of e are complete
}

func (k *hooks) set(f func(*hooks)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(k)
}

func hooked[F any](k *hooks, pick func(*hooks) F) F {
	k.mu.Lock()
	defer k.mu.Unlock()
	return pick(k)
}

type hookedStore struct {
	*shapelog.Store
	hooks *hooks
}

func (s *hookedStore) Create(handle shape.Handle, d *shape.Definition) (*shapelog.Log, error) {
	if f := hooked(s.hooks, func(k *hooks) func(*shape.Definition) { return k.beforeCreate }); f != nil {
		f(d)
	}
	return s.Store.Create(handle, d)
}

func (s *hookedStore) Remove(handles ...shape.Handle) error {
	if f := hooked(s.hooks, func(k *hooks) func([]shape.Handle) error { return k.beforeRemove }); f != nil && len(handles) > 0 {
		if err := f(handles); err != nil {
			return err
		}
	}
	return s.Store.Remove(handles...)
}

// written is the store as the writer has it.
type written struct{ *hookedStore }

func (s written) Apply(batches []shapelog.Batch) error {
	if f := hooked(s.hooks, func(k *hooks) func() { return k.beforeApply }); f != nil {
		f()
	}
	return s.Store.Apply(batches)
}

func (s written) Sync() error {
	if f := hooked(s.hooks, func(k *hooks) func() { return k.beforeSync }); f != nil {
		f()
	}
	return s.Store.Sync()
}

const (
	items  = 7
	others = 8
)

func newHouse(t require.TestingT, c houseConfig) *house {
	if c.partitions == 0 {
		c.partitions = 3
	}
	h := &house{t: t, config: c, fs: vfs.NewCrashableMem(), tables: map[uint32]*inspect.Table{}, relations: map[uint32]*change.Relation{}, commits: &RecentCommits{}, xid: 10, lsn: 100, confirmed: 100}
	if c.dir != "" {
		h.disk, h.dir = vfs.Default, c.dir
	}
	h.moved = sync.NewCond(&h.mu)
	for _, oid := range []uint32{items, others} {
		h.relations[oid] = &change.Relation{OID: oid, Schema: "public", Name: table(oid).Name, Columns: []change.Column{
			{Name: "id", TypeOID: 20}, {Name: "tenant", TypeOID: 20}, {Name: "title", TypeOID: 25},
		}}
		h.tables[oid] = &inspect.Table{Table: table(oid), Kind: inspect.Ordinary, Columns: []inspect.Column{
			{Name: "id", TypeName: "int8", TypeOID: 20, PKIndex: 0, Kind: 'b', Base: inspect.BaseType{Name: "int8", TypeMod: -1}},
			{Name: "tenant", TypeName: "int8", TypeOID: 20, PKIndex: -1, Kind: 'b', Base: inspect.BaseType{Name: "int8", TypeMod: -1}},
			{Name: "title", TypeName: "text", TypeOID: 25, PKIndex: -1, Kind: 'b', Base: inspect.BaseType{Name: "text", TypeMod: -1}},
		}}
	}
	h.startProcess()
	return h
}

// house of a test that ends it.
func houseOf(t interface {
	require.TestingT
	Cleanup(func())
}, c houseConfig) *house {
	h := newHouse(t, c)
	t.Cleanup(h.close)
	return h
}

func table(oid uint32) shape.Table {
	return shape.Table{OID: oid, Schema: "public", Name: fmt.Sprintf("t%d", oid)}
}

func (h *house) close() { h.stopProcess() }

func (h *house) ctx() context.Context { return context.Background() }

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.micros += 10
	return time.UnixMicro(1_700_000_000_000_000 + h.micros)
}

// startProcess opens what is on disk as the stack does.
func (h *house) startProcess() {
	var files vfs.FS = h.fs
	if h.disk != nil {
		files = h.disk
	}
	opened, err := shapelog.Open(files, filepath.Join(h.dir, "store"), shapelog.Options{ChunkBytes: 1 << 20})
	require.NoError(h.t, err)
	h.store = &hookedStore{opened, &h.hooks}
	h.status = status.New(h.now)
	log := slog.New(slog.DiscardHandler)
	h.tracker = NewTracker(TrackerConfig{
		Configure: h.configure, Publication: "p", Refresh: time.Hour, Connected: func() bool { return true }, Logger: log,
		Broken: func(oid uint32, _ error) { h.manager.RemoveTable(oid) }, Lost: func(*publication.Error) {},
	})
	h.manager = NewManager(Config{
		Status: h.status, Store: h.store, Catalogue: catalogue{h}, Connections: lender{}, Publication: h.tracker, Commits: h.commits,
		Collector: h.tell, Query: h.query, Outer: outers{h}, FirstRow: time.Minute, Queue: time.Minute, Metrics: NewMetrics(prometheus.NewRegistry()), Logger: log,
	})
	var unfinished []shape.Handle
	var records []shapelog.Record
	require.NoError(h.t, h.store.Load(func(r shapelog.Record) error {
		records = append(records, r)
		return nil
	}))
	if h.config.backwards {
		slices.Reverse(records)
	}
	for _, r := range records {
		if gone, any := h.manager.Restore(r, h.store.Log); any {
			unfinished = append(unfinished, gone)
		}
	}
	require.NoError(h.t, h.store.Store.Remove(unfinished...))
	h.system = actor.NewActorSystem(actor.WithDeadLetterThrottleInterval(time.Millisecond),
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return log }))
	h.metrics = &work.Metrics{}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context, func()) error{h.manager.Run, h.tracker.Run} {
		up := make(chan struct{})
		running.Go(func() {
			for {
				if err := run(ctx, sync.OnceFunc(func() { close(up) })); err == nil || ctx.Err() != nil {
					return
				}
				up = make(chan struct{}) // as its supervisor does, it begins again
			}
		})
		<-up
	}
	h.stopRuns = func() {
		cancel()
		running.Wait()
	}
	h.startStreaming()
}

func (h *house) stopProcess() {
	h.stopRuns()
	h.stopStreaming()
	h.system.Shutdown()
	require.NoError(h.t, h.store.Close())
}

// restart ends the process in order and starts another.
func (h *house) restart() {
	h.stopProcess()
	h.startProcess()
}

// crash ends the process and loses what was not synced.
func (h *house) crash() { h.crashWhile(func() {}) }

// crashWhile is a crash while something cannot go on that is let go afterwards.
func (h *house) crashWhile(letGo func()) {
	fs := h.fs.CrashClone(vfs.CrashCloneCfg{})
	h.mu.Lock()
	confirmed := h.confirmed
	h.mu.Unlock()
	letGo()
	h.stopProcess()
	h.fs, h.confirmed = fs, confirmed
	h.startProcess()
}

func (h *house) startStreaming() {
	root := h.system.Root
	log := slog.New(slog.DiscardHandler)
	progress := &work.Progress{}
	invalidate := func(id shape.ID, reason error) {
		if f := hooked(&h.hooks, func(k *hooks) func(shape.ID) { return k.inConsumer }); f != nil {
			f(id)
		}
		h.manager.Invalidate(id, reason)
	}
	host := &consumer.Host{Projections: change.NewProjections(), Invalidate: invalidate, Waiting: h.manager.Waiting, Metrics: h.metrics, Logger: log}
	h.writer = root.Spawn(writer.Props(writer.Config{
		Store: written{h.store}, Credit: func(int64) {}, Durable: func(m *work.Durable) { h.tell(m) }, Progress: progress, Metrics: h.metrics, Logger: log,
	}))
	h.parts = nil
	for range h.config.partitions {
		h.parts = append(h.parts, root.Spawn(partition.Props(partition.Config{
			Count: h.config.partitions, Shapes: lookups{h}, Host: host, RestAfter: h.config.restAfter,
			StallGrace: h.config.partitionsStallGrace, StallPeriod: time.Millisecond,
		})))
	}
	h.lives++
	name := fmt.Sprintf("collector-%d", h.lives)
	h.collector.Store(h.system.NewLocalPID(name)) // the writer's first report may be faster than the spawn
	_, err := root.SpawnNamed(collector.Props(collector.Config{
		Store: h.store.Store, Filter: func() collector.Filter { h.filter = filter.New(); return h.filter }, Shapes: h.manager.Feed,
		Writer: h.writer, Partitions: h.parts, Settle: func(_, _, _ int64) {}, Layouts: func() int { return 1 }, Boundary: h.boundary, Relation: func(*change.Relation, collector.Described) {},
		Invalidate: h.manager.Invalidate, StallGrace: h.config.grace, StallPeriod: max(h.config.period, time.Millisecond),
		Progress: progress, Metrics: h.metrics, Logger: log,
	}), name)
	require.NoError(h.t, err)
	h.barrier() // it has been fed
	h.reconnect()
	h.broadcast()
}

// stopStreaming ends the subtree in the reverse of its order. What it is sent from then on is lost.
func (h *house) stopStreaming() {
	for _, pid := range append(append([]*actor.PID{h.collector.Load()}, h.parts...), h.writer) {
		require.NoError(h.t, h.system.Root.StopFuture(pid).Wait())
	}
}

// restartStreaming is what an operator, or a failure in the subtree, makes happen.
func (h *house) restartStreaming() {
	h.stopStreaming()
	h.startStreaming()
}

// reconnect sends again what is not acknowledged, as a slot does.
func (h *house) reconnect() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.stream {
		if f.LSN > h.confirmed {
			h.tell(f)
		}
	}
}

func (h *house) tell(m any) {
	if r, ok := m.(*work.Register); ok {
		done := r.Done
		r.Done = func() {
			done()
			go h.broadcast()
		}
		h.mu.Lock()
		if h.withheld != nil {
			h.withheld = append(h.withheld, r)
			h.moved.Broadcast()
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
	}
	if pid := h.collector.Load(); pid != nil {
		h.system.Root.Send(pid, m)
	}
}

func (h *house) boundary(lsn uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.confirmed = max(h.confirmed, lsn)
	h.moved.Broadcast()
}

// withhold keeps registrations from the collector until let.
func (h *house) withhold() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.withheld = []*work.Register{}
}

func (h *house) let() {
	h.mu.Lock()
	kept := h.withheld
	h.withheld = nil
	h.mu.Unlock()
	for _, r := range kept {
		h.system.Root.Send(h.collector.Load(), r)
	}
}

func (h *house) broadcast() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moved.Broadcast()
}

// patience is when a test that waits in vain says so.
const patience = 20 * time.Second

// await waits until ok, which is asked whenever something has moved.
func (h *house) await(ok func() bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	late := false
	timer := time.AfterFunc(patience, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		late = true
		h.moved.Broadcast()
	})
	defer timer.Stop()
	for !ok() {
		if late {
			panic(fmt.Sprintf("it does not come: acknowledged %d of %d, held from %d, works outstanding %d, invalidated %d, shapes %v",
				h.confirmed, h.lsn, h.metrics.Hold.Load(), h.metrics.Outstanding.Load(), h.metrics.Invalidated.Load(), h.status.Counts()))
		}
		h.moved.Wait()
	}
}

// settled waits until everything that was sent is acknowledged.
func (h *house) settled() { h.await(func() bool { return h.confirmed >= h.lsn }) }

// insert commits a transaction with a row for each tenant.
func (h *house) insert(oid uint32, tenants ...int) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lsn += 10
	h.xid++
	f := &change.Fragment{XID: h.xid, LSN: h.lsn, Begin: true, Commit: &change.Commit{Changes: len(tenants)}}
	for i, tenant := range tenants {
		r := row{table: int(oid), id: len(h.rows) + 1, tenant: tenant, lsn: h.lsn}
		h.rows = append(h.rows, r)
		f.Changes = append(f.Changes, change.Change{Op: change.Insert, Relation: h.relations[oid], Pos: int64(2 * i),
			New: change.Tuple{fmt.Append(nil, r.id), fmt.Append(nil, tenant), []byte("title")}})
	}
	f.Last = shape.Offset{Tx: h.lsn, Op: int64(2 * max(0, len(tenants)-1))}
	h.send(f)
	return h.lsn
}

// truncate empties a table.
func (h *house) truncate(oid uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lsn += 10
	h.xid++
	for i := range h.rows {
		if h.rows[i].table == int(oid) {
			h.rows[i].table = 0
		}
	}
	h.send(&change.Fragment{XID: h.xid, LSN: h.lsn, Begin: true, Commit: &change.Commit{Changes: 1}, Last: shape.Offset{Tx: h.lsn},
		Changes: []change.Change{{Op: change.Truncate, Relation: h.relations[oid]}}})
}

// send puts a fragment on the stream. The caller holds mu.
func (h *house) send(f *change.Fragment) {
	h.stream = append(h.stream, f)
	if f.Begin {
		h.commits.Add(f.XID)
	}
	h.tell(f)
}

// query answers a snapshot query: everything that was sent is in it.
func (h *house) query(ctx context.Context, _ *pgconn.PgConn, q snapshot.Query, sink snapshot.Sink) (snapshot.Stats, error) {
	if f := hooked(&h.hooks, func(k *hooks) func(*shape.Definition) error { return k.beforeQuery }); f != nil {
		if err := f(q.Def); err != nil {
			return snapshot.Stats{}, err
		}
	}
	if ctx.Err() != nil {
		return snapshot.Stats{}, ctx.Err()
	}
	h.mu.Lock()
	known := pg.Snapshot{Xmin: uint64(h.xid) + 1, Xmax: uint64(h.xid) + 1}
	rows := h.rowsOf(q.Def)
	h.mu.Unlock()
	if err := sink.Known(known, 0); err != nil {
		return snapshot.Stats{}, err
	}
	if f := hooked(&h.hooks, func(k *hooks) func(*shape.Definition) error { return k.afterKnown }); f != nil {
		if err := f(q.Def); err != nil {
			return snapshot.Stats{}, err
		}
	}
	for _, id := range rows {
		if err := sink.Row(fmt.Appendf(nil, `{"key":"%d","value":{"id":"%d"},"headers":{"operation":"insert"}}`, id, id)); err != nil {
			return snapshot.Stats{}, err
		}
	}
	if f := hooked(&h.hooks, func(k *hooks) func(*shape.Definition) error { return k.afterRows }); f != nil {
		if err := f(q.Def); err != nil {
			return snapshot.Stats{}, err
		}
	}
	return snapshot.Stats{Rows: int64(len(rows))}, ctx.Err()
}

// rowsOf are the ids of the rows that a shape has now. The caller holds mu.
func (h *house) rowsOf(d *shape.Definition) []int {
	var ids []int
	for _, r := range h.rows {
		if r.table == int(d.Table.OID) && tenantOf(d) == r.tenant {
			ids = append(ids, r.id)
		}
	}
	return ids
}

var number = regexp.MustCompile(`\d+`)

func tenantOf(d *shape.Definition) int {
	tenant, err := strconv.Atoi(number.FindString(d.Where.SQL()))
	if err != nil {
		panic(err)
	}
	return tenant
}

// tenant is the definition of a shape.
func (h *house) tenant(oid uint32, n int) *shape.Definition {
	columns := []string{"id", "tenant", "title"}
	clause, err := where.Compile(fmt.Sprintf("tenant = %d", n), nil, h.tables[oid].WhereColumns())
	require.NoError(h.t, err)
	return &shape.Definition{Layout: &shape.Layout{Table: table(oid), Key: []string{"id"}, Selected: columns, Explicit: columns}, Where: clause}
}

func (h *house) configure(context.Context, []shape.Table) (*publication.Result, *publication.Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &publication.Result{State: &publication.State{GeneratedColumns: true}}
	if h.failure != nil {
		r.Failed = append(r.Failed, h.failure)
	}
	return r, nil
}

// create makes a shape and waits for its snapshot.
func (h *house) create(oid uint32, tenant int) *status.Entry { return h.make(h.tenant(oid, tenant)) }

func (h *house) make(d *shape.Definition) *status.Entry {
	e, err := h.manager.Create(context.Background(), d)
	require.NoError(h.t, err)
	require.NoError(h.t, h.manager.AwaitSnapshotStart(context.Background(), e))
	h.complete(e)
	return e
}

// until waits for what nobody signals.
func (h *house) until(ok func() bool) {
	for !ok() {
		runtime.Gosched()
	}
}

// complete waits until the snapshot of a shape is complete.
func (h *house) complete(e *status.Entry) {
	h.until(func() bool {
		head, err := e.Log().Head()
		require.NoError(h.t, err)
		return head.SnapshotComplete
	})
}

// removed waits until the collector has forgotten the shapes.
func (h *house) removed(entries ...*status.Entry) {
	h.await(func() bool {
		for _, e := range entries {
			if _, there := h.status.Tombstone(e.Handle); there || !e.Removed() {
				return false
			}
		}
		return true
	})
}

// bytes are all that a client of the shape gets, snapshot first.
func (h *house) bytes(e *status.Entry) string {
	var out bytes.Buffer
	head, err := e.Log().Head()
	require.NoError(h.t, err)
	take := func(b []byte, _ int) error {
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		out.Write(b)
		return nil
	}
	for n := range head.LastSnapshotChunk + 1 {
		require.NoError(h.t, e.Log().ReadSnapshotChunk(context.Background(), n, take))
	}
	require.NoError(h.t, e.Log().ReadLog(shape.SnapshotEnd, head.Latest, take))
	return out.String()
}

var valueID = regexp.MustCompile(`"value":\{"id":"(\d+)"`)

// read is what a client of the shape has: ids in the order in which they came.
func (h *house) read(e *status.Entry) []string {
	ids := []string{}
	for _, m := range valueID.FindAllStringSubmatch(h.bytes(e), -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// whole checks that every row of a shape is there, once and in order.
func (h *house) whole(e *status.Entry) {
	h.settled()
	h.mu.Lock()
	want := []string{}
	for _, id := range h.rowsOf(e.Def) {
		want = append(want, fmt.Sprint(id))
	}
	h.mu.Unlock()
	require.Equal(h.t, want, h.read(e), "shape %d, %s", e.ID, e.Handle)
}

// barrier waits until the collector, and every partition behind it, have done what they were sent.
func (h *house) barrier() {
	done := make(chan struct{})
	h.system.Root.Send(h.collector.Load(), &work.Register{Done: func() { close(done) }})
	<-done
	for _, p := range h.parts {
		h.awake(p)
	}
}

func (h *house) awake(p *actor.PID) partition.Awake {
	answer := make(chan partition.Awake, 1)
	h.system.Root.Send(p, &partition.Look{Each: true, Answer: func(a partition.Awake) { answer <- a }})
	return <-answer
}

// consumers are the ids of all consumers that are awake.
func (h *house) consumers() map[shape.ID]bool {
	all := map[shape.ID]bool{}
	for _, p := range h.parts {
		for _, c := range h.awake(p).Consumers {
			all[c.ID] = true
		}
	}
	return all
}

// lookups is how partitions find shapes, with a hook.
type lookups struct{ h *house }

func (l lookups) Shape(id shape.ID) (work.Shape, bool) {
	s, ok := l.h.manager.Shape(id)
	if f := hooked(&l.h.hooks, func(k *hooks) func(shape.ID) { return k.consumer }); f != nil && ok {
		f(id)
	}
	return s, ok
}

// outers follows no values: where a shape has subqueries the house's clauses do not.
type outers struct{ h *house }

func (o outers) Attach(_ context.Context, e *status.Entry, inner []*status.Entry) ([]subquery.Set, error) {
	if f := hooked(&o.h.hooks, func(k *hooks) func(*status.Entry) error { return k.attach }); f != nil {
		if err := f(e); err != nil {
			return nil, err
		}
	}
	for _, in := range inner {
		if head, err := in.Log().Head(); err != nil || !head.SnapshotComplete {
			return nil, fmt.Errorf("inner shape %d is not complete: %w", in.ID, err)
		}
	}
	return make([]subquery.Set, len(inner)), nil
}

func (o outers) Detach(shape.ID) {}

func (o outers) Query(ctx context.Context, conn *pgconn.PgConn, _ *status.Entry, q snapshot.Query, views []subquery.Set, sink snapshot.Sink) (snapshot.Stats, error) {
	if len(views) != len(q.Def.Inner()) {
		return snapshot.Stats{}, fmt.Errorf("%d views", len(views))
	}
	return o.h.query(ctx, conn, q, sink)
}

// outer is the definition of a shape that depends on others.
func (h *house) outer(oid uint32, n int, inner ...*shape.Definition) *shape.Definition {
	d := h.tenant(oid, n)
	d.Dependencies = &shape.Dependencies{Inner: inner}
	return d
}

// lender lends no connection: the house's queries need none.
type lender struct{}

func (lender) Acquire(ctx context.Context) (*pgconn.PgConn, func(), error) {
	return nil, func() {}, ctx.Err()
}

type catalogue struct{ h *house }

func (c catalogue) ByOID(_ context.Context, oid uint32) (*inspect.Table, error) {
	if t := c.Cached(oid); t != nil {
		return t, nil
	}
	return nil, inspect.ErrNotFound
}

func (c catalogue) Cached(oid uint32) *inspect.Table {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	return c.h.tables[oid]
}

func (c catalogue) Clean(uint32)               {}
func (c catalogue) Forget(*inspect.Divergence) {}

func (c catalogue) Diff(context.Context) ([]inspect.Divergence, error) { return nil, nil }
