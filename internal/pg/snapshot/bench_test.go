package snapshot_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/pg"
	"leyden/internal/pg/snapshot"
)

type discard struct{}

func (discard) Known(pg.Snapshot, pg.LSN) error { return nil }
func (discard) Row([]byte) error                { return nil }

// The workload is 200,000 rows of 200 bytes in four columns. Read the ratio of the two: what COPY takes is the server's.
func BenchmarkFirstSync(b *testing.B) {
	conn, _ := database(b, `CREATE TABLE items (id int PRIMARY KEY, tenant int, title text, body text);
		INSERT INTO items SELECT i, i % 100, 'title of item ' || i, repeat(md5(i::text), 5) FROM generate_series(1, 200000) i; ANALYZE items`)
	b.Run("copy", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := conn.CopyTo(b.Context(), io.Discard, "COPY (SELECT body, id, tenant, title FROM items) TO STDOUT")
			require.NoError(b, err)
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		b.ReportAllocs()
		d := definition("body", "id", "tenant", "title")
		for b.Loop() {
			stats, err := snapshot.Run(b.Context(), conn, snapshot.Query{Def: d}, discard{})
			require.NoError(b, err)
			b.SetBytes(stats.Bytes)
		}
	})
}

// An operation is one snapshot of ten rows; the baseline is the bare transaction of the same queries, in three round trips.
func BenchmarkSmallSnapshot(b *testing.B) {
	conn, _ := database(b, tenItems)
	b.Run("transaction", func(b *testing.B) {
		for b.Loop() {
			_, err := conn.Exec(b.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_current_snapshot(), pg_current_wal_lsn()").ReadAll()
			require.NoError(b, err)
			_, err = conn.CopyTo(b.Context(), io.Discard, "COPY (SELECT id, title FROM items) TO STDOUT")
			require.NoError(b, err)
			_, err = conn.Exec(b.Context(), "COMMIT").ReadAll()
			require.NoError(b, err)
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := snapshot.Run(b.Context(), conn, snapshot.Query{Def: definition("id", "title")}, discard{})
			require.NoError(b, err)
		}
	})
}
