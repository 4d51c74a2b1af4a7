package bytea

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

func connect(t *testing.T) *pgx.Conn {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(ctx)) })
	return conn
}

// answers has Postgres evaluate an expression over rows of a text, bytes and two numbers: what it yields, or that it fails.
func answers(t *testing.T, conn *pgx.Conn, sql string, rows []row) []string {
	ctx := context.Background()
	_, err := conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS pg_temp.calls (id int, a text, b bytea, n int, m int); TRUNCATE pg_temp.calls`)
	require.NoError(t, err)
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"pg_temp", "calls"}, []string{"id", "a", "b", "n", "m"},
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return []any{i, rows[i].a, rows[i].b, rows[i].n, rows[i].m}, nil }))
	require.NoError(t, err)
	_, err = conn.Exec(ctx, `CREATE OR REPLACE FUNCTION pg_temp.try(a text, b bytea, n int, m int) RETURNS text LANGUAGE plpgsql AS $$
		BEGIN RETURN (`+sql+`)::text; EXCEPTION WHEN OTHERS THEN RETURN 'error'; END $$`)
	require.NoError(t, err, sql)
	asked, err := conn.Query(ctx, "SELECT pg_temp.try(a, b, n, m) FROM pg_temp.calls ORDER BY id")
	require.NoError(t, err)
	all, err := pgx.CollectRows(asked, pgx.RowTo[string])
	require.NoError(t, err)
	require.Len(t, all, len(rows))
	return all
}

type row struct {
	a    string
	b    []byte
	n, m int32
}

func TestBytesAreHandledAsInPostgres(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	texts := []string{"", `\x`, `\xab`, `\xABcd `, `\x a b`, `\xa b`, `\x0 `, `\xab	cd`, `\xg0`, `\x1`, "abc", `a\\b`, `a\b`, `\000`, `\377`, `\400`, `\38`, `\`, `\\`, "é", "TWFu", "TWE=", "TQ==", "T Q=\n=",
		"TQ=", "TQ", "T===", "=", "TQ==TWFu", "TWE=TWFu", "TQ=x", "T!==", "TWFuTWFu", "616", "61", "6 1", "61\n62"}
	letters := `\x0123467abfgTWQ=+/ ` + "\n"
	var rows []row
	edges := []int32{0, 1, 2, -1, 5, 1<<31 - 1, -1 << 31}
	for i := range 4000 {
		c := row{n: int32(r.IntN(20) - 5), m: int32(r.IntN(20) - 3)}
		if i < len(texts) {
			c.a = texts[i]
		} else {
			b := make([]byte, r.IntN(12))
			for j := range b {
				b[j] = letters[r.IntN(len(letters))]
			}
			c.a = string(b)
		}
		if i%7 == 0 {
			c.n, c.m = edges[r.IntN(len(edges))], edges[r.IntN(len(edges))]
		}
		c.b = make([]byte, r.IntN(130))
		for j := range c.b {
			c.b[j] = byte(r.Uint32()) >> r.IntN(8)
		}
		rows = append(rows, c)
	}
	conn := connect(t)
	bytes := func(b []byte, err error) (string, error) { return string(Output(nil, b)), err }
	text := func(b []byte, err error) (string, error) { return string(b), err }
	for sql, f := range map[string]func(c row) (string, error){
		"a::bytea":            func(c row) (string, error) { return bytes(Input(nil, []byte(c.a))) },
		"b":                   func(c row) (string, error) { return bytes(c.b, nil) },
		"substring(b, n)":     func(c row) (string, error) { return bytes(From(c.b, int64(c.n)), nil) },
		"substring(b, n, m)":  func(c row) (string, error) { return bytes(Substring(c.b, int64(c.n), int64(c.m))) },
		"encode(b, 'hex')":    func(c row) (string, error) { return text(Encode(nil, c.b, []byte("hex"))) },
		"encode(b, 'BASE64')": func(c row) (string, error) { return text(Encode(nil, c.b, []byte("BASE64"))) },
		"encode(b, 'escape')": func(c row) (string, error) { return text(Encode(nil, c.b, []byte("escape"))) },
		"encode(b, 'esc')":    func(c row) (string, error) { return text(Encode(nil, c.b, []byte("esc"))) },
		"decode(a, 'hex')":    func(c row) (string, error) { return bytes(Decode(nil, []byte(c.a), []byte("hex"))) },
		"decode(a, 'base64')": func(c row) (string, error) { return bytes(Decode(nil, []byte(c.a), []byte("base64"))) },
		"decode(a, 'escape')": func(c row) (string, error) { return bytes(Decode(nil, []byte(c.a), []byte("escape"))) },
	} {
		for i, answer := range answers(t, conn, sql, rows) {
			got, err := f(rows[i])
			if err != nil {
				got = "error"
			}
			require.Equal(t, answer, got, "%s of %q %s %d %d", sql, rows[i].a, hex.EncodeToString(rows[i].b), rows[i].n, rows[i].m)
		}
	}
}

func FuzzWhatIsWrittenIsReadBack(f *testing.F) {
	f.Add([]byte{0, 1, '\\', 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		back, err := Input([]byte("kept"), Output(nil, b))
		require.NoError(t, err)
		require.Equal(t, "kept"+string(b), string(back))
		for _, name := range []string{"hex", "base64", "escape"} {
			text, err := Encode(nil, b, []byte(name))
			require.NoError(t, err)
			back, err := Decode(nil, text, []byte(name))
			require.NoError(t, err)
			require.Equal(t, string(b), string(back))
			_, _ = Decode(nil, b, []byte(name))
		}
		_, _ = Input(nil, b)
	})
}

func BenchmarkInput(b *testing.B) {
	text := Output(nil, make([]byte, 32))
	dst := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Input(dst, text); err != nil {
			b.Fatal(err)
		}
	}
}
