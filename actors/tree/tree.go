package tree

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// Tree is a running tree of supervision.
type Tree struct {
	system *actor.ActorSystem
	clock  Clock
	log    *slog.Logger
	ctx    context.Context // for log records only
	root   *actor.PID

	name   string
	up     chan struct{}
	opened sync.Once // closes up
	done   chan struct{}
	reason Reason // valid after done

	mu      sync.Mutex
	nodes   map[string]*node
	watches map[string][]*watch
	lost    []string
}

// Options of a tree. Zero values mean the machine's clock and a logger that discards.
type Options struct {
	Clock  Clock
	Logger *slog.Logger
}

// Start runs group as the root of a tree named name and waits until all of it is up. When a child cannot start, what had
// started is stopped again and the error says which and why. When ctx ends first, the same happens.
func Start(ctx context.Context, system *actor.ActorSystem, name string, group Group, o Options) (*Tree, error) {
	if err := group.check(name); err != nil {
		return nil, err
	}
	t := &Tree{system: system, clock: o.Clock, log: o.Logger, ctx: context.WithoutCancel(ctx), name: name,
		up: make(chan struct{}), done: make(chan struct{}), nodes: map[string]*node{}, watches: map[string][]*watch{}}
	if t.clock == nil {
		t.clock = SystemClock{}
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	t.note(name, func(n *node) { n.Kind, n.State, n.Since = "group", "starting", t.clock.Now() })
	props := actor.PropsFromProducer(func() actor.Actor {
		return newSupervisor(link{tree: t, path: name, asked: new(atomic.Pointer[Reason])}, &group)
	})
	root, err := system.Root.SpawnNamed(props, name)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	t.root = root
	select {
	case <-t.up:
		return t, nil
	case <-t.done:
		return nil, reasonError(t.reason)
	case <-ctx.Done():
		t.Stop(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("start %s: %w", name, ctx.Err())
	}
}

// Stop stops everything, last started first, and returns the paths of what did not stop in its time. It returns early,
// with the paths of all that still lives, when ctx ends. A second call waits like the first.
func (t *Tree) Stop(ctx context.Context) (unstopped []string) {
	t.system.Root.Send(t.root, &stopAs{reason: Reason{Kind: Shutdown}})
	select {
	case <-t.done:
		t.mu.Lock()
		defer t.mu.Unlock()
		return slices.Clone(t.lost)
	case <-ctx.Done():
	}
	for _, n := range t.Snapshot() {
		if n.State != "down" {
			unstopped = append(unstopped, n.Path)
		}
	}
	return unstopped
}

// Done is closed when the root has ended, asked or not.
func (t *Tree) Done() <-chan struct{} { return t.done }

// Reason is why the root ended. It is valid after Done.
func (t *Tree) Reason() Reason { return t.reason }

// PID is the address of the child at a path below the root. It stays good over restarts of the child.
func (t *Tree) PID(path string) *actor.PID { return t.system.NewLocalPID(path) }

// Restart stops the child at path, and whoever its group restarts with it, starts them again and waits until all of them are
// up. For the path of the root all children are restarted, in their order. It is not counted as a failure.
func (t *Tree) Restart(ctx context.Context, path string) error {
	if !t.knows(path) {
		return fmt.Errorf("restart %q: %w", path, ErrNoSuchChild)
	}
	group, child := path, ""
	if path != t.name {
		i := strings.LastIndexByte(path, '/')
		group, child = path[:i], path[i+1:]
	}
	done := make(chan error, 1)
	t.system.Root.Send(t.PID(group), &restartChild{name: child, done: done})
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("restart %q: %w", path, err)
		}
		return nil
	case <-t.done:
		return fmt.Errorf("restart %q: %w", path, reasonError(t.reason))
	case <-ctx.Done():
		return fmt.Errorf("restart %q: %w", path, ctx.Err())
	}
}

// Exit makes the child at path end with a reason, as if it had done so by itself: what follows is what its specification
// says. It does not wait. An actor handles what it was sent before.
func (t *Tree) Exit(path string, r Reason) error {
	if !t.knows(path) {
		return fmt.Errorf("end %q: %w", path, ErrNoSuchChild)
	}
	t.system.Root.Send(t.PID(path), &stopAs{reason: r})
	return nil
}

func (t *Tree) lose(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost = append(t.lost, path)
}
