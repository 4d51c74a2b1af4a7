package replication

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/pg/pgoutput"
)

// Config is what a client needs to know. It does not change while the client lives.
type Config struct {
	// Connect opens a connection in logical replication mode (replication=database).
	Connect func(ctx context.Context) (*pgconn.PgConn, error)

	Publication string
	Slot        string
	// TemporarySlot makes a slot that ends with its connection.
	TemporarySlot bool

	// Fragments must stay the same while the receiver of the fragments lives.
	Fragments pgoutput.Options
	// Credit is taken for each fragment before it is handed on.
	Credit *Credit

	// Gate, if set, is called when a connection is ready to stream; it blocks until streaming may begin. An error ends the
	// attempt.
	Gate func(ctx context.Context, r *Report) error
	// Notify, if set, is told every state, in order. It must not block.
	Notify func(State)
	// Acknowledging, if set, is told a position before it is acknowledged, and returns when that is remembered over a crash:
	// who finds the slot beyond it later knows that somebody else has consumed it. It may wait for the disk, and is called from
	// one goroutine at a time, a few times a second. An error ends the attempt.
	Acknowledging func(lsn pg.LSN) error
	// SilenceLimit is how long the server may say nothing, though asked to, before the connection counts as lost:
	// 5 minutes if 0. A server that decodes a large transaction can be silent for long.
	SilenceLimit time.Duration
}

// Sink receives what the stream says, in its order, from one goroutine. Its methods must not block for long: credit is what
// stops the stream.
type Sink interface {
	// Fragment hands a fragment on. Its Retained bytes have been taken from the credit and are the receiver's to give back.
	Fragment(f *change.Fragment)
	// Relation tells a definition; old is nil for a table not heard of before and the same pointer for a repeated one.
	Relation(old, new *change.Relation)
	// Reached tells, outside of transactions, that everything which commits below lsn has been handed on.
	Reached(lsn pg.LSN)
}

// Report is what setting a connection up has found.
type Report struct {
	SystemID string // pg_control's system identifier, decimal
	Timeline int32

	ServerVersion    int // server_version_num, 150004 for 15.4
	BackendPID       uint32
	WALSenderTimeout time.Duration // 0: none

	CreatedPublication bool
	OwnsPublication    bool
	CreatedSlot        bool
	// ConfirmedFlush is where the slot goes on: its consistent point when it is new.
	ConfirmedFlush pg.LSN
}

// Phase is how far a connection is.
type Phase uint8

const (
	Connecting Phase = iota
	WaitingForLock
	Configuring
	Ready // set up, waiting for the gate
	Streaming
	BackingOff // waiting before the next attempt
	Failed     // ended by an error that another attempt would meet again
	Stopped
)

func (p Phase) String() string {
	return [...]string{"connecting", "waiting for lock", "configuring", "ready", "streaming", "backing off", "failed", "stopped"}[p]
}

// State is what the owner of a client is told.
type State struct {
	Phase  Phase
	Report *Report       // from Ready on
	Err    error         // BackingOff, Failed: what ended the attempt. WaitingForLock: why the wait began again
	Wait   time.Duration // BackingOff: until the next attempt
}

func (c *Config) notify(s State) {
	if c.Notify != nil {
		c.Notify(s)
	}
}
