package partition

import (
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/actors/consumer"
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const count = 4 // partitions, of which the test has number 1

// bench is one partition on a real store. Its partition runs on the test's goroutine only, by way of run.
type bench struct {
	t      testing.TB
	system *actor.ActorSystem
	store  *shapelog.Store
	host   *consumer.Host
	shapes map[shape.ID]work.Shape
	part   *partition
	pid    *actor.PID
	run    *work.Run
	done   []*work.Work
	late   []*work.Late
	lsn    uint64
}

func newBench(t testing.TB) *bench { return newBenchOn(t, vfs.NewMem()) }

func newBenchOn(t testing.TB, fs vfs.FS) *bench {
	b := &bench{t: t, shapes: map[shape.ID]work.Shape{}, system: actor.NewActorSystem(actor.WithDeadLetterThrottleInterval(time.Millisecond),
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))}
	var err error
	b.store, err = shapelog.Open(fs, "store", shapelog.Options{})
	require.NoError(t, err)
	b.host = &consumer.Host{
		Projections: change.NewProjections(), Metrics: &work.Metrics{}, Logger: slog.New(slog.DiscardHandler),
		Invalidate: func(shape.ID, error) {},
	}
	b.run = &work.Run{
		Completed: b.completed,
		Late:      b.handedIn,
	}
	b.pid = b.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		b.part = &partition{Config: Config{Count: count, Shapes: b, Host: b.host, RestAfter: 1 << 60}, pulse: &pulse{}}
		return b.part
	}, actor.WithSupervisor(stopChildren{}), actor.WithDispatcher(actor.NewSynchronizedDispatcher(300))))
	t.Cleanup(func() {
		b.system.Root.Stop(b.pid)
		b.system.Shutdown()
		require.NoError(t, b.store.Close())
	})
	return b
}

// completed does with a work what the writer does.
func (b *bench) completed(w *work.Work) {
	b.done = append(b.done, w)
	var batch shapelog.Batch
	for i := range w.Deliveries {
		if r := &w.Deliveries[i].Result; r.Log != nil {
			batch.Appends = append(batch.Appends, shapelog.Append{Log: r.Log, Items: r.Items, Commit: r.Commit, FilteringDone: r.FilteringDone})
		}
	}
	require.NoError(b.t, b.store.Apply([]shapelog.Batch{batch}))
}

// handedIn does so with a late.
func (b *bench) handedIn(l *work.Late) {
	b.late = append(b.late, l)
	var batch shapelog.Batch
	for _, p := range l.Parts {
		if p.FilteringDone {
			continue // the tests count on being told again
		}
		batch.Appends = append(batch.Appends, shapelog.Append{Log: l.Log, Items: p.Items, Commit: p.Commit})
	}
	require.NoError(b.t, b.store.Apply([]shapelog.Batch{batch}))
}

func (b *bench) Shape(id shape.ID) (work.Shape, bool) {
	s, ok := b.shapes[id]
	return s, ok
}

func (b *bench) tell(m any) { b.system.Root.Send(b.pid, m) }

var columns = &change.Relation{OID: 7, Schema: "public", Name: "t", Columns: []change.Column{{Name: "id"}}}

// create makes a shape; its snapshot is complete, and contains nothing.
func (b *bench) create(id shape.ID) {
	d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: "t"}, Key: []string{"id"}, Selected: []string{"id"}}}
	log, err := b.store.Create(shape.Handle{Hash: 1, Micros: uint64(id)}, d)
	require.NoError(b.t, err)
	w := log.SnapshotWriter()
	require.NoError(b.t, w.Known(pg.Snapshot{Xmin: 3, Xmax: 3}))
	require.NoError(b.t, w.Finish())
	b.shapes[id] = work.Shape{ID: id, Def: d, Log: log}
}

// share makes a transaction with one insert for each of the shapes.
func (b *bench) share(ids ...shape.ID) *work.Share {
	b.lsn += 10
	f := &change.Fragment{XID: 5, LSN: b.lsn, Begin: true, Commit: &change.Commit{}, Last: shape.Offset{Tx: b.lsn}}
	f.Changes = []change.Change{{Op: change.Insert, Relation: columns, New: change.Tuple{[]byte("1")}}}
	w := &work.Work{Run: b.run, Seq: b.lsn / 10, Fragment: f, Changes: f.Changes, Index: []int32{0}, Emissions: change.NewEmissions(1)}
	w.Deliveries = make([]work.Delivery, len(ids))
	for i, id := range ids {
		d := &w.Deliveries[i]
		d.Work, d.ID, d.Count, d.Begin = w, id, 1, true
	}
	w.Open()
	return &work.Share{Deliveries: w.Deliveries}
}

func (b *bench) ticks(n int) {
	for range n {
		b.tell(tick{})
	}
}

func TestTheFirstMessageStartsAConsumerAndAllAreCompleted(t *testing.T) {
	b := newBench(t)
	b.create(1)
	b.create(5)
	b.tell(b.share(1, 5))
	require.Len(t, b.done, 1)
	for i := range b.done[0].Deliveries {
		require.True(t, b.done[0].Deliveries[i].Result.Commit)
	}
	require.Equal(t, 2, b.part.children.Len())
	b.tell(b.share(5))
	require.Len(t, b.done, 2)
	require.EqualValues(t, 2, b.host.Metrics.Spawned.Load())
}

func TestADeliveryForAShapeThatIsGoneIsHeld(t *testing.T) {
	b := newBench(t)
	b.tell(b.share(1))
	require.True(t, b.done[0].Deliveries[0].Result.Held)
	require.Zero(t, b.part.children.Len())
}

func TestAnIdleConsumerSleepsAndABusyOneDoesNot(t *testing.T) {
	b := newBench(t)
	b.create(1)
	b.create(5)
	b.tell(b.share(1, 5))
	for range 3 * idleTicks {
		b.tell(b.share(5))
		b.ticks(1)
	}
	require.EqualValues(t, 1, b.host.Metrics.Awake.Load())
	require.EqualValues(t, 1, b.host.Metrics.Passivated.Load())
	require.Equal(t, 1, b.part.children.Len())
	b.tell(b.share(1))
	require.True(t, b.done[len(b.done)-1].Deliveries[0].Result.Commit)
	require.EqualValues(t, 2, b.host.Metrics.Awake.Load())
	b.ticks(3 * idleTicks)
	require.Zero(t, b.host.Metrics.Awake.Load())
	require.Zero(t, b.part.children.Len())
}

func TestAConsumerWithOpenBusinessStaysAwake(t *testing.T) {
	b := newBench(t)
	b.create(1)
	b.create(5)
	log, err := b.store.Create(shape.Handle{Hash: 1, Micros: 9}, b.shapes[1].Def)
	require.NoError(t, err)
	b.shapes[9] = work.Shape{ID: 9, Def: b.shapes[1].Def, Log: log}

	open := b.share(1)
	open.Deliveries[0].Work.Fragment.Commit = nil
	b.tell(open)       // more is to come
	b.tell(b.share(9)) // it waits for its snapshot
	b.tell(b.share(5))
	b.ticks(5 * idleTicks)
	require.EqualValues(t, 2, b.host.Metrics.Awake.Load())

	b.tell(&work.SnapshotKnown{ID: 9, Snapshot: pg.Snapshot{Xmin: 3, Xmax: 3}})
	require.Len(t, b.late, 1)
	b.ticks(5 * idleTicks)
	require.EqualValues(t, 2, b.host.Metrics.Awake.Load(), "the store does not know the snapshot yet")
	w := log.SnapshotWriter()
	require.NoError(t, w.Known(pg.Snapshot{Xmin: 3, Xmax: 3}))
	require.NoError(t, w.Finish())
	b.ticks(5 * idleTicks)
	require.EqualValues(t, 1, b.host.Metrics.Awake.Load())
}

func TestASnapshotWakesNobody(t *testing.T) {
	b := newBench(t)
	b.create(5)
	d := b.shapes[5].Def
	log, err := b.store.Create(shape.Handle{Hash: 1, Micros: 1}, d)
	require.NoError(t, err)
	b.shapes[1] = work.Shape{ID: 1, Def: d, Log: log}
	snapshot := pg.Snapshot{Xmin: 3, Xmax: 3}
	require.NoError(t, log.SnapshotWriter().Known(snapshot))
	b.tell(&work.SnapshotKnown{ID: 1, Snapshot: snapshot})
	require.Zero(t, b.host.Metrics.Spawned.Load())
	b.tell(b.share(1))
	require.False(t, b.done[0].Deliveries[0].Result.Held, "its log tells the consumer that comes")
}

func TestDropEndsTheConsumerAndThenCalls(t *testing.T) {
	b := newBench(t)
	b.create(1)
	b.tell(b.share(1))
	dropped := 0
	b.tell(&work.Drop{IDs: []shape.ID{1}, Done: func() { dropped++ }})
	require.Equal(t, 1, dropped)
	require.Zero(t, b.host.Metrics.Awake.Load())
	require.Zero(t, b.part.children.Len())
	b.tell(&work.Drop{IDs: []shape.ID{1}, Done: func() { dropped++ }})
	require.Equal(t, 2, dropped, "it need not be awake")
	require.Zero(t, b.part.endings.Len())
	b.ticks(3 * idleTicks)
}

func TestATruncationEndsShapesWithoutWakingThem(t *testing.T) {
	b := newBench(t)
	var ended []shape.ID
	b.host.Invalidate = func(id shape.ID, reason error) {
		require.ErrorIs(t, reason, work.ErrTruncated)
		ended = append(ended, id)
		delete(b.shapes, id)
	}
	truncate := func(xid uint32, commit bool, ids ...shape.ID) *work.Work {
		s := b.share(ids...)
		w := s.Deliveries[0].Work
		w.Fragment.XID, w.Changes[0] = xid, change.Change{Op: change.Truncate, Relation: columns}
		if !commit {
			w.Fragment.Commit = nil
		}
		b.tell(s)
		return w
	}
	b.create(1)
	b.create(2)
	awake := func() int64 { return b.host.Metrics.Awake.Load() }

	// A snapshot that contains the truncation is what it left.
	w := truncate(2, true, 1)
	require.Equal(t, []*work.Work{w}, b.done)
	require.False(t, w.Deliveries[0].Result.Held)
	require.Empty(t, ended)
	require.Zero(t, awake())

	// Of a transaction that goes on something is to be remembered.
	w = truncate(2, false, 2)
	require.Len(t, b.done, 2)
	require.EqualValues(t, 1, awake())
	b.tell(&work.Drop{IDs: []shape.ID{2}, Done: func() {}})
	require.Zero(t, awake())

	w = truncate(7, true, 1, 2)
	require.ElementsMatch(t, []shape.ID{1, 2}, ended)
	require.Len(t, b.done, 3)
	for i := range w.Deliveries {
		require.True(t, w.Deliveries[i].Result.Held)
	}
	require.Zero(t, awake())
	require.Zero(t, b.part.children.Len())
}

func TestAPartitionKeepsNothingOfConsumersThatAreGone(t *testing.T) {
	b := newBench(t)
	b.part.RestAfter = time.Hour // no tick comes meanwhile
	for id := range shape.ID(10) {
		b.create(id * count)
		b.tell(b.share(id * count))
	}
	held := func() (n int) {
		for _, slot := range b.part.wheel.slots {
			n += len(slot)
		}
		return n
	}
	require.Equal(t, 10, held())
	for id := range shape.ID(10) {
		b.tell(&work.Drop{IDs: []shape.ID{id * count}, Done: func() {}})
	}
	require.Zero(t, held())
}

func TestFilteringEndsWithoutWakingAShape(t *testing.T) {
	b := newBench(t)
	b.create(1)
	b.tell(&work.FilteringOver{Run: b.run, ID: 1})
	b.tell(&work.FilteringOver{Run: b.run, ID: 99})
	require.Len(t, b.late, 1)
	require.True(t, b.late[0].Parts[0].FilteringDone)
	require.Zero(t, b.late[0].Seq)
	require.Zero(t, b.host.Metrics.Spawned.Load())
	b.tell(b.share(1))
	b.tell(&work.FilteringOver{Run: b.run, ID: 1})
	b.tell(&work.FilteringOver{Run: b.run, ID: 1})
	require.Len(t, b.late, 2, "once by an awake consumer")
}

func TestAConsumerThatFailedStaysUntilItsShapeIsDropped(t *testing.T) {
	b := newBench(t)
	b.create(1)
	var reasons []error
	b.host.Invalidate = func(_ shape.ID, reason error) { reasons = append(reasons, reason) }
	bad := b.share(1)
	bad.Deliveries[0].Work.Changes[0].New = nil // no values
	b.tell(bad)
	require.True(t, b.done[0].Deliveries[0].Result.Held)
	require.Len(t, reasons, 1)
	b.ticks(3 * idleTicks)
	require.Greater(t, len(reasons), 1, "a removal that was lost is asked for again")
	b.tell(b.share(1))
	require.True(t, b.done[1].Deliveries[0].Result.Held, "a new one would go on as if nothing had been")
	require.EqualValues(t, 1, b.host.Metrics.Spawned.Load())
	dropped := false
	b.tell(&work.Drop{IDs: []shape.ID{1}, Done: func() { dropped = true }})
	require.True(t, dropped)
}

func TestASleepingShapeCostsItsPartitionNothing(t *testing.T) {
	b := newBench(t)
	for i := range shape.ID(2000) {
		b.create(count*i + 1)
		b.tell(b.share(count*i + 1))
	}
	b.done = nil
	require.Equal(t, 2000, b.part.children.Len())
	b.ticks(3 * idleTicks)
	require.Zero(t, b.part.children.Len())
	require.Zero(t, b.part.endings.Len())
	for _, slot := range b.part.wheel.slots {
		require.Empty(t, slot)
	}
}

// BenchmarkAwakeConsumers reports what a consumer that is awake costs, and what its start does.
func BenchmarkAwakeConsumers(b *testing.B) {
	bench := newBench(b)
	const n = 20_000
	for i := range shape.ID(n) {
		bench.create(count*i + 1)
	}
	var before, after runtime.MemStats
	b.ResetTimer()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range shape.ID(n) {
		bench.tell(bench.share(count*i + 1))
		bench.done = bench.done[:0]
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/consumer")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/start")
}
