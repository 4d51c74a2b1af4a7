package pgoutput_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/pg/pgoutput"
	"leyden/internal/pg/pgserver"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

const serverTables = `
CREATE TABLE a (id int PRIMARY KEY, t text, big text, d numeric); ALTER TABLE a ALTER big SET STORAGE EXTERNAL; ALTER TABLE a REPLICA IDENTITY FULL;
CREATE TABLE b (id int); ALTER TABLE b REPLICA IDENTITY FULL;
CREATE TABLE parts (id int, v text) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF parts FOR VALUES FROM (10) TO (1000);
ALTER TABLE low REPLICA IDENTITY FULL; ALTER TABLE high REPLICA IDENTITY FULL;
CREATE PUBLICATION p FOR TABLE a, b, parts`

// serverStatement gives a statement that changes something.
func serverStatement(r *rand.Rand, n int) string {
	switch r.IntN(10) {
	case 0, 1, 2:
		return fmt.Sprintf("INSERT INTO a SELECT %d + i, NULLIF('t' || i, 't2'), repeat('x', i * 1500), i / 7.0 FROM generate_series(1, %d) i", n*100, 1+r.IntN(8))
	case 3:
		return fmt.Sprintf("UPDATE a SET t = 'u%d' WHERE id %% 3 = %d", n, r.IntN(3))
	case 4:
		return fmt.Sprintf("DELETE FROM a WHERE id %% 5 = %d", r.IntN(5))
	case 5:
		return fmt.Sprintf("INSERT INTO b SELECT generate_series(1, %d)", r.IntN(5))
	case 6:
		return "TRUNCATE a, b"
	case 7:
		return fmt.Sprintf("ALTER TABLE b ADD c%d int DEFAULT 7; INSERT INTO b VALUES (1)", n)
	case 8:
		return fmt.Sprintf("INSERT INTO parts SELECT i, 'v' FROM generate_series(8, %d) i; UPDATE parts SET id = id + 5 WHERE id BETWEEN 3 AND 12", 8+r.IntN(5))
	}
	return "SELECT pg_logical_emit_message(true, 'prefix', 'content')"
}

// What a real server sends is cut into the same fragments each time it is sent, and the fragments of any batch size make the
// same transactions.
func TestStreamsOfAServer(t *testing.T) {
	conn, err := pgconn.Connect(t.Context(), pgserver.Shared(t).NewDatabase(t))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn.Close(ctx)
	})
	exec := func(sql string) {
		_, err := conn.Exec(t.Context(), sql).ReadAll()
		require.NoError(t, err, sql)
	}
	exec(serverTables)
	exec("SELECT pg_create_logical_replication_slot('streams_of_a_server', 'pgoutput')")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for n := range 60 {
		sql := "BEGIN"
		for range 1 + r.IntN(4) {
			sql += "; " + serverStatement(r, n)
			n += 1000
		}
		exec(sql + "; COMMIT")
	}
	peek := func(o pgoutput.Options) (fs []*change.Fragment) {
		f := pgoutput.NewFragmenter(o)
		result := conn.ExecParams(t.Context(), "SELECT data FROM pg_logical_slot_peek_binary_changes('streams_of_a_server', NULL, NULL, 'proto_version', '1', 'publication_names', 'p')",
			nil, nil, nil, []int16{1}).Read()
		require.NoError(t, result.Err)
		for _, row := range result.Rows {
			fs = append(fs, fragments(feed(t, f, row[0]))...)
		}
		require.False(t, f.InTransaction())
		return fs
	}
	whole := peek(pgoutput.Options{BatchSize: 1 << 20, MaxFragmentBytes: 1 << 40})
	require.NotEmpty(t, whole)
	for _, batch := range []int{2, 3, 7} {
		split := peek(pgoutput.Options{BatchSize: batch})
		require.Equal(t, split, peek(pgoutput.Options{BatchSize: batch}))
		for _, want := range whole {
			var got []change.Change
			for {
				f := split[0]
				split = split[1:]
				require.Equal(t, want.LSN, f.LSN)
				got = append(got, f.Changes...)
				if f.Commit != nil {
					require.Equal(t, want.Commit, f.Commit)
					require.Equal(t, want.Last, f.Last)
					break
				}
			}
			require.Equal(t, append([]change.Change(nil), want.Changes...), got)
		}
		require.Empty(t, split)
	}
}
