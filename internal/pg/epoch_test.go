package pg_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg"
	"leyden/internal/pg/pgserver"
)

// What Postgres itself says about visibility is the judge, in an epoch in which 32-bit ids have wrapped around.
func TestVisibilityAgreesWithPostgresInALaterEpoch(t *testing.T) {
	s := pgserver.ForTest(t)
	if _, err := os.Stat(filepath.Join(s.Binaries().Dir, "pg_resetwal")); err != nil {
		t.Skip("this installation has no pg_resetwal")
	}
	require.NoError(t, s.SetEpoch(t.Context(), 3))
	open := func() *pgx.Conn {
		c, err := pgx.Connect(t.Context(), s.URL("postgres"))
		require.NoError(t, err)
		t.Cleanup(func() { c.Close(context.Background()) })
		return c
	}
	c := open()
	var xids []uint64
	begin := func(c *pgx.Conn) pgx.Tx {
		tx, err := c.Begin(t.Context())
		require.NoError(t, err)
		var xid uint64
		require.NoError(t, tx.QueryRow(t.Context(), "SELECT txid_current()").Scan(&xid))
		xids = append(xids, xid)
		return tx
	}
	require.NoError(t, begin(c).Commit(t.Context()))
	running := begin(open())
	require.NoError(t, begin(c).Commit(t.Context()))
	alsoRunning := begin(open())
	require.NoError(t, begin(c).Commit(t.Context()))

	var text string
	require.NoError(t, c.QueryRow(t.Context(), "SELECT pg_current_snapshot()::text").Scan(&text))
	snapshot, err := pg.ParseSnapshot(text)
	require.NoError(t, err)
	require.Equal(t, text, snapshot.String())
	require.Len(t, snapshot.Xip, 2)
	require.NoError(t, running.Commit(t.Context()))
	require.NoError(t, alsoRunning.Commit(t.Context()))
	require.NoError(t, begin(c).Commit(t.Context()))

	want := []bool{true, false, true, false, true, false}
	for i, xid := range xids {
		require.EqualValues(t, 3, xid>>32)
		var judge bool
		require.NoError(t, c.QueryRow(t.Context(), "SELECT pg_visible_in_snapshot($1::text::xid8, $2::text::pg_snapshot)", pgx.QueryExecModeExec, strconv.FormatUint(xid, 10), text).Scan(&judge))
		require.Equal(t, want[i], judge)
		require.Equal(t, judge, snapshot.Visible(uint32(xid)), "%d in %s", xid, text)
		require.Equal(t, xid >= snapshot.Xmax, pg.XidAtLeast(uint32(xid), snapshot.Xmax))
	}
}
