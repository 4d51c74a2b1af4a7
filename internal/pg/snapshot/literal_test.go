package snapshot

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/pg"
	"leyden/internal/pg/pgserver"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// value makes a Value of texts; nil is NULL.
func value(texts ...any) subquery.Value {
	cells := make([][]byte, len(texts))
	for i, t := range texts {
		if s, ok := t.(string); ok {
			cells[i] = []byte(s)
		}
	}
	return subquery.Value(subquery.AppendValue(nil, make([]where.Canon, len(cells)), cells))
}

// server is a connection whose session takes a backslash in a literal for what the setting says.
func server(t testing.TB, conforming string) *pgconn.PgConn {
	conn, err := pgconn.Connect(t.Context(), pgserver.Shared(t).NewDatabase(t))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	_, err = conn.Exec(t.Context(), "SET standard_conforming_strings = "+conforming).ReadAll()
	require.NoError(t, err)
	return conn
}

// readBack has Postgres say what the elements of the literal of values are.
func readBack(ctx context.Context, conn *pgconn.PgConn, texts []any) ([]any, error) {
	var values []subquery.Value
	for _, text := range texts {
		values = append(values, value(text))
	}
	m := membership{values: map[valuesOf][]string{}}
	literal := m.literals(subquery.Empty.With(values, nil), 1)[0]
	results, err := conn.Exec(ctx, "SELECT pg_catalog.unnest("+literal+"::text[])").ReadAll()
	if err != nil {
		return nil, err
	}
	var out []any
	for _, row := range results[0].Rows {
		if row[0] == nil {
			out = append(out, nil)
		} else {
			out = append(out, string(row[0]))
		}
	}
	return out, nil
}

var nastyTexts = []any{
	nil, "", "NULL", "null", "nUlL", `"`, `\`, `\\`, `\"`, `'`, `''`, `\'`, `'\`, "{", "}", "{}", `{"a"}`, ",", " ", " a", "a ", "\t", "\n", "\v", "é", "日本", "😀",
	"\u2028", "E'", "$1", "$$", "--", "/*", "a,b", `\x00ff`, `\n`, "%", "-", ".", "1", "-1.50", "NaN", "deadbeef", "\x01", "\x7f",
}

func TestEveryTextIsAnElementOfALiteral(t *testing.T) {
	for _, conforming := range []string{"on", "off"} {
		got, err := readBack(t.Context(), server(t, conforming), nastyTexts)
		require.NoError(t, err)
		require.ElementsMatch(t, nastyTexts, got, conforming)
	}
}

func TestAnyTextIsAnElementOfALiteral(t *testing.T) {
	conns := []*pgconn.PgConn{server(t, "on"), server(t, "off")}
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(nastyTexts), rapid.Map(rapid.StringOf(rapid.OneOf(
			rapid.SampledFrom([]rune(`\"'{},NULE $`)), rapid.Rune().Filter(func(r rune) bool { return r != 0 }))), func(s string) any { return s }))
		texts := rapid.SliceOfDistinct(text, func(a any) any { return a }).Draw(rt, "texts")
		for _, conn := range conns {
			got, err := readBack(t.Context(), conn, texts)
			require.NoError(rt, err)
			require.ElementsMatch(rt, texts, got)
		}
	})
}

func FuzzLiteral(f *testing.F) {
	for _, text := range nastyTexts {
		if s, ok := text.(string); ok {
			f.Add(s, s)
		}
	}
	conns := []*pgconn.PgConn{server(f, "on"), server(f, "off")}
	f.Fuzz(func(t *testing.T, a, b string) {
		texts := []any{a, b}
		for _, text := range []string{a, b} {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				t.Skip("no text of Postgres")
			}
		}
		if a == b {
			texts = texts[:1]
		}
		for _, conn := range conns {
			got, err := readBack(context.Background(), conn, texts)
			require.NoError(t, err)
			require.ElementsMatch(t, texts, got)
		}
	})
}

// A position behind the header of a page is one that the stream does not come to while nothing is inserted there.
func TestThePositionIsOneThatTheStreamReaches(t *testing.T) {
	const page = 8192
	for from, want := range map[uint64]uint64{
		7*page - 8: 7*page - 8, 7 * page: 7 * page, 7*page + 24: 7 * page, 7*page + 32: 7 * page, 7*page + 40: 7 * page, 7*page + 48: 7*page + 48, 0: 0,
	} {
		require.EqualValues(t, want, reachable(pg.LSN(from)), from)
	}
}
