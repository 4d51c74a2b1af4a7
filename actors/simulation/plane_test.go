package simulation

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/actors/collector"
	"leyden/actors/consumer"
	"leyden/actors/partition"
	"leyden/actors/work"
	"leyden/actors/writer"
	"leyden/internal/change"
	"leyden/internal/filter"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// plane is the data plane as it runs: actors, the real filter, the real store in memory.
type plane struct {
	tb          testing.TB
	system      *actor.ActorSystem
	store       *shapelog.Store
	projections *change.Projections
	progress    work.Progress
	metrics     work.Metrics
	host        *consumer.Host
	collector   *actor.PID
	pids        []*actor.PID // to be stopped in this order

	mu       sync.Mutex
	shapes   map[shape.ID]work.Shape
	invalid  map[shape.ID]error
	boundary uint64
	moved    *sync.Cond // boundary, invalid

	credit   atomic.Int64
	credited chan struct{}
	nextID   shape.ID
}

func newPlane(tb testing.TB, partitions int, idleAfter time.Duration, opts shapelog.Options) *plane {
	p := &plane{
		tb: tb, system: actor.NewActorSystem(actor.WithDeadLetterThrottleInterval(time.Millisecond),
			actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })),
		projections: change.NewProjections(), shapes: map[shape.ID]work.Shape{}, invalid: map[shape.ID]error{}, nextID: 1,
		credited: make(chan struct{}, 1),
	}
	p.moved = sync.NewCond(&p.mu)
	var err error
	p.store, err = shapelog.Open(vfs.NewMem(), "store", opts)
	require.NoError(tb, err)
	log := slog.New(slog.DiscardHandler)
	p.host = &consumer.Host{Projections: p.projections, Metrics: &p.metrics, Logger: log, Invalidate: p.invalidate}
	release := func(n int64) {
		p.credit.Add(-n)
		select {
		case p.credited <- struct{}{}:
		default:
		}
	}
	root := p.system.Root
	w := root.Spawn(writer.Props(writer.Config{
		Store: p.store, Credit: release, Progress: &p.progress, Metrics: &p.metrics, Logger: log,
		Durable: func(m *work.Durable) { root.Send(p.collector, m) }, SyncInterval: time.Millisecond,
	}))
	var parts []*actor.PID
	for range partitions {
		parts = append(parts, root.Spawn(partition.Props(partition.Config{Count: partitions, Shapes: p, Host: p.host, RestAfter: idleAfter})))
	}
	p.collector = actor.NewPID(w.Address, "collector")
	_, err = root.SpawnNamed(collector.Props(collector.Config{
		Store: p.store, Filter: func() collector.Filter { return filter.New() }, Shapes: func(func(*work.AddShape)) {},
		Writer: w, Partitions: parts, Settle: func(_, taken, needed int64) { release(taken - needed) }, Layouts: func() int { return 3 }, Boundary: p.moveBoundary, Relation: func(*change.Relation, collector.Described) {},
		Invalidate: p.invalidate, Progress: &p.progress, Metrics: &p.metrics, Logger: log,
	}), "collector")
	require.NoError(tb, err)
	p.pids = append(append([]*actor.PID{p.collector}, parts...), w)
	tb.Cleanup(p.stop)
	return p
}

func (p *plane) stop() {
	for _, pid := range p.pids {
		require.NoError(p.tb, p.system.Root.StopFuture(pid).Wait())
	}
	p.system.Shutdown()
	require.NoError(p.tb, p.store.Close())
}

func (p *plane) Shape(id shape.ID) (work.Shape, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.shapes[id]
	return s, ok
}

func (p *plane) invalidate(id shape.ID, reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.invalid[id] = reason
	p.moved.Broadcast()
}

func (p *plane) moveBoundary(lsn uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.boundary = lsn
	p.moved.Broadcast()
}

// await waits until ok, which is asked again whenever the boundary moves or a shape becomes invalid.
func (p *plane) await(ok func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !ok() {
		p.moved.Wait()
	}
}

func (p *plane) awaitBoundary(lsn uint64) { p.await(func() bool { return p.boundary >= lsn }) }

// create makes a shape with an empty snapshot that contains nothing.
func (p *plane) create(d *shape.Definition) work.Shape {
	s := p.begin(d)
	require.NoError(p.tb, p.known(s, pg.Snapshot{Xmin: 3, Xmax: 3}).Finish())
	return s
}

// known tells a shape's snapshot to all who have to know.
func (p *plane) known(s work.Shape, snapshot pg.Snapshot) *shapelog.SnapshotWriter {
	w := s.Log.SnapshotWriter()
	require.NoError(p.tb, w.Known(snapshot))
	p.system.Root.Send(p.collector, &work.SnapshotKnown{ID: s.ID, Snapshot: snapshot})
	return w
}

// begin makes a shape whose snapshot is not known.
func (p *plane) begin(d *shape.Definition) work.Shape {
	id := p.nextID
	p.nextID++
	log, err := p.store.Create(shape.Handle{Hash: d.Identity().Hash(), Micros: uint64(id)}, d)
	require.NoError(p.tb, err)
	s := work.Shape{ID: id, Def: d, Log: log}
	p.mu.Lock()
	p.shapes[id] = s
	p.mu.Unlock()
	added := make(chan error, 1)
	p.system.Root.Send(p.collector, &work.AddShape{ID: id, Def: d, Done: func(err error) { added <- err }})
	require.NoError(p.tb, <-added)
	return s
}

// remove takes a shape away as the engine does.
func (p *plane) remove(s work.Shape) {
	p.mu.Lock()
	delete(p.shapes, s.ID)
	p.mu.Unlock()
	ended := make(chan struct{})
	p.system.Root.Send(p.collector, &work.Drop{IDs: []shape.ID{s.ID}, Done: func() { close(ended) }})
	<-ended
	require.NoError(p.tb, p.store.Remove(s.Log.Handle()))
	p.system.Root.Send(p.collector, &work.RemoveShape{ID: s.ID})
}

func (p *plane) send(f *change.Fragment) {
	f.Credit = f.Retained
	p.credit.Add(f.Credit)
	p.system.Root.Send(p.collector, f)
}

var planeRelation = &change.Relation{OID: 7, Schema: "public", Name: "items", Columns: []change.Column{
	{Name: "id", TypeOID: 20}, {Name: "tenant", TypeOID: 20}, {Name: "title", TypeOID: 25},
}}

func planeShape(columns ...string) *shape.Definition {
	slices.Sort(columns)
	return &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: columns, Explicit: columns}}
}

// inserts is a transaction.
func inserts(lsn uint64, n int) *change.Fragment {
	f := &change.Fragment{XID: uint32(lsn), LSN: lsn, Begin: true, Commit: &change.Commit{Changes: n}, Retained: int64(100 * n)}
	f.Changes = make([]change.Change, n)
	for i := range f.Changes {
		f.Changes[i] = change.Change{Op: change.Insert, Relation: planeRelation, Pos: int64(2 * i), New: change.Tuple{
			fmt.Appendf(nil, "%d%03d", lsn, i), []byte("42"), []byte("the title of a row, of some length"),
		}}
	}
	f.Last = shape.Offset{Tx: lsn, Op: int64(2 * max(0, n-1))}
	return f
}

func (p *plane) items(s work.Shape) string {
	head, err := s.Log.Head()
	require.NoError(p.tb, err)
	var b strings.Builder
	require.NoError(p.tb, s.Log.ReadLog(shape.SnapshotEnd, head.Latest, func(block []byte, n int) error {
		b.Write(block)
		return nil
	}))
	return b.String()
}

func TestAChangeGoesFromTheStreamToTheLogsOfItsShapes(t *testing.T) {
	p := newPlane(t, 4, 0, shapelog.Options{})
	var shapes []work.Shape
	for range 10 {
		shapes = append(shapes, p.create(planeShape("id", "title")))
	}
	for lsn := uint64(10); lsn < 50; lsn++ {
		p.send(inserts(lsn, 3))
	}
	p.awaitBoundary(49)
	for _, s := range shapes {
		require.Equal(t, 120, strings.Count(p.items(s), `"operation":"insert"`))
		require.Equal(t, 40, strings.Count(p.items(s), `"last":true`))
	}
	require.Zero(t, p.credit.Load(), "all credit is given back")
	require.EqualValues(t, 49, p.progress.LSN())
	require.EqualValues(t, 120, p.projections.Encodings.Load(), "each row is encoded once for ten shapes")
	require.EqualValues(t, 1200, p.metrics.Items.Load())
	require.Zero(t, p.metrics.Outstanding.Load())
}

func TestAPanicInOneShapeRemovesThatShapeAndNothingElse(t *testing.T) {
	p := newPlane(t, 2, 0, shapelog.Options{})
	broken, sound := p.create(planeShape("id", "title")), p.create(planeShape("id"))
	p.send(inserts(10, 1))
	p.awaitBoundary(10)
	bad := inserts(20, 1)
	bad.Changes[0].New = bad.Changes[0].New[:1] // no title
	p.send(bad)
	p.send(inserts(30, 1))
	p.await(func() bool { return p.invalid[broken.ID] != nil })
	var crashed *work.Crashed
	require.ErrorAs(t, p.invalid[broken.ID], &crashed)
	require.NotContains(t, p.invalid, sound.ID)
	changed := sound.Log.Changed()
	if head, err := sound.Log.Head(); err != nil || head.Latest.Tx < 30 {
		require.NoError(t, err)
		<-changed
	}
	p.await(func() bool { return p.boundary == 19 })

	p.remove(broken)
	p.awaitBoundary(30)
	require.Equal(t, 3, strings.Count(p.items(sound), `"operation":"insert"`))
}

func TestAShapeWithoutSnapshotHoldsTheBoundaryAndCatchesUp(t *testing.T) {
	p := newPlane(t, 2, 0, shapelog.Options{})
	other, late := p.create(planeShape("id")), p.begin(planeShape("id", "title"))
	for lsn := uint64(10); lsn < 20; lsn++ {
		p.send(inserts(lsn, 1))
	}
	idle := inserts(20, 0)
	p.send(idle)
	changed := other.Log.Changed()
	for head, _ := other.Log.Head(); head.Latest.Tx < 19; head, _ = other.Log.Head() {
		<-changed
		changed = other.Log.Changed()
	}
	require.Empty(t, p.items(late))
	for p.credit.Load() != 0 { // it is given back after readers were woken
		<-p.credited
	}
	require.Positive(t, p.metrics.HeldBytes.Load())
	p.known(late, pg.Snapshot{Xmin: 15, Xmax: 15})
	p.awaitBoundary(20)
	require.Equal(t, 5, strings.Count(p.items(late), `"operation":"insert"`))
	require.Zero(t, p.metrics.HeldBytes.Load())
	p.send(inserts(30, 1))
	p.awaitBoundary(30)
	require.Equal(t, 6, strings.Count(p.items(late), `"operation":"insert"`))
}

func TestAShapeThatHoldsTooMuchIsGivenUpAndTheOthersGoOn(t *testing.T) {
	p := newPlane(t, 2, 0, shapelog.Options{})
	p.host.HeldLimit = 1000
	other, late := p.create(planeShape("id")), p.begin(planeShape("id", "title"))
	for lsn := uint64(10); lsn < 100; lsn++ {
		p.send(inserts(lsn, 1))
	}
	p.await(func() bool { return p.invalid[late.ID] != nil })
	require.ErrorIs(t, p.invalid[late.ID], work.ErrHeldTooMuch)
	require.Zero(t, p.metrics.HeldBytes.Load())
	p.remove(late)
	p.awaitBoundary(99)
	require.Equal(t, 90, strings.Count(p.items(other), `"operation":"insert"`))
}

func TestARemovedShapeIsNotWaitedFor(t *testing.T) {
	p := newPlane(t, 2, 0, shapelog.Options{})
	gone := p.begin(planeShape("id"))
	p.send(inserts(10, 1))
	p.send(inserts(20, 1))
	p.remove(gone)
	p.awaitBoundary(20)
	p.send(inserts(30, 1))
	p.awaitBoundary(30)
}

func TestConsumersFallAsleepAndWakeUp(t *testing.T) {
	p := newPlane(t, 2, 8*time.Millisecond, shapelog.Options{})
	s := p.create(planeShape("id"))
	for n := range uint64(5) {
		p.send(inserts(10*n+10, 1))
		p.awaitBoundary(10*n + 10)
		require.Eventually(t, func() bool { return p.metrics.Awake.Load() == 0 }, 5*time.Second, time.Millisecond)
	}
	require.Equal(t, 5, strings.Count(p.items(s), `"operation":"insert"`))
	require.GreaterOrEqual(t, p.metrics.Passivated.Load(), uint64(5))
}

func TestShapesComeAndGoWhileTheStreamRuns(t *testing.T) {
	p := newPlane(t, 3, 2*time.Millisecond, shapelog.Options{})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var last atomic.Uint64
	wg.Go(func() {
		for lsn := uint64(100); ; lsn++ {
			select {
			case <-stop:
				return
			default:
			}
			for p.credit.Load() > 100_000 {
				<-p.credited
			}
			p.send(inserts(lsn, 3))
			last.Store(lsn)
		}
	})
	for n := range 150 {
		s := p.begin(planeShape("id", "title"))
		if n%3 > 0 {
			p.known(s, pg.Snapshot{Xmin: 3, Xmax: 3})
		}
		p.remove(s)
	}
	close(stop)
	wg.Wait()
	p.awaitBoundary(last.Load())
	require.Empty(t, p.invalid)
	require.Zero(t, p.metrics.HeldBytes.Load())
	require.Zero(t, p.metrics.Awake.Load())
	require.Zero(t, p.credit.Load())
}

func BenchmarkOneShapeTenRowFragments(b *testing.B) {
	p := newPlane(b, 16, 0, shapelog.Options{})
	p.create(planeShape("id", "tenant", "title"))
	fragments := make([]*change.Fragment, b.N)
	for i := range fragments {
		fragments[i] = inserts(uint64(i+10), 10)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, f := range fragments {
		for p.credit.Load() > 4<<20 {
			<-p.credited
		}
		p.send(f)
	}
	p.awaitBoundary(uint64(b.N + 9))
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fragments/s")
	b.ReportMetric(float64(10*b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.N)/float64(p.metrics.Batches.Load()), "fragments/batch")
}

func BenchmarkOneChangeToManyShapes(b *testing.B) {
	for _, n := range []int{1, 500, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := newPlane(b, 16, 0, shapelog.Options{})
			var s work.Shape
			for range n {
				s = p.begin(planeShape("id", "tenant", "title"))
				p.known(s, pg.Snapshot{Xmin: 3, Xmax: 3})
			}
			lsn := uint64(10)
			b.ReportAllocs()
			for b.Loop() {
				changed := s.Log.Changed()
				p.send(inserts(lsn, 1))
				<-changed
				lsn++
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/change")
			b.ReportMetric(float64(p.projections.Encodings.Load())/float64(lsn-10), "encodings/change")
		})
	}
}
