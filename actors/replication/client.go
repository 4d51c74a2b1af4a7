package replication

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/pg"
	"leyden/internal/pg/pgoutput"
)

// Client follows one slot over one connection after the other. One goroutine runs it.
type Client struct {
	config     Config
	sink       Sink
	fragmenter *pgoutput.Fragmenter // kept over connections, for the relations

	mu     sync.Mutex
	stream *stream // nil when not streaming
}

// NewClient returns a client that is not connected.
func NewClient(c Config, sink Sink) *Client {
	return &Client{config: c, sink: sink, fragmenter: pgoutput.NewFragmenter(c.Fragments)}
}

// FlushBoundary tells that all transactions which commit at or below lsn are durable or concern no shape. It may be called
// from any goroutine, also from within the sink; what is told while no connection streams is told again by the
// receiver of the fragments when the server sends them again.
func (c *Client) FlushBoundary(lsn pg.LSN) {
	c.mu.Lock()
	s := c.stream
	c.mu.Unlock()
	if s != nil {
		s.boundary(lsn)
	}
}

// Run connects, sets up and streams until the connection is lost, the stream cannot be read on, or the context ends. The
// connection is closed when it returns; the error is never nil.
func (c *Client) Run(ctx context.Context) error {
	_, err := c.attempt(ctx)
	return err
}

// attempt is Run, and tells for how long it streamed.
func (c *Client) attempt(ctx context.Context) (streamed time.Duration, err error) {
	c.config.notify(State{Phase: Connecting})
	conn, err := c.config.Connect(ctx)
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	defer closeConn(conn)
	report, err := setUp(ctx, conn, &c.config)
	if err != nil {
		return 0, err
	}
	c.config.notify(State{Phase: Ready, Report: report})
	if c.config.Gate != nil {
		if err := c.config.Gate(ctx, report); err != nil {
			return 0, err
		}
	}
	if err := startStreaming(ctx, conn, &c.config); err != nil {
		return 0, err
	}
	c.fragmenter.Reconnected()
	s := newStream(conn, &c.config, report, c.fragmenter, c.sink)
	c.set(s)
	defer c.set(nil)
	c.config.notify(State{Phase: Streaming, Report: report})
	start := time.Now()
	err = s.run(ctx)
	return time.Since(start), err
}

func (c *Client) set(s *stream) {
	c.mu.Lock()
	c.stream = s
	c.mu.Unlock()
}

// closeConn says farewell, so that the server frees slot and lock at once, and waits until nothing of the connection
// runs.
func closeConn(conn *pgconn.PgConn) {
	conn.Conn().SetDeadline(time.Now().Add(closeGrace))
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	conn.Close(ctx)
	select {
	case <-conn.CleanupDone():
	case <-ctx.Done():
		conn.Conn().Close()
		<-conn.CleanupDone()
	}
}
