package inspect

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/internal/pg/connect"
	"leyden/internal/pg/pgserver"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

// database is a fresh database, the SQL run in it, and a pool on it as the engine has it.
func database(t testing.TB, sql string) *pgxpool.Pool {
	t.Helper()
	target, err := connect.Parse(pgserver.Shared(t).NewDatabase(t))
	require.NoError(t, err)
	route, _, err := connect.Resolve(t.Context(), target, connect.Options{})
	require.NoError(t, err)
	config, err := route.PoolConfig(4)
	require.NoError(t, err)
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	run(t, pool, sql)
	return pool
}

func run(t testing.TB, pool *pgxpool.Pool, sql string) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
}

func table(t testing.TB, i *Inspector, schema, name string) *Table {
	t.Helper()
	found, err := i.Table(t.Context(), schema, name)
	require.NoError(t, err)
	return found
}

func checkLeaks(t *testing.T) {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, ignore, goleak.IgnoreAnyFunction(pgserver.Goroutine)) })
}
