package writer

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/actors/work"
	"leyden/persistence/shapelog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a store that records what is done to it.
type scripted struct {
	mu       sync.Mutex
	position uint64
	applied  uint64 // last position of Apply
	synced   uint64 // of it, durable
	syncs    int
	fail     map[string]error
	apply    chan struct{} // when set, Apply waits for it
}

func (s *scripted) Apply(batches []shapelog.Batch) error {
	if s.apply != nil {
		<-s.apply
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		s.applied = max(s.applied, b.Position)
	}
	return s.fail["apply"]
}

func (s *scripted) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced = s.applied
	s.syncs++
	return s.fail["sync"]
}

func (s *scripted) Rollback() error  { return s.fail["rollback"] }
func (s *scripted) Position() uint64 { return s.position }

type bench struct {
	store   *scripted
	system  *actor.ActorSystem
	pid     *actor.PID
	run     *work.Run
	durable chan *work.Durable
	credit  chan int64
	failed  chan any
	metrics work.Metrics
}

func newBench(t *testing.T, s *scripted) *bench {
	b := &bench{
		store: s, durable: make(chan *work.Durable, 100), credit: make(chan int64, 100), failed: make(chan any, 10),
		system: actor.NewActorSystem(actor.WithDeadLetterThrottleInterval(time.Millisecond),
			actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })),
	}
	stop := actor.NewOneForOneStrategy(0, 0, func(reason any) actor.Directive {
		b.failed <- reason
		return actor.StopDirective
	})
	b.pid = b.system.Root.WithGuardian(stop).Spawn(Props(Config{
		Store: s, Credit: func(n int64) { b.credit <- n }, Durable: func(m *work.Durable) { b.durable <- m },
		Progress: &work.Progress{}, Metrics: &b.metrics, Logger: slog.New(slog.DiscardHandler),
	}))
	b.run = &work.Run{}
	b.system.Root.Send(b.pid, b.run)
	t.Cleanup(func() {
		require.NoError(t, b.system.Root.StopFuture(b.pid).Wait())
		b.system.Shutdown()
	})
	return b
}

func (b *bench) work(seq uint64) {
	f := &fixture{run: b.run}
	b.system.Root.Send(b.pid, f.fragment(seq, 10*seq, true, false))
}

func TestARunBeginsWithASyncOfWhatTheLastOneApplied(t *testing.T) {
	b := newBench(t, &scripted{position: 100})
	require.Equal(t, &work.Durable{Run: b.run}, <-b.durable)
	require.Equal(t, 1, b.store.syncs)
}

func TestDurableIsReportedAfterTheSyncAndCreditAfterTheWrite(t *testing.T) {
	b := newBench(t, &scripted{})
	<-b.durable
	for seq := uint64(1); seq <= 20; seq++ {
		b.work(seq)
	}
	credit := int64(0)
	for last := uint64(0); last < 20; {
		m := <-b.durable
		require.Greater(t, m.Seq, last)
		last = m.Seq
		b.store.mu.Lock()
		require.GreaterOrEqual(t, b.store.synced, 10*last)
		b.store.mu.Unlock()
	}
	for credit < 100 {
		credit += <-b.credit
	}
	require.EqualValues(t, 100, credit)
}

func TestWhatIsReadyWhileTheStoreWritesIsGathered(t *testing.T) {
	b := newBench(t, &scripted{apply: make(chan struct{})})
	<-b.durable
	b.work(1)
	b.store.apply <- struct{}{} // the first is being written
	for seq := uint64(2); seq <= 50; seq++ {
		b.work(seq)
	}
	close(b.store.apply)
	for m := <-b.durable; m.Seq < 50; m = <-b.durable {
	}
	require.Less(t, b.metrics.Batches.Load(), uint64(50))
}

func TestAForgottenShapeFreesThePositionWithoutAWrite(t *testing.T) {
	b := newBench(t, &scripted{})
	<-b.durable
	f := &fixture{run: b.run}
	b.system.Root.Send(b.pid, f.fragment(1, 10, true, false, 7))
	require.Equal(t, &work.Durable{Run: b.run, Seq: 1, Hold: 10}, <-b.durable)
	b.system.Root.Send(b.pid, &work.Forget{Run: b.run, ID: 7, Seq: 1})
	require.Equal(t, &work.Durable{Run: b.run, Seq: 1}, <-b.durable)
}

func TestAStoreErrorEndsTheWriter(t *testing.T) {
	full := errors.New("disk full")
	for _, operation := range []string{"apply", "sync", "rollback"} {
		t.Run(operation, func(t *testing.T) {
			b := newBench(t, &scripted{fail: map[string]error{operation: full}})
			b.work(1)
			reason, ok := (<-b.failed).(error)
			require.True(t, ok)
			require.ErrorIs(t, reason, full)
		})
	}
}
