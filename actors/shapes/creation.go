package shapes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/pg"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/publication"
	"leyden/internal/pg/snapshot"
	"leyden/internal/subquery"
	"leyden/persistence/shapelog"
)

// creation is the making of one shape's snapshot. One goroutine runs it.
type creation struct {
	m      *Manager
	e      *status.Entry
	inner  []*status.Entry // of an outer shape, in the order of its subqueries
	log    *shapelog.Log
	cancel context.CancelFunc

	asked bool // guarded by Manager.mu: the collector has been asked to route to the shape

	once    sync.Once
	added   chan struct{} // closed when it does, or never will
	refused error         // why it never will, valid after added

	mu    sync.Mutex
	known *pg.Snapshot

	ended   chan struct{}         // closed when the snapshot is complete, or never will be
	failure *status.SnapshotError // why it never will, valid after ended
}

func (c *creation) wasAdded(err error) {
	c.once.Do(func() {
		c.refused = err
		close(c.added)
	})
}

func (c *creation) knownSnapshot() (pg.Snapshot, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		return pg.Snapshot{}, false
	}
	return *c.known, true
}

// run makes the snapshot, or removes the shape and tells whoever waits for it why.
func (c *creation) run(ctx context.Context) {
	m := c.m
	err := c.make(ctx)
	if err == nil && c.e.Removed() {
		err = shapelog.ErrRemoved
	}
	defer func() {
		m.mu.Lock()
		m.making.Delete(c.e.ID) // of a shape that failed, when it is removed: who finds it without a maker takes it for complete
		m.mu.Unlock()
	}()
	if err == nil {
		close(c.ended)
		return
	}
	told := c.explain(err)
	c.failure = told
	close(c.ended)
	if c.e.Beginning() == nil && !told.Rotated && !errors.Is(err, context.Canceled) {
		m.doubtful.add(c.e.Identity)
	}
	if errors.Is(err, context.Canceled) {
		m.Logger.Debug("the making of a snapshot was given up; its shape is removed", "handle", c.e.Handle.String())
	} else {
		m.Logger.Warn("snapshot failed; its shape is removed", "handle", c.e.Handle.String(), "table", c.e.Def.Table.Schema+"."+c.e.Def.Table.Name, "error", err)
	}
	m.undo(c.e)
	c.e.Failed(told)
}

// errHidden says that the database snapshot does not show a transaction that the stream has delivered before the shape was
// routed to.
var errHidden = errors.New("the snapshot does not contain a transaction that has been streamed already")

func (c *creation) make(ctx context.Context) (err error) {
	writer := c.log.SnapshotWriter()
	defer writer.Abort()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	if err := c.m.Publication.Ensure(ctx, c.e.ID, c.e.Def); err != nil {
		return err
	}
	// The partitions of the table are known before it is routed to. Whoever made the definition has read the table just now.
	if _, err := c.m.Catalogue.ByOID(ctx, c.e.Def.Table.OID); err != nil {
		return err
	}
	views, err := c.views(ctx)
	if err != nil {
		return err
	}
	sink := &sink{creation: c, writer: writer, doubtful: c.m.doubtful.has(c.e.Identity)}
	wait := 10 * time.Millisecond
	for {
		err := c.query(ctx, views, sink)
		if !errors.Is(err, errHidden) {
			if err != nil {
				return err
			}
			break
		}
		// Its backend is between writing its commit and letting it be seen, or waits there for a synchronous standby.
		select {
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := writer.Finish(); err != nil {
		return err
	}
	c.e.Started()
	if sink.doubtful {
		c.m.doubtful.drop(c.e.Identity)
	}
	c.m.unsynced.request()
	return nil
}

// query runs the snapshot query. The shape is routed to once there is a connection for it, so that its consumer holds
// transactions back for no longer than a query needs to begin.
func (c *creation) query(ctx context.Context, views []subquery.Set, sink *sink) error {
	conn, release, err := c.m.connection(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := c.route(ctx); err != nil {
		return err
	}
	sink.delivered = c.m.Commits.Count()
	p := newProgress(c.m, c.e)
	defer p.end()
	q := snapshot.Query{Def: c.e.Def, FirstRow: c.m.FirstRow, Progress: p.report}
	var stats snapshot.Stats
	if len(c.inner) > 0 {
		stats, err = c.m.Outer.Query(ctx, conn, c.e, q, views, sink)
	} else {
		stats, err = c.m.Query(ctx, conn, q, sink)
	}
	if err == nil {
		c.m.Metrics.snapshotRead(stats, p.elapsed())
	}
	return err
}

// connection waits for a connection for a query.
func (m *Manager) connection(ctx context.Context) (conn *pgconn.PgConn, release func(), err error) {
	queue, cancel := context.WithTimeout(ctx, m.Queue)
	defer cancel()
	conn, release, err = m.Connections.Acquire(queue)
	switch {
	case err == nil:
		return conn, release, nil
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, nil, snapshot.PoolBusy(err)
	}
	return nil, nil, snapshot.NoConnection(err)
}

// route has the collector route to the shape.
func (c *creation) route(ctx context.Context) error {
	c.m.mu.Lock()
	first := !c.asked
	c.asked = true
	c.m.mu.Unlock()
	if first {
		message := c.m.addMessage(c.e)
		message.Done, message.Dependencies = c.wasAdded, c.dependencies()
		c.m.registrar.add(message)
	}
	select {
	case <-c.added:
		return c.refused
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sink takes the snapshot from the query to the store.
type sink struct {
	*creation
	writer    *shapelog.SnapshotWriter
	delivered uint64 // commits that the stream had delivered when the shape was routed to
	rows      int
	doubtful  bool // it is not to be read before it is complete
}

func (s *sink) Known(known pg.Snapshot, _ pg.LSN) error {
	if s.m.Commits.Missing(s.delivered, known) {
		return errHidden
	}
	if err := s.writer.Known(known); err != nil {
		return err
	}
	s.mu.Lock()
	s.known = &known
	s.mu.Unlock()
	s.m.Collector(&work.SnapshotKnown{ID: s.e.ID, Snapshot: known})
	return nil
}

func (s *sink) Row(json []byte) error {
	if err := s.writer.Row(json); err != nil {
		return err
	}
	if s.rows++; s.rows == 1 && !s.doubtful {
		s.e.Started()
	}
	return nil
}

// explain is what clients are told (spec engine §6.2).
func (c *creation) explain(err error) *status.SnapshotError {
	if p, ok := errors.AsType[*publication.Error](err); ok {
		told := &status.SnapshotError{Status: http.StatusServiceUnavailable, Message: p.Message, Known: true, Err: err}
		switch p.Kind {
		case publication.SchemaChanged:
			c.m.Catalogue.Clean(c.e.Def.Table.OID)
			told.Status, told.Rotated = http.StatusConflict, true
		case publication.Unknown:
			told.Status, told.Known = http.StatusInternalServerError, false
			told.Message = "Unexpected error while creating snapshot: " + p.Message
		}
		return told
	}
	if inner, ok := errors.AsType[*status.SnapshotError](err); ok {
		return inner
	}
	if errors.Is(err, work.ErrMissingDependencies) {
		return status.Rotated(err)
	}
	var e *snapshot.Error
	if !errors.As(err, &e) && (c.e.Removed() || errors.Is(err, shapelog.ErrRemoved)) {
		return status.Rotated(err)
	}
	if errors.Is(err, inspect.ErrNotFound) {
		c.m.Catalogue.Clean(c.e.Def.Table.OID)
		return status.Rotated(err)
	}
	switch {
	case e != nil:
	case errors.Is(err, context.Canceled), errors.Is(err, inspect.ErrUnavailable):
		e = snapshot.NoConnection(err)
	default:
		return &status.SnapshotError{Status: http.StatusInternalServerError, Message: "Unexpected error while creating snapshot: " + err.Error(), Err: err}
	}
	if e.Kind == snapshot.SchemaChanged {
		c.m.Catalogue.Clean(c.e.Def.Table.OID)
	}
	return &status.SnapshotError{Status: e.Status, Message: e.Message, Known: e.Known, Rotated: e.Status == http.StatusConflict, Err: err}
}
