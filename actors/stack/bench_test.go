package stack_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// TestCreationCostsLittleMoreThanItsTransaction makes 1,000 small shapes for 10 clients, each of which reads its snapshot to
// the end, and runs the bare snapshot transactions over as many connections.
func TestCreationCostsLittleMoreThanItsTransaction(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	const shapes, clients = 1000, 10
	db := newDatabase(t)
	db.exec(t, `INSERT INTO items SELECT i, i % 1000, 'row ' || i FROM generate_series(1, 10000) i`)
	db.exec(t, `CREATE INDEX ON items (tenant)`)
	db.exec(t, `ANALYZE items`)
	each := func(f func(n int)) time.Duration {
		var wg sync.WaitGroup
		began := time.Now()
		for c := range clients {
			wg.Go(func() {
				for n := c; n < shapes; n += clients {
					f(n)
				}
			})
		}
		wg.Wait()
		return time.Since(began)
	}
	pool, err := pgxpool.New(t.Context(), db.url+"?pool_max_conns=10")
	if err != nil {
		pool, err = pgxpool.New(t.Context(), db.url+"&pool_max_conns=10")
	}
	require.NoError(t, err)
	defer pool.Close()
	bare := each(func(n int) {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		defer conn.Release()
		_, err = conn.Conn().PgConn().Exec(context.Background(), fmt.Sprintf(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_current_snapshot(), pg_current_wal_lsn(); SELECT id, tenant, title FROM items WHERE tenant = %d; COMMIT`, n)).ReadAll()
		require.NoError(t, err)
	})
	c := config(t, db.url, t.TempDir())
	c.PoolSize = 14 // of which 11 are for snapshots
	e := start(t, c).ready()
	defer e.stop()
	e.create("tenant = -1")
	ours := each(func(n int) { e.snapshot(e.create(fmt.Sprintf("tenant = %d", n))) })
	t.Logf("bare %s (%.0f/s), shapes %s (%.0f/s), ratio %.2f", bare, shapes/bare.Seconds(), ours, shapes/ours.Seconds(), bare.Seconds()/ours.Seconds())
}
