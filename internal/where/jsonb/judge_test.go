package jsonb_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where/jsonb"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

// question is an expression, and what this package makes of it.
type question struct {
	sql string
	got string
}

// ask compares the answers with Postgres'. An error is the text "ERROR", its SQLSTATE, and its message up to the value that it
// quotes.
func ask(t *testing.T, questions []question) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, `CREATE OR REPLACE FUNCTION pg_temp.answer(q text) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE r text;
		BEGIN
			EXECUTE 'SELECT (' || q || ')::text' INTO r;
			RETURN coalesce(r, 'NULL of SQL');
		EXCEPTION WHEN others THEN
			RETURN 'ERROR ' || SQLSTATE || ' ' || regexp_replace(SQLERRM, ': ".*', '');
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
			if q.got != answers[i] {
				t.Errorf("%.2000s\n  here  %.2000s\n  there %.2000s", q.sql, q.got, answers[i])
			}
		}
		if t.Failed() {
			return
		}
	}
}

func failure(err error) string {
	if e, ok := err.(*jsonb.Error); ok {
		return "ERROR " + e.Code + " " + e.Message
	}
	return "ERROR " + err.Error()
}

// answer is a result that may be an error or NULL.
func answer(v []byte, ok bool, err error) string {
	switch {
	case err != nil:
		return failure(err)
	case !ok:
		return "NULL of SQL"
	}
	return string(v)
}

func truth(b bool) string { return strconv.FormatBool(b) }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

func value(t testing.TB, text string) jsonb.Value {
	t.Helper()
	v, err := jsonb.Input(nil, []byte(text))
	require.NoError(t, err, text)
	return v
}

// keys are few, so that those of two documents meet, and of all lengths and alphabets.
func keys() []string {
	return []string{"a", "b", "aa", "ab", "", "é", "\"", "\n", "\\n", "\\", "0", "-1", "1", "\x1f", "zz", "B"}
}

// randomString writes a string as JSON may: some characters escaped, some not.
func randomString(r *rand.Rand, s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n' && r.IntN(2) == 0:
			b.WriteString(`\n`)
		case c < ' ' || c < 0x10000 && r.IntN(6) == 0:
			b.WriteString(`\u` + strconv.FormatInt(0x10000+int64(c), 16)[1:])
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func space(r *rand.Rand) string {
	if r.IntN(8) == 0 {
		return []string{" ", "\n", "\t", " \r\n "}[r.IntN(4)]
	}
	return ""
}

// randomJSON writes a document of few values, so that equal ones and duplicates of keys are frequent.
func randomJSON(r *rand.Rand, depth int) string {
	kind := r.IntN(9)
	if depth == 0 {
		kind = r.IntN(5)
	}
	var text string
	switch kind {
	case 0:
		text = "null"
	case 1:
		text = []string{"true", "false"}[r.IntN(2)]
	case 2:
		text = []string{"0", "1", "1.0", "1.00", "-1", "-0", "-0.0", "10", "1e1", "0.5", "5e-1", "-1.5", "12345678901234567890.1", "9"}[r.IntN(14)]
	case 3, 4:
		text = randomString(r, keys()[r.IntN(len(keys()))])
	case 5, 6:
		var parts []string
		for range r.IntN(4) {
			parts = append(parts, randomJSON(r, depth-1))
		}
		text = "[" + space(r) + strings.Join(parts, ",") + "]"
	default:
		var parts []string
		for range r.IntN(4) {
			key := randomString(r, keys()[r.IntN(len(keys()))])
			parts = append(parts, space(r)+key+space(r)+":"+randomJSON(r, depth-1))
		}
		text = "{" + space(r) + strings.Join(parts, ",") + "}"
	}
	return space(r) + text + space(r)
}

// randomPath is a text[] that often leads somewhere.
func randomPath(r *rand.Rand, nulls bool) (path [][]byte, sql string) {
	var parts []string
	for range r.IntN(4) {
		step := []string{"0", "1", "-1", "-2", "2", " 1", "+0", "1 ", "x", "-2147483648", "99999999999"}[r.IntN(11)]
		if r.IntN(2) == 0 {
			step = keys()[r.IntN(len(keys()))]
		}
		if nulls && r.IntN(20) == 0 {
			path, parts = append(path, nil), append(parts, "NULL")
			continue
		}
		path, parts = append(path, []byte(step)), append(parts, literal(step))
	}
	return path, "ARRAY[" + strings.Join(parts, ",") + "]::text[]"
}
