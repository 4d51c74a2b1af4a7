package tree_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/actors/tree"
)

// Protoactor counts dead letters by the second, with a goroutine that nobody can stop.
const deadLetters = "github.com/asynkron/protoactor-go/actor.NewDeadLetter.NewThrottle.func4.1"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(deadLetters)) }

var errBroken = errors.New("broken")

// journal collects what children do, and lets a test wait for it.
type journal struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

func newJournal() *journal { return &journal{more: make(chan struct{}, 1000)} }

func (j *journal) write(line string) {
	j.mu.Lock()
	j.lines = append(j.lines, line)
	j.mu.Unlock()
	j.more <- struct{}{}
}

func (j *journal) await(t *testing.T, want ...string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		j.mu.Lock()
		got := append([]string(nil), j.lines...)
		if len(got) >= len(want) {
			j.lines = j.lines[len(want):]
			j.mu.Unlock()
			require.Equal(t, want, got[:len(want)])
			return
		}
		j.mu.Unlock()
		select {
		case <-j.more:
		case <-deadline:
			t.Fatalf("only %v happened, not %v", got, want)
		}
	}
}

func (j *journal) run(name string, end <-chan error) tree.Spec {
	return tree.Spec{Name: name, Run: func(ctx context.Context, up func()) error {
		j.write("+" + name)
		defer j.write("-" + name)
		up()
		select {
		case err := <-end:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

// puppet is an actor that does what it is told.
type puppet struct {
	name string
	j    *journal
}

func (p *puppet) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		p.j.write("+" + p.name)
	case *actor.Stopped:
		p.j.write("-" + p.name)
	case error:
		panic(m)
	case tree.Reason:
		tree.Stop(m)
	case string:
		p.j.write(p.name + ":" + m)
	}
}

func (j *journal) puppet(name string) tree.Spec {
	return tree.Spec{Name: name, Props: tree.Actor(func() actor.Actor { return &puppet{name: name, j: j} })}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func newSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet() }))
}

func start(t *testing.T, g tree.Group) (*tree.Tree, *actor.ActorSystem) {
	t.Helper()
	system := newSystem()
	tr, err := tree.Start(t.Context(), system, "root", g, tree.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { tr.Stop(context.Background()); system.Shutdown() })
	return tr, system
}

func TestActorsRunsAndGroupsStartInOrderAndStopInReverse(t *testing.T) {
	j := newJournal()
	tr, _ := start(t, tree.Group{Children: []tree.Spec{
		j.run("a", nil),
		{Name: "g", Group: &tree.Group{Children: []tree.Spec{j.puppet("b"), j.run("c", nil)}}},
		j.puppet("d"),
	}})
	j.await(t, "+a", "+b", "+c", "+d")
	var paths []string
	for _, n := range tr.Snapshot() {
		require.Equal(t, "up", n.State, n.Path)
		paths = append(paths, n.Path)
	}
	require.Equal(t, []string{"root", "root/a", "root/g", "root/g/b", "root/g/c", "root/d"}, paths, "in the order of their start")
	require.Empty(t, tr.Stop(t.Context()))
	j.await(t, "-d", "-c", "-b", "-a")
	require.Equal(t, tree.Shutdown, tr.Reason().Kind)
	for _, n := range tr.Snapshot() {
		require.Equal(t, "down", n.State, n.Path)
		require.Equal(t, tree.Shutdown, n.LastReason.Kind, n.Path)
	}
	require.Empty(t, tr.Stop(t.Context()), "a second stop has nothing to do")
}

func TestAPanicGivesANewInstanceUnderTheSamePID(t *testing.T) {
	j := newJournal()
	tr, system := start(t, tree.Group{Children: []tree.Spec{j.puppet("a")}})
	exits := make(chan *tree.Exited, 1)
	sub := system.EventStream.SubscribeWithPredicate(func(e any) { exits <- e.(*tree.Exited) }, func(e any) bool { _, ok := e.(*tree.Exited); return ok })
	pid := tr.PID("root/a")
	system.Root.Send(pid, "one")
	system.Root.Send(pid, errBroken)
	j.await(t, "+a", "a:one", "-a", "+a")
	system.Root.Send(pid, "two")
	j.await(t, "a:two")
	e := <-exits
	require.Equal(t, "root/a", e.Path)
	require.Equal(t, tree.Crash, e.Reason.Kind)
	require.ErrorIs(t, e.Reason.Err, errBroken)
	require.Contains(t, e.Reason.Err.Error(), "tree_test.go", "a crash carries its stack")
	system.EventStream.Unsubscribe(sub)
}

func TestAnActorPublishesWhyItEnds(t *testing.T) {
	j := newJournal()
	spec := j.puppet("a")
	spec.Restart, spec.Significant = tree.Transient, true
	tr, system := start(t, tree.Group{Children: []tree.Spec{spec}})
	system.Root.Send(tr.PID("root/a"), tree.Reason{Kind: tree.Cleanup})
	<-tr.Done()
	require.Equal(t, tree.Cleanup, tr.Reason().Kind)
}

func TestACrashLoopEscalatesToTheEndOfTheTree(t *testing.T) {
	j := newJournal()
	tr, system := start(t, tree.Group{Intensity: -1, Children: []tree.Spec{
		{Name: "g", Group: &tree.Group{Children: []tree.Spec{j.puppet("a"), j.run("b", nil)}}},
	}})
	j.await(t, "+a", "+b")
	for range 3 {
		system.Root.Send(tr.PID("root/g/a"), errBroken)
		j.await(t, "-a", "+a")
	}
	system.Root.Send(tr.PID("root/g/a"), errBroken)
	j.await(t, "-a", "-b")
	<-tr.Done()
	require.ErrorIs(t, tr.Reason().Err, tree.ErrTooManyRestarts)
	require.ErrorIs(t, tr.Reason().Err, errBroken)
}

func TestAGroupThatGaveUpIsStartedAfreshByItsParent(t *testing.T) {
	j := newJournal()
	tr, system := start(t, tree.Group{Children: []tree.Spec{
		{Name: "g", Group: &tree.Group{Intensity: -1, Children: []tree.Spec{j.run("b", nil), j.puppet("a")}}},
	}})
	j.await(t, "+b", "+a")
	system.Root.Send(tr.PID("root/g/a"), errBroken)
	j.await(t, "-a", "-b", "+b", "+a")
	system.Root.Send(tr.PID("root/g/a"), "still there")
	j.await(t, "a:still there")
}

func TestAPanicInStartedEndsTheStartWithItsCause(t *testing.T) {
	j := newJournal()
	system := newSystem()
	_, err := tree.Start(t.Context(), system, "root", tree.Group{Children: []tree.Spec{
		j.run("a", nil),
		{Name: "b", Props: tree.Actor(func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if _, ok := ctx.Message().(*actor.Started); ok {
					panic(errBroken)
				}
			})
		})},
	}}, tree.Options{Logger: quiet()})
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, "start b")
	j.await(t, "+a", "-a")
	system.Shutdown()
}

func TestAStartThatIsGivenUpStopsWhatHadStarted(t *testing.T) {
	j := newJournal()
	system := newSystem()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := tree.Start(ctx, system, "root", tree.Group{Children: []tree.Spec{
		j.run("a", nil),
		{Name: "b", Run: func(ctx context.Context, up func()) error { cancel(); <-ctx.Done(); return ctx.Err() }},
	}}, tree.Options{})
	require.ErrorIs(t, err, context.Canceled)
	j.await(t, "+a", "-a")
	system.Shutdown()
}

func TestDrainLetsQueuedMessagesThrough(t *testing.T) {
	j := newJournal()
	hold := make(chan struct{})
	spec := tree.Spec{Name: "a", Drain: true, Props: tree.Actor(func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case chan struct{}:
				<-m
			case string:
				j.write(m)
			case *actor.Stopped:
				j.write("stopped")
			}
		})
	})}
	tr, system := start(t, tree.Group{Children: []tree.Spec{spec}})
	system.Root.Send(tr.PID("root/a"), hold)
	system.Root.Send(tr.PID("root/a"), "last words")
	go tr.Stop(context.Background())
	close(hold)
	j.await(t, "last words", "stopped")
	<-tr.Done()
	require.Equal(t, tree.Shutdown, tr.Reason().Kind)
}

// handClock fires what is due when it is told to.
type handClock struct {
	mu    sync.Mutex
	armed chan func()
}

func (c *handClock) Now() time.Time { return time.Unix(0, 0) }
func (c *handClock) AfterFunc(d time.Duration, f func()) func() {
	c.armed <- f
	return func() {}
}

func TestWhatDoesNotStopIsReportedByItsPath(t *testing.T) {
	j := newJournal()
	system := newSystem()
	release := make(chan struct{})
	clock := &handClock{armed: make(chan func(), 10)}
	var logged bytes.Buffer
	tr, err := tree.Start(t.Context(), system, "root", tree.Group{Children: []tree.Spec{
		j.run("a", nil),
		{Name: "g", Group: &tree.Group{Children: []tree.Spec{
			{Name: "stuck", Run: func(ctx context.Context, up func()) error { up(); <-release; return nil }},
		}}},
	}}, tree.Options{Clock: clock, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	require.NoError(t, err)
	result := make(chan []string)
	go func() { result <- tr.Stop(context.Background()) }()
	(<-clock.armed)() // the time of root/g/stuck is up
	require.Equal(t, []string{"root/g/stuck"}, <-result)
	j.await(t, "+a", "-a")
	require.Contains(t, logged.String(), "root/g/stuck")
	close(release)
	system.Shutdown()
}

func TestAStopWithoutTimeLeftNamesAllThatLives(t *testing.T) {
	system := newSystem()
	release := make(chan struct{})
	tr, err := tree.Start(t.Context(), system, "root", tree.Group{Children: []tree.Spec{
		{Name: "stuck", StopTimeout: tree.Forever, Run: func(ctx context.Context, up func()) error { up(); <-release; return nil }},
	}}, tree.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, []string{"root", "root/stuck"}, tr.Stop(ctx))
	close(release)
	<-tr.Done()
	system.Shutdown()
}

func TestAnOperatorRestartsASubtree(t *testing.T) {
	j := newJournal()
	tr, _ := start(t, tree.Group{Children: []tree.Spec{
		j.run("a", nil),
		{Name: "g", Group: &tree.Group{Strategy: tree.RestForOne, Children: []tree.Spec{j.puppet("b"), j.run("c", nil), j.puppet("d")}}},
	}})
	j.await(t, "+a", "+b", "+c", "+d")
	require.NoError(t, tr.Restart(t.Context(), "root/g/c"))
	j.await(t, "-d", "-c", "+c")
	require.NoError(t, tr.Restart(t.Context(), "root/g"))
	j.await(t, "+d", "-d", "-c", "-b", "+b", "+c", "+d")
	require.ErrorIs(t, tr.Restart(t.Context(), "root/x"), tree.ErrNoSuchChild)
	require.ErrorIs(t, tr.Restart(t.Context(), "elsewhere"), tree.ErrNoSuchChild)
	require.NoError(t, tr.Restart(t.Context(), "root"))
	j.await(t, "-d", "-c", "-b", "-a", "+a", "+b", "+c", "+d")
	for _, n := range tr.Snapshot() {
		require.Equal(t, map[string]int{"root": 0, "root/a": 1, "root/g": 2, "root/g/b": 2, "root/g/c": 3, "root/g/d": 3}[n.Path], n.Restarts, n.Path)
	}
}

func TestARunEndsByItsReturn(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		kind tree.Kind
	}{
		"nil":   {nil, tree.Normal},
		"error": {errBroken, tree.Crash},
		"exit":  {&tree.Exit{Reason: tree.Reason{Kind: tree.Cleanup}}, tree.Cleanup},
	} {
		t.Run(name, func(t *testing.T) {
			end := make(chan error, 1)
			j := newJournal()
			spec := j.run("a", end)
			spec.Restart, spec.Significant = tree.Temporary, true
			tr, _ := start(t, tree.Group{Children: []tree.Spec{spec}})
			end <- c.err
			<-tr.Done()
			require.Equal(t, c.kind, tr.Reason().Kind)
		})
	}
}
