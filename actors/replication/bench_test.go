package replication_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/replication"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/pg/pgserver"
)

// counter gives everything back at once.
type counter struct {
	client *replication.Client
	credit *replication.Credit
	rows   int
	want   int
	done   chan struct{}
}

func (c *counter) Fragment(f *change.Fragment) {
	c.rows += len(f.Changes)
	c.credit.Release(f.Retained)
	if f.Commit != nil {
		c.client.FlushBoundary(pg.LSN(f.LSN))
		if c.rows >= c.want {
			c.rows = 0
			c.done <- struct{}{}
		}
	}
}
func (c *counter) Relation(_, _ *change.Relation) {}
func (c *counter) Reached(pg.LSN)                 {}

// An operation is the whole backlog: it is written first and then read from the slot, by a bare reader and by a client. Read
// the ratio of the two.
func BenchmarkBacklog(b *testing.B) {
	for name, backlog := range map[string]struct {
		rows int
		sql  string
	}{
		"2000-transactions-of-10-rows": {20_000, `DO $$ BEGIN FOR i IN 1..2000 LOOP
			INSERT INTO items SELECT j, 'title of an item', repeat('x', 150) FROM generate_series(1, 10) j; COMMIT; END LOOP; END $$`},
		"one-transaction-of-100000-rows": {100_000, `INSERT INTO items SELECT j, 'title of an item', repeat('x', 150) FROM generate_series(1, 100000) j`},
	} {
		db := newDatabase(b, pgserver.Shared(b))
		db.exec("CREATE TABLE items (id int, title text, body text); CREATE PUBLICATION %s FOR TABLE items", db.publication())
		db.exec("SELECT pg_create_logical_replication_slot('%s', 'pgoutput')", db.slot())
		rate := func(b *testing.B, elapsed time.Duration) {
			b.ReportMetric(float64(backlog.rows*b.N)/elapsed.Seconds(), "rows/s")
		}
		b.Run(name+"/bare", func(b *testing.B) {
			var elapsed time.Duration
			for b.Loop() {
				db.exec("%s", backlog.sql)
				conn, err := connector(db.address, "replication", "database")(b.Context())
				require.NoError(b, err)
				drained, err := replication.Drain(b.Context(), conn, db.slot(), db.publication(), int64(backlog.rows))
				require.NoError(b, err)
				elapsed += drained.Elapsed
				closeConn(conn)
				require.Eventually(b, func() bool { return !db.active() }, patience, time.Millisecond)
			}
			rate(b, elapsed)
		})
		b.Run(name+"/client", func(b *testing.B) {
			var elapsed time.Duration
			for b.Loop() {
				db.exec("%s", backlog.sql)
				sink := &counter{want: backlog.rows, done: make(chan struct{}, 1), credit: replication.NewCredit(16<<20, 0)}
				c := db.config()
				c.Credit = sink.credit
				streaming := make(chan time.Time, 1)
				c.Notify = func(s replication.State) {
					if s.Phase == replication.Streaming {
						streaming <- time.Now()
					}
				}
				sink.client = replication.NewClient(c, sink)
				ctx, cancel := context.WithCancel(b.Context())
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_ = sink.client.Loop(ctx)
				}()
				start := <-streaming
				<-sink.done
				elapsed += time.Since(start)
				cancel()
				<-ended
				require.Eventually(b, func() bool { return !db.active() }, patience, time.Millisecond)
			}
			rate(b, elapsed)
		})
	}
}
