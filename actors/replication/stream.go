package replication

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"leyden/internal/pg"
	"leyden/internal/pg/pgoutput"
)

const (
	longestKeepalive    = 15 * time.Second
	defaultSilenceLimit = 5 * time.Minute
	// statusGap is the least time between status messages that nobody asked for: a stream of small transactions would
	// otherwise cost a system call on both sides for each.
	statusGap = 10 * time.Millisecond
	// rememberGap is the least time between two positions that are remembered, each for a write to the disk, unless the server
	// waits for an answer.
	rememberGap = 200 * time.Millisecond
	// closeGrace is how long a last status and the farewell may take.
	closeGrace = time.Second
)

// stream is a connection that streams. Its reader goroutine takes messages off the connection and may wait for credit;
// its status goroutine is the only one that writes and waits for nothing; what it acknowledges is remembered by a third before.
type stream struct {
	conn       *pgconn.PgConn
	config     *Config
	fragmenter *pgoutput.Fragmenter // the reader's
	sink       Sink                 // called by the reader
	interval   time.Duration        // between status messages

	mu        sync.Mutex
	positions positions

	due    chan struct{} // capacity 1: positions have moved
	urgent chan struct{} // capacity 1: the server wants an answer
	stop   chan struct{} // closed to end all goroutines

	remembering remembering

	heard  atomic.Uint64 // messages received
	paused atomic.Bool   // the reader waits for credit
}

// keepaliveInterval leaves room for a lost message before the server's patience ends.
func keepaliveInterval(walSenderTimeout time.Duration) time.Duration {
	if walSenderTimeout <= 0 {
		return longestKeepalive
	}
	return min(walSenderTimeout/3, longestKeepalive)
}

func newStream(conn *pgconn.PgConn, c *Config, r *Report, f *pgoutput.Fragmenter, sink Sink) *stream {
	return &stream{
		conn: conn, config: c, fragmenter: f, sink: sink,
		interval:    keepaliveInterval(r.WALSenderTimeout),
		positions:   startAt(r.ConfirmedFlush),
		due:         make(chan struct{}, 1),
		urgent:      make(chan struct{}, 1),
		stop:        make(chan struct{}),
		remembering: startRemembering(r.ConfirmedFlush),
	}
}

// run streams until the context ends, the connection is lost or the stream cannot be read. It returns when all
// goroutines have ended.
func (s *stream) run(ctx context.Context) error {
	failed := make(chan error, 3)
	var group sync.WaitGroup
	group.Go(func() { failed <- s.read() })
	if s.config.Acknowledging != nil {
		group.Go(func() { failed <- s.remember() })
	}
	group.Go(func() { failed <- s.report() })

	var err error
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case err = <-failed:
	}
	close(s.stop)
	// A deadline in the past ends a receive in progress and leaves the connection usable for the last status.
	s.conn.Conn().SetReadDeadline(time.Unix(1, 0))
	group.Wait()
	return err
}

// boundary takes a flush boundary from any goroutine.
func (s *stream) boundary(lsn pg.LSN) {
	s.mu.Lock()
	s.positions.boundary(lsn)
	s.mu.Unlock()
	s.moved()
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *stream) read() error {
	for {
		// The background context costs nothing; run ends a receive by a deadline.
		message, err := s.conn.ReceiveMessage(context.Background())
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		s.heard.Add(1)
		switch m := message.(type) {
		case *pgproto3.CopyData:
			if err := s.take(m.Data); err != nil {
				return err
			}
		case *pgproto3.ErrorResponse:
			return fmt.Errorf("stream: %w", pgconn.ErrorResponseToPgError(m))
		case *pgproto3.CopyDone, *pgproto3.CommandComplete:
			return ErrEnded
		case *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		default:
			return fmt.Errorf("unexpected message %T in the stream", message)
		}
	}
}

var errStopped = errors.New("stopped")

func (s *stream) take(data []byte) error {
	if len(data) == 0 {
		return errors.New("empty message in the stream")
	}
	switch data[0] {
	case pglogrepl.XLogDataByteID:
		x, err := pglogrepl.ParseXLogData(data[1:])
		if err != nil {
			return fmt.Errorf("read XLogData: %w", err)
		}
		events, err := s.fragmenter.Feed(x.WALData)
		if err != nil {
			return streamError(err)
		}
		return s.deliver(events)
	case pglogrepl.PrimaryKeepaliveMessageByteID:
		k, err := pglogrepl.ParsePrimaryKeepaliveMessage(data[1:])
		if err != nil {
			return fmt.Errorf("read keepalive: %w", err)
		}
		s.keepalive(pg.LSN(k.ServerWALEnd), k.ReplyRequested)
		return nil
	}
	return fmt.Errorf("unexpected message %q in the stream", data[0])
}

func (s *stream) deliver(events []pgoutput.Event) error {
	for _, e := range events {
		if e.Relation != nil {
			s.sink.Relation(e.Old, e.Relation)
			continue
		}
		taken, ok := s.takeCredit(e.Fragment.Retained)
		if !ok {
			return errStopped
		}
		e.Fragment.Credit = taken
		if e.Fragment.Commit != nil {
			s.mu.Lock()
			s.positions.committed(pg.LSN(e.Fragment.LSN))
			s.mu.Unlock()
			signal(s.due)
		}
		s.sink.Fragment(e.Fragment)
	}
	return nil
}

func (s *stream) takeCredit(n int64) (taken int64, ok bool) {
	if taken, ok = s.config.Credit.tryTake(n); ok {
		return taken, true
	}
	s.paused.Store(true)
	defer s.paused.Store(false)
	return s.config.Credit.take(n, s.stop)
}

func (s *stream) keepalive(walEnd pg.LSN, replyRequested bool) {
	inTransaction := s.fragmenter.InTransaction()
	s.mu.Lock()
	s.positions.keepalive(walEnd, inTransaction)
	s.mu.Unlock()
	if !inTransaction {
		s.sink.Reached(walEnd)
	}
	if replyRequested {
		signal(s.remembering.hurry)
		signal(s.urgent)
	}
	s.moved()
}

// moved has what may be acknowledged now acknowledged soon.
func (s *stream) moved() {
	signal(s.remembering.due)
	signal(s.due)
}
