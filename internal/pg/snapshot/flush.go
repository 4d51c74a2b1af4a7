package snapshot

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/pg"
)

const flushTimeout = 10 * time.Second

// Flush has the server write its log to the disk up to lsn, which is what it sends to those who follow it. It does so by itself
// before it lets a commit be seen, unless that does not wait for the disk; but what an open transaction has written stays where it is
// until somebody commits. The commit of a transaction that has an id and nothing else takes everything before it along, within the
// delay of the server's log writer.
func Flush(ctx context.Context, conn *pgconn.PgConn, lsn pg.LSN) error {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	sql := fmt.Sprintf("SELECT pg_current_xact_id() WHERE pg_current_wal_flush_lsn() < '%s'", lsn)
	if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
		return Classify(err, false)
	}
	return nil
}
