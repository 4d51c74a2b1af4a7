package shapes

import (
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/actors/status"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/internal/subquery"
)

// Outer is what the making of an outer shape needs of those that follow the values of its inner shapes.
type Outer interface {
	// Attach gives the values of the inner shapes, in the order of the clause's subqueries, and from then on has their moves told to e.
	// The snapshots of the inner shapes are complete, and nothing is routed to e yet. It is called once for a shape; what it has begun
	// ends with e.
	Attach(ctx context.Context, e *status.Entry, inner []*status.Entry) (views []subquery.Set, err error)
	// Detach ends it, when e has been removed. It may be called for any shape.
	Detach(id shape.ID)
	// Query runs the snapshot query of e with the views in place of the subqueries. It may be called again with the same views.
	Query(ctx context.Context, conn *pgconn.PgConn, e *status.Entry, q snapshot.Query, views []subquery.Set, sink snapshot.Sink) (snapshot.Stats, error)
}

// outerAttempts is how often the inner shapes of an outer one are looked up because one of them was removed meanwhile.
const outerAttempts = 5

var (
	errNoOuter     = errors.New("nothing here follows the values of subqueries")
	errInnerUnrest = errors.New("the inner shapes were removed again and again while they were looked up")
)

// add finds the shape of a definition or takes it in, as status.Authority.Add does; an outer one after its inner ones, which are made
// if they are not there, and are returned for a shape that was created.
func (m *Manager) add(ctx context.Context, d *shape.Definition) (e *status.Entry, inner []*status.Entry, created bool, err error) {
	if len(d.Inner()) == 0 {
		e, created = m.Status.Add(d)
		return e, nil, created, nil
	}
	if e, ok := m.Status.Lookup(d.Identity()); ok {
		return e, nil, false, nil
	}
	if m.Outer == nil {
		return nil, nil, false, &status.SnapshotError{Status: http.StatusInternalServerError, Message: "Subqueries are not supported by this server", Err: errNoOuter}
	}
	for range outerAttempts {
		inner = make([]*status.Entry, len(d.Inner()))
		for i, def := range d.Inner() {
			if inner[i], err = m.Create(ctx, def); err != nil {
				return nil, nil, false, err
			}
			m.Status.Touch(inner[i]) // it is for a reader of the outer one
		}
		if e, created, err = m.Status.AddOuter(d, inner); !errors.Is(err, status.ErrInnerGone) {
			return e, inner, created, err
		}
	}
	return nil, nil, false, &status.SnapshotError{Status: http.StatusServiceUnavailable, Message: "Failed to create shape, please retry", Known: true, Err: errInnerUnrest}
}

// views are the values of the inner shapes, as soon as their snapshots are complete; none for a plain shape.
func (c *creation) views(ctx context.Context) ([]subquery.Set, error) {
	if len(c.inner) == 0 {
		return nil, nil
	}
	for _, e := range c.inner {
		if err := c.m.complete(ctx, e); err != nil {
			return nil, err
		}
	}
	return c.m.Outer.Attach(ctx, c.e, c.inner)
}

// complete waits until the snapshot of e is complete: nil, the *status.SnapshotError that the clients of e are told, or the error of
// ctx.
func (m *Manager) complete(ctx context.Context, e *status.Entry) error {
	m.mu.Lock()
	c := m.making.Get(e.ID)
	m.mu.Unlock()
	if c != nil {
		select {
		case <-c.ended:
		case <-ctx.Done():
			if !e.Removed() {
				return ctx.Err()
			}
			<-c.ended // which is why ctx is over, and which its maker is told too
		}
		if c.failure != nil {
			return c.failure
		}
	}
	if e.Removed() {
		return status.Rotated(nil)
	}
	return nil
}

// dependencies are the ids of the inner shapes.
func (c *creation) dependencies() []shape.ID {
	if len(c.inner) == 0 {
		return nil
	}
	ids := make([]shape.ID, len(c.inner))
	for i, e := range c.inner {
		ids[i] = e.ID
	}
	return ids
}
