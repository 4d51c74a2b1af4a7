package replication

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"leyden/internal/pg"
)

// Drained is what a bare reader has read.
type Drained struct {
	Rows         int64 // inserts, updates and deletes
	Transactions int64
	Bytes        int64         // of messages, without the framing
	Elapsed      time.Duration // from the start of the stream to the last commit
	FirstRow     time.Duration // from the start of the stream to the first row
}

// Drain reads the slot until at least rows rows of whole transactions have come, and acknowledges them. It looks at nothing
// but the first byte of each message: it is what the server can deliver, the baseline of benchmarks. The connection is a
// fresh one in replication mode; it streams still when Drain returns and can only be closed.
func Drain(ctx context.Context, conn *pgconn.PgConn, slot, publication string, rows int64) (d Drained, err error) {
	if err := startStreaming(ctx, conn, &Config{Slot: slot, Publication: publication}); err != nil {
		return d, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Conn().SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	start := time.Now()
	var end pg.LSN // of the last whole transaction
	open := false
	for d.Rows < rows || open {
		message, err := conn.ReceiveMessage(context.Background())
		if err != nil {
			return d, fmt.Errorf("drain: %w", err)
		}
		switch m := message.(type) {
		case *pgproto3.ErrorResponse:
			return d, fmt.Errorf("drain: %w", pgconn.ErrorResponseToPgError(m))
		case *pgproto3.CopyData:
			if m.Data[0] == pglogrepl.PrimaryKeepaliveMessageByteID {
				// The last byte asks for an answer. The one after the end of the drain acknowledges.
				if m.Data[len(m.Data)-1] == 1 {
					err = acknowledge(conn, end)
				}
				break
			}
			var x pglogrepl.XLogData
			if x, err = pglogrepl.ParseXLogData(m.Data[1:]); err != nil {
				break
			}
			d.Bytes += int64(len(x.WALData))
			switch x.WALData[0] {
			case 'B':
				open = true
			case 'I', 'U', 'D':
				if d.Rows++; d.Rows == 1 {
					d.FirstRow = time.Since(start)
				}
			case 'C':
				open = false
				end = pg.LSN(x.WALStart)
				d.Transactions++
				d.Elapsed = time.Since(start)
			}
		}
		if err != nil {
			return d, fmt.Errorf("drain: %w", err)
		}
	}
	return d, acknowledge(conn, end)
}

func acknowledge(conn *pgconn.PgConn, end pg.LSN) error {
	p := startAt(end)
	_, err := conn.Conn().Write(statusMessage(&p, time.Now(), false))
	return err
}
