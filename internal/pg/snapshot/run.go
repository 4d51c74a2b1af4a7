package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"leyden/internal/pg"
	"leyden/internal/pg/connect"
)

// Sink takes a snapshot. An error of it ends the run and is what Run returns.
type Sink interface {
	// Known is called once, before the first row.
	Known(s pg.Snapshot, lsn pg.LSN) error
	// Row takes an insert message; the bytes are valid until it returns.
	Row(json []byte) error
}

// cancelGrace is how long a query that is given up may take to be told so.
const cancelGrace = 5 * time.Second

// drainGrace is how long the rest of a failed query is waited for, to keep the connection.
const drainGrace = 100 * time.Millisecond

// Run reads a snapshot over a connection that is idle. An error is the sink's, the context's, or an *Error. After an error the connection may be closed; if not, it is idle again. Everything is sent
// at once, so that a small snapshot costs one round trip.
func Run(ctx context.Context, conn *pgconn.PgConn, q Query, sink Sink) (Stats, error) {
	rows, err := newEncoder(&q)
	if err != nil {
		return Stats{}, fmt.Errorf("read rows of %s.%s: %w", q.Def.Table.Schema, q.Def.Table.Name, err)
	}
	r := &run{conn: conn, query: &q, sink: sink, rows: rows}
	if r.query.FirstRow <= 0 {
		r.query.FirstRow = DefaultFirstRow
	}
	err = r.do(ctx)
	if err == nil && q.Progress != nil {
		q.Progress(r.stats)
	}
	return r.stats, err
}

type run struct {
	conn  *pgconn.PgConn
	query *Query
	sink  Sink
	rows  *encoder

	settled bool // the session has the settings, the transaction does not make them

	late  atomic.Bool // a time limit has passed
	timer *time.Timer // to the database snapshot, then to the first row

	stats    Stats
	reported Stats
	locked   bool // nothing can truncate or rewrite the table any more
	known    bool
	partial  []byte // a line that its message did not end
}

func (r *run) do(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// A deadline in the past ends whatever the connection waits for, and costs nothing while there is none.
	abort := func() { r.conn.Conn().SetDeadline(time.Unix(1, 0)) }
	stop := context.AfterFunc(ctx, abort)
	r.timer = time.AfterFunc(r.query.FirstRow, func() { r.late.Store(true); abort() })

	drained, err := r.talk()
	r.timer.Stop()
	if aborted := !stop() || r.late.Load(); aborted || !drained {
		if !drained {
			r.cancel()
		}
		r.close() // the deadline may be set at any time from here
	} else if err != nil {
		r.conn.Conn().SetDeadline(time.Time{})
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case r.late.Load() && !r.locked:
		return TableLocked(nil)
	case r.late.Load() && !r.known:
		return slowStart()
	case r.late.Load():
		return slowQuery(r.query.FirstRow)
	}
	if own, ok := errors.AsType[*sinkError](err); ok {
		return own.error
	}
	return Classify(err, r.query.Subset != nil)
}

// sinkError tells errors of the sink from those of the other side.
type sinkError struct{ error }

// cancel has the server stop working for a connection that is given up.
func (r *run) cancel() {
	if r.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	_ = r.conn.CancelRequest(ctx)
}

func (r *run) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.conn.Conn().SetDeadline(time.Now().Add(time.Second))
	_ = r.conn.Close(ctx)
}

// talk sends all queries and reads all answers. After an error it reads on, so that the connection is idle again: the commit
// that is on its way ends a failed transaction, and little may be left of one whose rows nobody wants. drained says that
// it came to the end.
func (r *run) talk() (drained bool, err error) {
	r.settled = connect.Settled(r.conn)
	queries := []string{begin(r.query, r.settled), copySQL(r.query), "COMMIT"}
	if !r.query.hasRows() {
		queries = []string{begin(r.query, r.settled), "COMMIT"}
		r.locked = true
	}
	for _, sql := range queries {
		r.conn.Frontend().SendQuery(&pgproto3.Query{String: sql})
	}
	if err := r.conn.Frontend().Flush(); err != nil {
		return false, err
	}
	var failed error
	for open := len(queries); open > 0; {
		message, err := r.conn.ReceiveMessage(context.Background())
		if err != nil {
			return false, cmp.Or(failed, err)
		}
		switch m := message.(type) {
		case *pgproto3.CopyData:
			err = r.data(m.Data, failed != nil)
		case *pgproto3.CopyDone:
			r.timer.Stop()
		case *pgproto3.CommandComplete:
			r.locked = r.locked || string(m.CommandTag) == "LOCK TABLE"
		case *pgproto3.DataRow:
			err = r.snapshot(m.Values)
		case *pgproto3.ErrorResponse:
			err = pgconn.ErrorResponseToPgError(m)
		case *pgproto3.ReadyForQuery:
			open--
		}
		if err != nil && failed == nil {
			failed = err
			r.conn.Conn().SetReadDeadline(time.Now().Add(drainGrace))
		}
	}
	if failed == nil && !r.known {
		failed = errors.New("the server told no snapshot")
	}
	return true, failed
}

func (r *run) snapshot(values [][]byte) error {
	if len(values) != 3 || r.known {
		return fmt.Errorf("unexpected row of %d columns", len(values))
	}
	if pid := strconv.FormatUint(uint64(r.conn.PID()), 10); r.settled && string(values[2]) != pid {
		connect.Unsettle(r.conn)
		return NoConnection(fmt.Errorf("the session is that of backend %s in place of %s", values[2], pid))
	}
	s, err := pg.ParseSnapshot(string(values[0]))
	if err != nil {
		return err
	}
	lsn, err := pg.ParseLSN(string(values[1]))
	if err != nil {
		return err
	}
	if r.query.followed() {
		lsn = reachable(lsn)
	}
	r.known = true
	r.timer.Reset(r.query.FirstRow)
	if err := r.sink.Known(s, lsn); err != nil {
		return &sinkError{err}
	}
	return nil
}

// data takes a message of COPY. The server sends one line in each, but the protocol does not promise it.
func (r *run) data(data []byte, failed bool) error {
	if r.stats.Rows == 0 {
		r.timer.Stop()
	}
	if failed || !r.known {
		return nil // the transaction did not begin: these rows are from nowhere
	}
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			r.partial = append(r.partial, data...)
			return nil
		}
		line := data[:end:end]
		if len(r.partial) > 0 {
			line = append(r.partial, line...)
			r.partial = line[:0]
		}
		if err := r.line(line); err != nil {
			return err
		}
		data = data[end+1:]
	}
	return nil
}

// Progress is told after so many rows or bytes.
const (
	progressRows  = 1024
	progressBytes = 1 << 20
)

func (r *run) line(line []byte) error {
	json, err := r.rows.row(line)
	if err != nil {
		return err
	}
	if err := r.sink.Row(json); err != nil {
		return &sinkError{err}
	}
	r.stats.Rows++
	r.stats.Bytes += int64(len(json))
	if r.query.Progress != nil && (r.stats.Rows-r.reported.Rows >= progressRows || r.stats.Bytes-r.reported.Bytes >= progressBytes) {
		r.reported = r.stats
		r.query.Progress(r.stats)
	}
	return nil
}

// reachable is lsn, or the beginning of its page if it is just behind the page's header. A position up to which nothing has been
// inserted yet lies behind the header, and the stream ends in front of it until something is. A record that is written across the
// beginning of the page may end up to here, but none that begins in the page does, so no commit begins between the two.
func reachable(lsn pg.LSN) pg.LSN {
	if behind := lsn % walPage; behind <= walHeader {
		return lsn - behind
	}
	return lsn
}

// Sizes of a page of the write-ahead log, as all but servers that were built otherwise have it, and of the longer of its headers.
const (
	walPage   = 8192
	walHeader = 40
)
