package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"leyden/actors/replication"
	"leyden/actors/shapes"
	"leyden/actors/status"
	"leyden/actors/tree"
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg/connect"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/snapshot"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

// Stack is a running engine. It implements what HTTP needs of one.
type Stack struct {
	config Config
	log    *slog.Logger
	system *actor.ActorSystem
	tree   *tree.Tree
	store  *shapelog.Store

	collector *actor.PID // good over restarts

	ready     *readiness
	status    *status.Authority
	manager   *shapes.Manager
	following *shapes.Following
	tracker   *shapes.Tracker
	inspector *inspect.Inspector

	route     atomic.Pointer[connect.Route] // of the replication connection, once found
	admin     pool
	snapshots pool

	credit      atomic.Pointer[replication.Credit] // of the present life of the streaming subtree
	commits     *shapes.RecentCommits
	progress    *work.Progress
	behind      *work.Behind
	plane       *work.Metrics
	metrics     *metrics
	projections *change.Projections
	letters     atomic.Pointer[where.CaseMap]
	// lettersKnown belongs to the goroutine of the replication connection.
	lettersKnown bool
	client       atomic.Pointer[replication.Client]
	abandon      atomic.Pointer[context.CancelFunc] // gives the present replication connection up
	confirmed    atomic.Bool                        // set-up of the slot was found unfinished when the process started, and has been settled since
	generated    atomic.Int32                       // 0: not known, 1: generated columns cannot be replicated, 2: they can

	failOnce sync.Once
	failed   chan struct{}
	failure  error // valid after failed
}

// paths of the tree.
const (
	rootName      = "leyden"
	streamingPath = rootName + "/streaming"
	collectorPath = streamingPath + "/collector"
	writerPath    = streamingPath + "/writer"
)

// keys of the small state in the store.
const (
	timelineKey  = "timeline"
	setupKey     = "slot_setup"
	inspectorKey = "inspector"
)

// Start opens the store, takes its shapes in and begins to connect. It does not wait for the database: see WaitReady. The
// context bounds the start only.
func Start(ctx context.Context, c Config) (_ *Stack, err error) {
	c.setDefaults()
	s := &Stack{config: c, log: c.Logger, ready: newReadiness(), status: status.New(time.Now),
		commits: &shapes.RecentCommits{}, progress: &work.Progress{},
		plane: &work.Metrics{}, projections: change.NewProjections(), failed: make(chan struct{})}
	s.config.Storage.Fatal = func(err error) {
		s.fail(err)
		panic(err) // the storage engine must not go on; what is on disk is good
	}
	s.behind = work.NewBehind(s.progress)
	if s.store, err = shapelog.Open(c.FS, c.Dir, s.config.Storage); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.store.Close())
		}
	}()
	s.credit.Store(s.newCredit())
	s.assemble()
	if err := s.restore(); err != nil {
		return nil, fmt.Errorf("restore shapes: %w", err)
	}
	s.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quietActors(s.log) }))
	s.collector = s.system.NewLocalPID(collectorPath)
	s.tree, err = tree.Start(ctx, s.system, rootName, s.supervised(), tree.Options{Logger: s.log})
	if err != nil {
		s.system.Shutdown()
		return nil, err
	}
	go s.watch()
	return s, nil
}

// assemble makes everything that is no actor.
func (s *Stack) assemble() {
	s.inspector = inspect.New(&s.admin)
	connected := func() bool { return s.ready.isMet(integrityChecked) }
	s.tracker = shapes.NewTracker(shapes.TrackerConfig{
		Configure: s.configurePublication, Publication: s.config.Publication, Refresh: s.config.PublicationPeriod,
		Connected: connected, Logger: s.log,
		Broken: func(oid uint32, err error) {
			n := s.manager.RemoveTable(oid)
			s.log.Warn("table cannot be followed", "oid", oid, "removed_shapes", n, "error", err)
		},
		Lost: s.publicationLost,
	})
	s.metrics = newMetrics(s)
	s.manager = shapes.NewManager(shapes.Config{
		Status: s.status, Store: s.store, Catalogue: s.inspector, Connections: &s.snapshots, Publication: s.tracker,
		Commits: s.commits, Collector: s.tell, Query: snapshot.Run, FirstRow: s.config.FirstRow, Queue: s.config.Queue,
		Metrics: shapes.NewMetrics(s.config.Registerer), Logger: s.log,
		Flush: snapshot.Flush,
	})
	s.following = s.manager.Following(s.config.StackID, s.behind)
	s.manager.Outer = s.following
}

// tell sends a message to the collector that runs now.
func (s *Stack) tell(message any) { s.system.Root.Send(s.collector, message) }

// watch turns the end of the tree, when nobody asked for it, into the failure of the stack.
func (s *Stack) watch() {
	<-s.tree.Done()
	if r := s.tree.Reason(); r.Kind != tree.Shutdown {
		s.fail(fmt.Errorf("the engine has ended: %s", r))
	}
}

// fail records what the stack cannot go on with. The owner stops it then.
func (s *Stack) fail(err error) {
	s.failOnce.Do(func() {
		s.log.Error("the engine cannot go on", "error", err)
		s.failure = err
		close(s.failed)
	})
}

// Failed is closed when the stack cannot go on: nothing will change until somebody corrects the configuration, or the disk.
func (s *Stack) Failed() <-chan struct{} { return s.failed }

// Failure is why. It is valid after Failed.
func (s *Stack) Failure() error { return s.failure }

// Stop ends everything in the reverse of its order and closes the store. HTTP has ended before. The error says what did not
// end in time.
func (s *Stack) Stop(ctx context.Context) error {
	var errs []error
	if left := s.tree.Stop(ctx); len(left) > 0 {
		errs = append(errs, fmt.Errorf("did not stop in time: %v", left))
	}
	if err := s.store.Close(); err != nil && !errors.Is(err, shapelog.ErrClosed) {
		errs = append(errs, err)
	}
	s.system.Shutdown()
	return errors.Join(errs...)
}

// Tree is the tree of supervision, for operators.
func (s *Stack) Tree() *tree.Tree { return s.tree }

// quietActors keeps what protoactor says of its own life out of the log, dead letters of ended collectors among it.
func quietActors(log *slog.Logger) *slog.Logger {
	return slog.New(above{log.Handler(), slog.LevelWarn})
}

// above is a handler for records of a level and more.
type above struct {
	slog.Handler
	level slog.Level
}

func (a above) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= a.level && a.Handler.Enabled(ctx, l)
}
func (a above) WithAttrs(attrs []slog.Attr) slog.Handler {
	return above{a.Handler.WithAttrs(attrs), a.level}
}
func (a above) WithGroup(name string) slog.Handler { return above{a.Handler.WithGroup(name), a.level} }
