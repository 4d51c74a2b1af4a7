package stack

import (
	"context"
	"errors"
	"net/http"

	"leyden/actors/shapes"
	"leyden/actors/status"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Status is what health reports.
func (s *Stack) Status() status.Service { return s.ready.status() }

// WaitReady waits until requests can be served: nil, or a *status.NotReady when ctx ended first.
func (s *Stack) WaitReady(ctx context.Context) error { return s.ready.wait(ctx) }

// Table looks a table up in the catalogue: inspect.ErrNotFound, inspect.ErrUnavailable.
func (s *Stack) Table(ctx context.Context, schema, name string) (*inspect.Table, error) {
	return s.inspector.Table(ctx, schema, name)
}

// GeneratedColumns reports whether the server can replicate generated columns.
func (s *Stack) GeneratedColumns() bool { return s.generated.Load() == 2 }

// Lookup finds the shape of an identity. One that is only just being made is not found: Create waits for it.
func (s *Stack) Lookup(id shape.Identity) (*status.Entry, bool) { return complete(s.status.Lookup(id)) }

// ByHandle finds a shape by its public name.
func (s *Stack) ByHandle(h shape.Handle) (*status.Entry, bool) { return complete(s.status.ByHandle(h)) }

func complete(e *status.Entry, ok bool) (*status.Entry, bool) {
	if !ok || e.Log() == nil {
		return nil, false
	}
	return e, true
}

// Create gets or makes the shape of a definition: exactly one for each identity.
func (s *Stack) Create(ctx context.Context, d *shape.Definition) (*status.Entry, error) {
	e, err := s.manager.Create(ctx, d)
	if errors.Is(err, shapes.ErrStopped) {
		return nil, &status.NotReady{Message: subtreesUp.text()}
	}
	return e, err
}

// Log is the log of a shape. For a removed shape it says so itself.
func (s *Stack) Log(e *status.Entry) (*shapelog.Log, error) {
	if l := e.Log(); l != nil {
		return l, nil
	}
	return nil, shapelog.ErrRemoved
}

// AwaitSnapshotStart waits until the first chunk of the snapshot can be read: nil, a *status.SnapshotError, or the error of
// ctx.
func (s *Stack) AwaitSnapshotStart(ctx context.Context, e *status.Entry) error {
	return s.manager.AwaitSnapshotStart(ctx, e)
}

// Touch notes that a client has read e.
func (s *Stack) Touch(e *status.Entry) { s.status.Touch(e) }

// Remove makes e unknown to new requests, and takes it off the disk before it returns: an answer that it is gone holds over a
// crash.
func (s *Stack) Remove(ctx context.Context, e *status.Entry) error {
	s.manager.Remove(e)
	return s.store.Remove(e.Handle)
}

// GlobalLSN is the commit LSN of the last transaction that has been processed for the whole database, 0 when unknown; for a shape that
// holds transactions, of the last one that its log has. The log is looked at afterwards.
func (s *Stack) GlobalLSN(e *status.Entry) uint64 {
	if !e.Def.Where.HasSubqueries() {
		return s.progress.LSN()
	}
	return s.behind.LSN(e.ID, func() (shape.Offset, bool) {
		log := e.Log()
		if log == nil {
			return shape.Offset{}, false
		}
		head, err := log.Head()
		return head.Latest, err == nil
	})
}

// Subset runs a one-off query over the rows of e: nil, a *status.SnapshotError, inspect.ErrUnavailable, a *snapshot.Error
// of kind BadValue, the error of ctx, or what a method of sink returned.
func (s *Stack) Subset(ctx context.Context, e *status.Entry, q status.SubsetQuery, sink snapshot.Sink) error {
	queue, cancel := context.WithTimeout(ctx, s.config.Queue)
	conn, release, err := s.snapshots.Acquire(queue)
	cancel()
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return snapshotError(snapshot.PoolBusy(err))
	case err != nil:
		return errors.Join(inspect.ErrUnavailable, err)
	}
	defer release()
	sub := &snapshot.Subset{OrderBy: q.OrderBy, Mark: int64(q.Mark)}
	if q.Where != nil {
		sub.Where = q.Where.SQL()
	}
	if q.Limit > 0 {
		sub.Limit = &q.Limit
	}
	if q.Offset > 0 {
		sub.Offset = &q.Offset
	}
	query := snapshot.Query{Def: e.Def, Subset: sub, FirstRow: s.config.FirstRow}
	if e.Def.Where.HasSubqueries() {
		query.Members = s.following.Members(e)
	}
	_, err = snapshot.Run(ctx, conn, query, sink)
	if told, ok := errors.AsType[*snapshot.Error](err); ok && told.Kind != snapshot.BadValue {
		if told.Kind == snapshot.SchemaChanged {
			s.clean(e.Def)
		}
		return snapshotError(told)
	}
	return err
}

// clean drops what is cached of the tables of a shape.
func (s *Stack) clean(d *shape.Definition) {
	s.inspector.Clean(d.Table.OID)
	for _, inner := range d.Inner() {
		s.clean(inner)
	}
}

func snapshotError(e *snapshot.Error) *status.SnapshotError {
	return &status.SnapshotError{Status: e.Status, Message: e.Message, Known: e.Known, Rotated: e.Status == http.StatusConflict, Err: e}
}
