package pgtext

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
)

func TestMain(m *testing.M) { pgserver.Main(m) }

// call is one row of operands.
type call struct {
	a, b, c string
	n, m    int32
}

func (c call) bytes() (x, y, z []byte) { return []byte(c.a), []byte(c.b), []byte(c.c) }

// functions maps SQL over the operands to what is compared with it.
func functions() map[string]func(c call) (string, error) {
	number := func(n int) (string, error) { return strconv.Itoa(n), nil }
	text := func(b []byte, err error) (string, error) { return string(b), err }
	view := func(b []byte) (string, error) { return string(b), nil }
	return map[string]func(c call) (string, error){
		"length(a)":           func(c call) (string, error) { return number(Length([]byte(c.a))) },
		"octet_length(a)":     func(c call) (string, error) { return number(len(c.a)) },
		"substring(a, n)":     func(c call) (string, error) { return view(From([]byte(c.a), int64(c.n))) },
		"substring(a, n, m)":  func(c call) (string, error) { return text(Substring([]byte(c.a), int64(c.n), int64(c.m))) },
		"left(a, n)":          func(c call) (string, error) { return view(Left([]byte(c.a), int64(c.n))) },
		"right(a, n)":         func(c call) (string, error) { return view(Right([]byte(c.a), int64(c.n))) },
		"strpos(a, b)":        func(c call) (string, error) { return number(Position([]byte(c.a), []byte(c.b))) },
		"btrim(a, b)":         func(c call) (string, error) { return view(Trim([]byte(c.a), []byte(c.b))) },
		"ltrim(a, b)":         func(c call) (string, error) { return view(TrimLeft([]byte(c.a), []byte(c.b))) },
		"rtrim(a, b)":         func(c call) (string, error) { return view(TrimRight([]byte(c.a), []byte(c.b))) },
		"btrim(a)":            func(c call) (string, error) { return view(Trim([]byte(c.a), []byte(" "))) },
		"split_part(a, b, n)": func(c call) (string, error) { return text(SplitPart([]byte(c.a), []byte(c.b), int64(c.n))) },
		"replace(a, b, c)":    func(c call) (string, error) { x, y, z := c.bytes(); return text(Replace(nil, x, y, z)) },
		"translate(a, b, c)":  func(c call) (string, error) { x, y, z := c.bytes(); return text(Translate(nil, x, y, z)) },
		"reverse(a)":          func(c call) (string, error) { return view(Reverse(nil, []byte(c.a))) },
		"a || b":              func(c call) (string, error) { return text(Concat(nil, []byte(c.a), []byte(c.b))) },
		"repeat(a, n)":        func(c call) (string, error) { return text(Repeat(nil, []byte(c.a), int64(c.n))) },
		"lpad(a, n, b)":       func(c call) (string, error) { return text(PadLeft(nil, []byte(c.a), int64(c.n), []byte(c.b))) },
		"rpad(a, n, b)":       func(c call) (string, error) { return text(PadRight(nil, []byte(c.a), int64(c.n), []byte(c.b))) },
		"ascii(a)":            func(c call) (string, error) { return number(int(ASCII([]byte(c.a)))) },
		"chr(n)":              func(c call) (string, error) { return text(Chr(nil, int64(c.n))) },
		"md5(a)":              func(c call) (string, error) { return view(MD5(nil, []byte(c.a))) },
	}
}

func connect(t *testing.T) *pgx.Conn {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(ctx)) })
	_, err = conn.Exec(ctx, `CREATE TABLE pg_temp.calls (id int, a text, b text, c text, n int, m int)`)
	require.NoError(t, err)
	return conn
}

func compare(t *testing.T, conn *pgx.Conn, calls []call) {
	ctx := context.Background()
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"pg_temp", "calls"}, []string{"id", "a", "b", "c", "n", "m"},
		pgx.CopyFromSlice(len(calls), func(i int) ([]any, error) {
			c := calls[i]
			return []any{i, c.a, c.b, c.c, c.n, c.m}, nil
		}))
	require.NoError(t, err)
	for sql, ours := range functions() {
		_, err := conn.Exec(ctx, `CREATE OR REPLACE FUNCTION pg_temp.try(a text, b text, c text, n int, m int) RETURNS text LANGUAGE plpgsql AS $$
			BEGIN RETURN 'is ' || md5((`+sql+`)::text) || left((`+sql+`)::text, 100); EXCEPTION WHEN OTHERS THEN RETURN SQLERRM; END $$`)
		require.NoError(t, err, sql)
		rows, err := conn.Query(ctx, "SELECT pg_temp.try(a, b, c, n, m) FROM pg_temp.calls ORDER BY id")
		require.NoError(t, err)
		answers, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Len(t, answers, len(calls))
		for i, answer := range answers {
			got, err := ours(calls[i])
			said := fmt.Sprintf("is %s%s", MD5(nil, []byte(got)), Left([]byte(got), 100))
			if err != nil {
				said = err.Error()
			}
			// What cannot be a character has several texts in Postgres.
			if err == ErrCharacter && !strings.HasPrefix(answer, "is ") {
				continue
			}
			require.Equal(t, answer, said, "%s of %+v", sql, calls[i])
		}
	}
	_, err = conn.Exec(ctx, "TRUNCATE pg_temp.calls")
	require.NoError(t, err)
}

func TestEdgesAreAsInPostgres(t *testing.T) {
	texts := []string{"", " ", "a", "ab", "abcabc", "  ab ", "aaaa", "é", "日本語日本", "a,b,,c", ",", "ÀÉß", "a\nb\t", "x日y日z", "İıſK", "ǅ", "😀a😀"}
	numbers := []int32{0, 1, 2, 3, 4, -1, -2, -3, 10, 1 << 30, 1<<31 - 1, -1 << 31, -1<<31 + 1, 128, 0x65e5}
	var calls []call
	for i, a := range texts {
		for j, b := range texts {
			for k, n := range numbers {
				if a == "" && n > 1<<20 {
					continue // Postgres counts through the repetitions of nothing
				}
				calls = append(calls, call{a, b, texts[(i+j+k)%len(texts)], n, numbers[(i+3*j+k)%len(numbers)]})
			}
		}
	}
	conn := connect(t)
	compare(t, conn, calls)
	calls = nil
	for _, n := range []int32{1, 127, 128, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdfff, 0xe000, 0xfffe, 0xffff, 0x10000, 0x10ffff, 0x110000} {
		calls = append(calls, call{n: n}, call{n: -n})
	}
	compare(t, conn, calls)
}

func TestRandomTextsAreAsInPostgres(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	text := func(most int) string {
		letters := []rune("aab,bc ABÉéß日本😀")
		var b strings.Builder
		for range r.IntN(most + 1) {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	var calls []call
	for range 4000 {
		calls = append(calls, call{text(40), text(3), text(4), int32(r.IntN(60) - 20), int32(r.IntN(60) - 10)})
	}
	compare(t, connect(t), calls)
}

func TestWhatGrowsBeyondTheLimitIsAnError(t *testing.T) {
	big := make([]byte, MaxLength)
	_, err := Repeat(nil, []byte("ab"), MaxLength)
	require.ErrorIs(t, err, ErrTooLong)
	_, err = PadLeft(nil, []byte("a"), MaxLength+1, []byte("x"))
	require.ErrorIs(t, err, ErrTooLong)
	_, err = PadRight(nil, []byte("a"), MaxLength, []byte("é"))
	require.ErrorIs(t, err, ErrTooLong)
	_, err = PadRight(nil, []byte("a"), 1<<31-1, []byte("x"))
	require.ErrorIs(t, err, ErrTooLong)
	_, err = Concat(nil, big, []byte("a"))
	require.ErrorIs(t, err, ErrTooLong)
	_, err = Replace(nil, big[:MaxLength/2], []byte{0}, []byte("abc"))
	require.ErrorIs(t, err, ErrTooLong)
	out, err := PadRight([]byte("kept"), []byte("a"), 1<<31-1, nil)
	require.NoError(t, err)
	require.Equal(t, "kepta", string(out))
}
