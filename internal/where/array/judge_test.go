package array_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where/array"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

// question is an expression, and what this package makes of it.
type question struct {
	sql string
	got string
}

// ask compares the answers with Postgres'. An error is the text "ERROR", its SQLSTATE, and its message and detail up to the value
// that it quotes.
func ask(t *testing.T, questions []question) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, `CREATE OR REPLACE FUNCTION pg_temp.answer(q text) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE r text; d text;
		BEGIN
			EXECUTE 'SELECT (' || q || ')::text' INTO r;
			RETURN coalesce(r, 'NULL of SQL');
		EXCEPTION WHEN others THEN
			GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
			RETURN 'ERROR ' || SQLSTATE || ' ' || SQLERRM || CASE WHEN d <> '' AND SQLERRM NOT LIKE '%"%' OR SQLERRM LIKE 'malformed%' THEN ': ' || d ELSE '' END;
		END $$`)
	require.NoError(t, err)
	for len(questions) > 0 {
		part := questions[:min(len(questions), 2000)]
		questions = questions[len(part):]
		var texts []string
		for _, q := range part {
			texts = append(texts, q.sql)
		}
		rows, err := conn.Query(ctx, "SELECT pg_temp.answer(q) FROM unnest($1::text[]) WITH ORDINALITY AS u(q, n) ORDER BY n", texts)
		require.NoError(t, err)
		answers, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for i, q := range part {
			want := answers[i]
			if strings.HasPrefix(want, "ERROR") {
				want = withoutValue(want)
			}
			if q.got != want {
				t.Errorf("%s\n  here  %s\n  there %s", q.sql, q.got, answers[i])
			}
		}
		if t.Failed() {
			return
		}
	}
}

// withoutValue takes the quoted value out of the messages that have one at their end.
func withoutValue(text string) string {
	if head, rest, ok := strings.Cut(text, `: "`); ok {
		if i := strings.LastIndex(rest, `": `); i >= 0 {
			return head + rest[i+1:]
		}
		return head
	}
	return text
}

func failure(err error) string {
	if e, ok := err.(*array.Error); ok {
		return "ERROR " + e.Code + " " + e.Error()
	}
	return "ERROR " + err.Error()
}

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// integers are of type int4, and their values are the text without leading zeros.
func integers() *array.Type {
	number := func(b []byte) int {
		n, _ := strconv.Atoi(string(b))
		return n
	}
	return &array.Type{
		Input: func(dst, text []byte) ([]byte, error) {
			n, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				return dst, fmt.Errorf("22P02 invalid input syntax for type integer")
			}
			return strconv.AppendInt(dst, int64(n), 10), nil
		},
		Output:  func(dst, value []byte) []byte { return append(dst, value...) },
		Compare: func(a, b []byte) int { return number(a) - number(b) },
		Equal:   func(a, b []byte) bool { return string(a) == string(b) },
		Key:     func(dst, value []byte) []byte { return append(dst, value...) },
	}
}

// folded are texts of which the package sees only that the values are not the texts: every byte is inverted.
func folded() *array.Type {
	invert := func(dst, b []byte) []byte {
		for _, c := range b {
			dst = append(dst, ^c)
		}
		return dst
	}
	return &array.Type{
		Input:   func(dst, text []byte) ([]byte, error) { return invert(dst, text), nil },
		Output:  invert,
		Compare: func(a, b []byte) int { return strings.Compare(string(invert(nil, a)), string(invert(nil, b))) },
		Equal:   func(a, b []byte) bool { return string(a) == string(b) },
		Key:     func(dst, value []byte) []byte { return append(dst, value...) },
	}
}

func parse(t testing.TB, text string, et *array.Type) array.Value {
	t.Helper()
	v, err := array.Input(nil, []byte(text), et)
	require.NoError(t, err, text)
	return v
}
