package collector

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type memory map[string][]byte

func (m memory) Position() uint64 { return 0 }
func (m memory) Get(key string) ([]byte, error) {
	if v, ok := m[key]; ok {
		return v, nil
	}
	return nil, shapelog.ErrNotFound
}
func (m memory) Put(key string, v []byte) error { m[key] = v; return nil }

// bench is a collector whose partitions and writer only collect what they are sent.
type bench struct {
	system   *actor.ActorSystem
	pid      *actor.PID
	writer   chan any
	shares   chan any
	boundary chan uint64
	credit   chan int64
	invalid  chan shape.ID
	filter   *byTable
	store    memory
	failed   chan any
	metrics  *work.Metrics
}

func newBench(t *testing.T, ask func(*change.Relation, func([]shape.Table, error))) *bench {
	b := &bench{
		writer: make(chan any, 100), shares: make(chan any, 100), boundary: make(chan uint64, 100), credit: make(chan int64, 100),
		invalid: make(chan shape.ID, 100), filter: newByTable(), store: memory{}, failed: make(chan any, 10), metrics: &work.Metrics{},
		system: actor.NewActorSystem(actor.WithDeadLetterThrottleInterval(time.Millisecond),
			actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })),
	}
	sink := func(to chan any) *actor.PID {
		return b.system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			switch ctx.Message().(type) {
			case actor.SystemMessage, actor.AutoReceiveMessage:
			default:
				to <- ctx.Message()
			}
		}))
	}
	stop := actor.NewOneForOneStrategy(0, 0, func(reason any) actor.Directive {
		b.failed <- reason
		return actor.StopDirective
	})
	writer, part := sink(b.writer), sink(b.shares)
	b.pid = b.system.Root.WithGuardian(stop).Spawn(Props(Config{
		Store: b.store, Filter: func() Filter { return b.filter }, Shapes: func(func(*work.AddShape)) {},
		Writer: writer, Partitions: []*actor.PID{part, part}, Settle: func(_, taken, needed int64) { b.credit <- needed - taken }, Layouts: func() int { return 1 },
		Boundary: func(lsn uint64) { b.boundary <- lsn }, Ancestors: ask, Relation: func(*change.Relation, Described) {},
		Invalidate: func(id shape.ID, _ error) { b.invalid <- id }, Progress: &work.Progress{}, Metrics: b.metrics,
		Logger: slog.New(slog.DiscardHandler),
	}))
	run := (<-b.writer).(*work.Run)
	b.send(&work.Durable{Run: run})
	t.Cleanup(func() {
		for _, pid := range []*actor.PID{b.pid, writer, part} {
			require.NoError(t, b.system.Root.StopFuture(pid).Wait())
		}
		b.system.Shutdown()
	})
	return b
}

func (b *bench) send(m any) { b.system.Root.Send(b.pid, m) }

func TestAFragmentBecomesOneMessageForEachPartitionItConcerns(t *testing.T) {
	b := newBench(t, nil)
	for id := range shape.ID(6) {
		b.send(&work.AddShape{ID: id + 1, Def: over(7)})
	}
	b.send(whole(10, 7, 7))
	require.Len(t, (<-b.shares).(*work.Share).Deliveries, 3)
	require.Len(t, (<-b.shares).(*work.Share).Deliveries, 3)
	require.Empty(t, b.shares)
}

func TestTheCreditOfWhatConcernsNobodyIsGivenBackAtOnce(t *testing.T) {
	b := newBench(t, nil)
	f := whole(10, 8)
	f.Retained, f.Credit = 50, 50
	b.send(f)
	require.EqualValues(t, -50, <-b.credit)
	require.EqualValues(t, 10, <-b.boundary)
	b.send(f)
	require.EqualValues(t, -50, <-b.credit, "of a repeated one too")
	require.EqualValues(t, 10, <-b.boundary)
}

func TestARelationThatEndsAShapeIsRememberedOverRestarts(t *testing.T) {
	b := newBench(t, nil)
	b.filter.ended = func(old, rel *change.Relation) []shape.ID { return []shape.ID{4} }
	b.send(&work.Relation{New: table(7)})
	require.EqualValues(t, 4, <-b.invalid)
	hold := (<-b.writer).(*work.Work)
	require.True(t, hold.Deliveries[0].Result.Held)
	b.send(&work.RemoveShape{ID: 4})
	require.Equal(t, &work.Forget{Run: hold.Run, ID: 4, Seq: 1}, <-b.writer)
	known, err := loadRelations(b.store[RelationsKey])
	require.NoError(t, err)
	require.Contains(t, known.byOID, uint32(7))
}

func TestTheStreamStandsStillUntilAncestorsAreKnown(t *testing.T) {
	answers := make(chan func([]shape.Table, error), 10)
	b := newBench(t, func(_ *change.Relation, answer func([]shape.Table, error)) { answers <- answer })
	b.send(&work.AddShape{ID: 1, Def: over(100), Partitioned: true})
	b.send(whole(10, 111))
	b.send(whole(20, 112))
	b.send(&work.Relation{New: table(5)})
	(<-answers)([]shape.Table{named(100, "t")}, nil)
	answer := <-answers
	require.EqualValues(t, 10, (<-b.shares).(*work.Share).Deliveries[0].Work.Fragment.LSN)
	require.Empty(t, b.shares)
	answer([]shape.Table{named(100, "t")}, nil)
	require.EqualValues(t, 20, (<-b.shares).(*work.Share).Deliveries[0].Work.Fragment.LSN)
	b.send(whole(30, 112, 111))
	require.EqualValues(t, 30, (<-b.shares).(*work.Share).Deliveries[0].Work.Fragment.LSN)
	require.Empty(t, answers)
}

func TestAncestorsThatCannotBeHadAreAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan func([]shape.Table, error), 10)
		b := newBench(t, func(_ *change.Relation, answer func([]shape.Table, error)) { answers <- answer })
		b.send(&work.AddShape{ID: 1, Def: over(100), Partitioned: true})
		b.send(whole(10, 111))
		(<-answers)(nil, errors.New("no connection"))
		(<-answers)(nil, errors.New("no connection"))
		(<-answers)([]shape.Table{named(100, "t")}, nil)
		require.Len(t, (<-b.shares).(*work.Share).Deliveries, 1)
	})
}

func TestAStraddlingFragmentEndsTheCollector(t *testing.T) {
	b := newBench(t, nil)
	b.send(part(10, true, false, 0, 7, 7))
	b.send(part(10, true, true, 2, 7, 7))
	var straddle *Straddle
	require.ErrorAs(t, (<-b.failed).(error), &straddle)
}

func TestAWorkIsChargedForWhatItIsMadeInto(t *testing.T) {
	b := newBench(t, nil)
	b.send(&work.AddShape{ID: 1, Def: over(7)})
	b.send(whole(10, 7, 7))
	w := (<-b.shares).(*work.Share).Deliveries[0].Work
	require.Greater(t, w.Charge, w.Fragment.Retained)
	require.Equal(t, w.Charge-w.Fragment.Credit, <-b.credit)
}

func TestWhatTheFilterCannotDecideIsCounted(t *testing.T) {
	b := newBench(t, nil)
	b.filter.errors, b.filter.fault = 3, errors.New("broken")
	b.send(whole(10, 7))
	<-b.credit
	b.filter.errors = 5
	b.send(whole(20, 7))
	<-b.credit
	require.EqualValues(t, 5, b.metrics.Undecided.Load())
}
