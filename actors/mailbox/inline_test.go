package mailbox

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithDeadLetterThrottleInterval(time.Millisecond),
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
}

func spawn(t *testing.T, receive func(actor.Context)) (*actor.RootContext, *actor.PID) {
	system := quiet()
	pid := system.Root.Spawn(actor.PropsFromFunc(receive, actor.WithMailbox(Inline)))
	t.Cleanup(func() { system.Shutdown() })
	return system.Root, pid
}

func TestAMessageIsProcessedBeforeThePostReturns(t *testing.T) {
	var got []any
	root, pid := spawn(t, func(ctx actor.Context) { got = append(got, ctx.Message()) })
	require.IsType(t, &actor.Started{}, got[0])
	root.Send(pid, 1)
	root.Send(pid, 2)
	require.Equal(t, []any{1, 2}, got[1:])
	root.Stop(pid)
	require.IsType(t, &actor.Stopping{}, got[3])
	require.IsType(t, &actor.Stopped{}, got[4])
}

func TestWhatIsPostedMeanwhileIsProcessedAfterwardsInOrder(t *testing.T) {
	var got []int
	depth := 0
	root, pid := spawn(t, func(ctx actor.Context) {
		n, ok := ctx.Message().(int)
		if !ok {
			return
		}
		depth++
		require.Equal(t, 1, depth, "one at a time")
		if n < 3 {
			ctx.Send(ctx.Self(), 10*n)
			ctx.Send(ctx.Self(), 10*n+1)
		}
		got = append(got, n)
		depth--
	})
	root.Send(pid, 1)
	require.Equal(t, []int{1, 10, 11}, got)
	root.Send(pid, 2)
	require.Equal(t, []int{1, 10, 11, 2, 20, 21}, got)
}

func TestOneGoroutineAtATimeAndEachSendersOrder(t *testing.T) {
	const senders, messages = 8, 2000
	type message struct{ sender, n int }
	var inside atomic.Int32
	last := make([]int, senders)
	total := 0
	root, pid := spawn(t, func(ctx actor.Context) {
		m, ok := ctx.Message().(message)
		if !ok {
			return
		}
		if inside.Add(1) != 1 {
			panic("two at a time")
		}
		if m.n != last[m.sender]+1 {
			panic("out of order")
		}
		last[m.sender] = m.n
		total++
		inside.Add(-1)
	})
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for n := range messages {
				root.Send(pid, message{s, n + 1})
			}
		})
	}
	wg.Wait()
	require.Equal(t, senders*messages, total)
}

func TestAPanicIsReportedAndTheRestFollowsTheSupervisor(t *testing.T) {
	var got []int
	var failed atomic.Int32
	system := quiet()
	defer system.Shutdown()
	child := actor.PropsFromFunc(func(ctx actor.Context) {
		if n, ok := ctx.Message().(int); ok {
			if n == 1 {
				ctx.Send(ctx.Self(), 2)
				panic("no")
			}
			got = append(got, n)
		}
	}, actor.WithMailbox(Inline))
	pid := system.Root.WithGuardian(actor.NewOneForOneStrategy(0, 0, func(reason any) actor.Directive {
		failed.Add(1)
		return actor.ResumeDirective
	})).Spawn(child)
	system.Root.Send(pid, 1)
	system.Root.Send(pid, 3)
	require.EqualValues(t, 1, failed.Load())
	require.Equal(t, []int{2, 3}, got)
}

func TestAnIdleMailboxKeepsNoLargeQueue(t *testing.T) {
	root, pid := spawn(t, func(ctx actor.Context) {
		if ctx.Message() == 1 {
			for range 10_000 {
				ctx.Send(ctx.Self(), 2)
			}
		}
	})
	root.Send(pid, 1)
	q := &queue{}
	for range 10_000 {
		q.push(1)
	}
	for q.len() > 0 {
		q.pop()
	}
	require.LessOrEqual(t, cap(q.messages), keptMessages)
}

func BenchmarkInline(b *testing.B) {
	system := quiet()
	defer system.Shutdown()
	n := 0
	pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) { n++ }, actor.WithMailbox(Inline)))
	message := &struct{ x int }{}
	b.ReportAllocs()
	for b.Loop() {
		system.Root.Send(pid, message)
	}
}
