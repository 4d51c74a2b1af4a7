package shapes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/idtable"
	"leyden/internal/livemap"
	"leyden/internal/pg"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Store is what shapes need of shapelog.Store.
type Store interface {
	Create(h shape.Handle, d *shape.Definition) (*shapelog.Log, error)
	Remove(handles ...shape.Handle) error
	Sync() error
	Handles(yield func(shape.Handle)) error
	Has(h shape.Handle) (bool, error)
}

// Catalogue is what shapes need of inspect.Inspector.
type Catalogue interface {
	ByOID(ctx context.Context, oid uint32) (*inspect.Table, error)
	Cached(oid uint32) *inspect.Table
	Clean(oid uint32)
	Forget(d *inspect.Divergence)
	Diff(ctx context.Context) ([]inspect.Divergence, error)
}

// Connections lends connections for snapshots.
type Connections interface {
	// Acquire waits for a connection that is idle and has the session settings of the stream. Release gives it back; a
	// connection that is closed by then is replaced.
	Acquire(ctx context.Context) (conn *pgconn.PgConn, release func(), err error)
}

// Commits remembers what the stream delivered lately.
type Commits interface {
	// Count is the number of commits that were delivered so far.
	Count() uint64
	// Missing reports whether one of the first upTo of them is not visible in s.
	Missing(upTo uint64, s pg.Snapshot) bool
}

// Config is what a Manager is made from.
type Config struct {
	Status      *status.Authority
	Store       Store
	Catalogue   Catalogue
	Connections Connections
	Publication *Tracker
	Commits     Commits
	// Collector sends a message of package work to the collector that runs now. What it does not get because it has ended
	// is made good by Feed.
	Collector func(message any)
	// Query runs a snapshot query: snapshot.Run.
	Query func(context.Context, *pgconn.PgConn, snapshot.Query, snapshot.Sink) (snapshot.Stats, error)
	// Flush has the stream get to a position that was read from the server: snapshot.Flush. nil: it gets there by itself.
	Flush func(ctx context.Context, conn *pgconn.PgConn, lsn pg.LSN) error
	// Outer is for shapes whose clause has subqueries. nil: they are refused.
	Outer Outer

	// FirstRow and Queue bound the time to the first row of a snapshot and the wait for a connection.
	FirstRow time.Duration
	Queue    time.Duration
	Metrics  *Metrics
	Logger   *slog.Logger
}

// Manager makes and removes shapes. Its methods may be called by any goroutine; it does its work while Run runs.
type Manager struct {
	Config
	registrar *registrar

	mu        sync.Mutex
	ctx       context.Context // of Run, nil when it does not run
	making    livemap.Map[shape.ID, *creation]
	epoch     chan struct{} // closed when the present collector has been replaced
	discarded []*status.Entry
	ending    idtable.Table[bool] // removed, and the collector has not been told yet
	wake      chan struct{}       // capacity 1: discarded has grown
	running   sync.WaitGroup
	unsynced  *syncs
	doubtful  doubtful
	// restored has the xmax of those restored shapes whose transactions are still compared with their snapshot, until the
	// first collector knows.
	restored map[shape.ID]uint64
}

// NewManager returns a manager at rest.
func NewManager(c Config) *Manager {
	return &Manager{
		Config: c, registrar: newRegistrar(c.Collector, c.Status.HandleForLog), unsynced: newSyncs(c.Store.Sync),
		restored: map[shape.ID]uint64{}, epoch: make(chan struct{}), wake: make(chan struct{}, 1),
	}
}

// ErrStopped says that no shape can be made because the manager does not run.
var ErrStopped = errors.New("shapes are not being made now")

// Run does what was asked for until ctx ends. Snapshots that are under way then are given up and their
// shapes removed.
func (m *Manager) Run(ctx context.Context, up func()) error {
	m.mu.Lock()
	m.ctx = ctx
	m.mu.Unlock()
	syncing, stop := context.WithCancel(context.WithoutCancel(ctx))
	synced := make(chan error, 1)
	go func() { synced <- m.unsynced.run(syncing) }()
	err := m.serve(ctx, up, synced)
	m.rest()
	stop() // after the last snapshot
	return errors.Join(err, <-synced)
}

// serve is Run while everything goes well.
func (m *Manager) serve(ctx context.Context, up func(), synced chan error) error {
	up()
	for {
		// Looked at before anything is waited for: a former run may have failed in the midst of it.
		if err := m.removeDiscarded(ctx); err != nil {
			return err
		}
		select {
		case err := <-synced:
			synced <- nil
			return fmt.Errorf("sync snapshots: %w", err)
		case <-m.wake:
		case <-ctx.Done():
			m.rest()
			return m.removeDiscarded(ctx) // so that no handle that clients were told is gone comes back
		}
	}
}

// rest ends what Run started.
func (m *Manager) rest() {
	m.mu.Lock()
	m.ctx = nil
	for _, c := range m.making.All() {
		c.cancel()
	}
	m.mu.Unlock()
	m.running.Wait()
}

// Create finds the shape of a definition or makes it, and before it those that it depends on. It returns when the shape has a log;
// its snapshot follows.
func (m *Manager) Create(ctx context.Context, d *shape.Definition) (*status.Entry, error) {
	for {
		e, inner, created, err := m.add(ctx, d)
		switch {
		case err != nil:
			return nil, err
		case created:
			return e, m.begin(e, inner)
		}
		b := e.Beginning()
		if b == nil {
			return e, nil
		}
		select {
		case <-b.Made():
			return e, nil
		case <-b.Done(): // it failed at once: make it anew, or tell why not
			if e.Log() != nil {
				return e, nil
			}
			if !e.Removed() {
				return nil, b.Err()
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// begin gives a new shape its log and starts the making of its snapshot.
func (m *Manager) begin(e *status.Entry, inner []*status.Entry) error {
	log, err := m.Store.Create(e.Handle, e.Def)
	if err != nil {
		err = fmt.Errorf("create shape %s: %w", e.Handle, err)
		m.unmake(e)
		e.Failed(&status.SnapshotError{Status: http.StatusServiceUnavailable, Message: "Failed to create shape, please retry", Err: err})
		return err
	}
	c := &creation{m: m, e: e, inner: inner, log: log, added: make(chan struct{}), ended: make(chan struct{})}
	m.mu.Lock()
	if m.ctx == nil {
		m.mu.Unlock()
		e.SetLog(log)
		e.Failed(&status.SnapshotError{Status: http.StatusServiceUnavailable, Message: "Failed to create shape, please retry", Err: ErrStopped})
		m.undo(e)
		return ErrStopped
	}
	ctx, cancel := context.WithCancel(m.ctx)
	c.cancel = cancel
	m.making.Set(e.ID, c)
	m.running.Add(1)
	m.mu.Unlock()
	e.SetLog(log) // who finds it can tell by now that its snapshot is being made
	if e.Removed() {
		cancel() // there may not have been anything to cancel
	}
	go func() {
		defer m.running.Done()
		defer cancel()
		c.run(ctx)
	}()
	return nil
}

// unmake takes back a shape that nothing is on the disk of. What has come to depend on it meanwhile is removed.
func (m *Manager) unmake(e *status.Entry) {
	for _, gone := range m.Status.Remove(e) {
		if gone == e {
			m.Status.Confirm(e.Handle)
			continue
		}
		m.Metrics.Removed.Inc()
		m.discard(gone)
	}
}

// AwaitSnapshotStart waits until the snapshot of e can be read: nil, a *status.SnapshotError, or the error of ctx.
func (m *Manager) AwaitSnapshotStart(ctx context.Context, e *status.Entry) error {
	if b := e.Beginning(); b != nil {
		select {
		case <-b.Done():
			if err := b.Err(); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if e.Removed() {
		return status.Rotated(nil)
	}
	return nil
}

// Making is how many snapshots are being made.
func (m *Manager) Making() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.making.Len()
}

// Shape finds what a consumer is built from. It implements work.Shapes.
func (m *Manager) Shape(id shape.ID) (work.Shape, bool) {
	e, ok := m.Status.ByID(id)
	if !ok || e.Log() == nil {
		return work.Shape{}, false
	}
	return work.Shape{ID: id, Def: e.Def, Log: e.Log()}, true
}

// Waiting reports whether the snapshot of a shape is being made.
func (m *Manager) Waiting(id shape.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.making.Get(id) != nil
}
