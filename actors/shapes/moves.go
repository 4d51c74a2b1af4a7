package shapes

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/pg"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/internal/subquery"
)

// Following has outer shapes told the values of their inner ones, and reads the rows that move into them. It is an Outer.
type Following struct {
	m      *Manager
	stack  string
	behind *work.Behind

	mu     sync.Mutex
	inner  map[shape.ID][]shape.ID         // of each outer shape
	moving map[shape.ID]context.CancelFunc // the query of each that has one
}

// Following returns what follows the values of the shapes of m. stack is what tags are hashed from, besides handles; behind
// is told of shapes that are gone.
func (m *Manager) Following(stack string, behind *work.Behind) *Following {
	return &Following{m: m, stack: stack, behind: behind, inner: map[shape.ID][]shape.ID{}, moving: map[shape.ID]context.CancelFunc{}}
}

// errRestarted ends the making of a shape whose values went with the collector that they came through.
var errRestarted = errors.New("streaming has started anew while the values of its subqueries were asked for")

// Attach implements Outer.
func (f *Following) Attach(ctx context.Context, e *status.Entry, inner []*status.Entry) ([]subquery.Set, error) {
	f.m.mu.Lock()
	epoch := f.m.epoch
	f.m.mu.Unlock()
	f.mu.Lock()
	for _, i := range inner {
		f.inner[e.ID] = append(f.inner[e.ID], i.ID)
	}
	f.mu.Unlock()
	for i, q := range e.Def.Where.Subqueries() {
		a := &work.Attach{Inner: inner[i].ID, Outer: e.ID, Dependency: i, Columns: q.Columns}
		for _, v := range q.Values {
			a.Canon = append(a.Canon, v.Canon)
		}
		f.m.Collector(a)
	}
	begun := make(chan []subquery.Set, 1)
	f.m.Collector(&work.Begin{ID: e.ID, Answer: func(views []subquery.Set) { begun <- views }})
	select {
	case views := <-begun:
		return views, nil
	case <-epoch:
		return nil, errRestarted
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Detach implements Outer.
func (f *Following) Detach(id shape.ID) {
	f.mu.Lock()
	inner, cancel := f.inner[id], f.moving[id]
	delete(f.inner, id)
	f.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if len(inner) > 0 {
		f.behind.Forget(id)
	}
	for _, i := range inner {
		f.m.Collector(&work.Detach{Inner: i, Outer: id})
	}
}

// Query implements Outer.
func (f *Following) Query(ctx context.Context, conn *pgconn.PgConn, e *status.Entry, q snapshot.Query, views []subquery.Set, sink snapshot.Sink) (snapshot.Stats, error) {
	q.Members = f.Members(e)
	q.Members.After = views
	stats, err := f.m.Query(ctx, conn, q, sink)
	if err == nil {
		f.m.Collector(&work.SnapshotRead{ID: e.ID, Partial: partial(q.Members)})
	}
	return stats, err
}

// partial is what the tags of the rows of a query have shown.
func partial(m *snapshot.Members) []bool {
	out := make([]bool, len(m.DNF.Subqueries))
	for i := range out {
		out[i] = m.Tagger.Partial(i)
	}
	return out
}

// Members says how rows of a shape with subqueries are read; with the views of the caller, or none.
func (f *Following) Members(e *status.Entry) *snapshot.Members {
	dnf := e.Def.Where.DNF()
	return &snapshot.Members{DNF: dnf, Tagger: subquery.NewTagger(f.stack, e.Handle.String(), dnf)}
}

// moveBytes bounds what moves into a shape at once, in bytes of JSON: it is held in memory until it can be logged. A shape that gains
// more is removed: its clients begin anew with a snapshot, which is not held.
const moveBytes = 64 << 20

// How long a query is not made again after it could not be made, at first and at most.
const (
	moveWait    = 10 * time.Millisecond
	moveWaitMax = time.Second
)

// MoveIn reads the rows that come into a shape because the values of a subquery have changed. It is answered through the collector.
func (f *Following) MoveIn(q *work.MoveIn) {
	e, ok := f.m.Status.ByID(q.ID)
	if !ok {
		return
	}
	f.m.mu.Lock()
	if f.m.ctx == nil {
		f.m.mu.Unlock()
		f.m.Invalidate(q.ID, ErrStopped)
		return
	}
	ctx, cancel := context.WithCancel(f.m.ctx)
	f.m.running.Add(1)
	f.m.mu.Unlock()
	f.mu.Lock()
	f.moving[q.ID] = cancel
	f.mu.Unlock()
	if e.Removed() {
		cancel() // there may not have been anything to cancel
	}
	go func() {
		defer f.m.running.Done()
		defer cancel()
		rows, partial, err := f.read(ctx, e, q)
		f.mu.Lock()
		delete(f.moving, q.ID)
		f.mu.Unlock()
		switch {
		case ctx.Err() == nil:
			f.m.Collector(&work.MoveInRows{ID: q.ID, Number: q.Number, Rows: rows, Partial: partial, Err: err})
		case !e.Removed(): // shapes are not being made any more, and nobody will ask again
			f.m.Invalidate(q.ID, ErrStopped)
		}
	}()
}

// read makes the query until it has an answer. The database may be away for a while.
func (f *Following) read(ctx context.Context, e *status.Entry, q *work.MoveIn) (rows [][]byte, partial []bool, err error) {
	wait := moveWait
	for {
		sink := &moveSink{f: f, q: q}
		err := f.query(ctx, e, q, sink)
		var problem *snapshot.Error
		switch {
		case err == nil:
			return sink.rows, sink.partial, nil
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case errors.Is(err, errHidden):
		case errors.As(err, &problem) && passing(problem.Kind):
			f.m.Logger.Warn("rows that move into a shape cannot be read now", "handle", e.Handle.String(), "error", err, "next_attempt_after", wait)
		default:
			return nil, nil, fmt.Errorf("read rows that move in: %w", err)
		}
		select {
		case <-time.After(wait):
			wait = min(2*wait, moveWaitMax)
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// passing reports whether a query that failed may succeed later as it is.
func passing(k snapshot.Kind) bool {
	switch k {
	case snapshot.ConnectionNotAvailable, snapshot.QueueTimeout, snapshot.TableLockTimeout, snapshot.SlowStart, snapshot.DatabaseTrouble:
		return true
	}
	return false
}

func (f *Following) query(ctx context.Context, e *status.Entry, q *work.MoveIn, sink *moveSink) error {
	conn, release, err := f.m.connection(ctx)
	if err != nil {
		return err
	}
	defer release()
	sink.delivered = f.m.Commits.Count()
	members := f.Members(e)
	members.Before, members.After, members.Moved = q.Before, q.After, q.Dependency
	if _, err := f.m.Query(ctx, conn, snapshot.Query{Def: e.Def, FirstRow: f.m.FirstRow, Members: members}, sink); err != nil {
		return err
	}
	sink.partial = partial(members)
	if f.m.Flush == nil {
		return nil
	}
	return f.m.Flush(ctx, conn, sink.lsn)
}

// moveSink keeps the rows of a move.
type moveSink struct {
	f         *Following
	q         *work.MoveIn
	delivered uint64 // commits that the stream had delivered before: the shape may have taken them in
	lsn       pg.LSN
	rows      [][]byte
	partial   []bool
	bytes     int
}

func (s *moveSink) Known(known pg.Snapshot, lsn pg.LSN) error {
	if s.f.m.Commits.Missing(s.delivered, known) {
		return errHidden
	}
	s.lsn = lsn
	s.f.m.Collector(&work.MoveInKnown{ID: s.q.ID, Number: s.q.Number, Snapshot: known, LSN: uint64(lsn)})
	return nil
}

func (s *moveSink) Row(json []byte) error {
	if s.bytes += len(json); s.bytes > moveBytes {
		return work.ErrMoveTooLarge
	}
	s.rows = append(s.rows, append([]byte(nil), json...))
	return nil
}
