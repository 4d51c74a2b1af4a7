package moment_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where/moment"
)

// The judge is Postgres. LEYDEN_MOMENT_CASES sets how many random cases each test tries, LEYDEN_MOMENT_SEED repeats a run.

func TestMain(m *testing.M) { pgserver.Main(m) }

// judge asks a server for the text of expressions.
type judge struct {
	t    *testing.T
	conn *pgx.Conn
	rand *rand.Rand
	n    int
}

func newJudge(t *testing.T) *judge {
	seed := uint64(number(t, "LEYDEN_MOMENT_SEED", int(time.Now().UnixNano()&0xffffffff)))
	t.Logf("LEYDEN_MOMENT_SEED=%d", seed)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(ctx)) })
	_, err = conn.Exec(ctx, `
		SET TimeZone = 'UTC'; SET DateStyle = 'ISO, DMY'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1;
		CREATE FUNCTION pg_temp.answer(expression text) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE result text;
		BEGIN
			EXECUTE 'SELECT (' || expression || ')::text' INTO result;
			RETURN coalesce(result, 'NULL');
		EXCEPTION WHEN OTHERS THEN
			RETURN '!' || sqlerrm;
		END $$`)
	require.NoError(t, err)
	return &judge{t, conn, rand.New(rand.NewPCG(seed, 1)), number(t, "LEYDEN_MOMENT_CASES", 2_000)}
}

func number(t *testing.T, name string, otherwise int) int {
	if text := os.Getenv(name); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	return otherwise
}

// claim is an expression and what we say its text is: "NULL" for NULL.
type claim struct {
	sql  string
	ours string
	err  error
}

func quote(text []byte) string {
	out := []byte{'E', '\''}
	for _, c := range text {
		if c == '\'' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(append(out, '\''))
}

// agree asks the server about the claims. What depends on the clock or the server's configuration we may reject.
func (j *judge) agree(claims []claim) {
	j.t.Helper()
	expressions := make([]string, len(claims))
	for i, c := range claims {
		expressions[i] = c.sql
	}
	rows, err := j.conn.Query(context.Background(),
		`SELECT pg_temp.answer(e) FROM unnest($1::text[]) WITH ORDINALITY AS u(e, n) ORDER BY n`, expressions)
	require.NoError(j.t, err)
	answers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(j.t, err)
	accepted, stricter, wrong := 0, 0, 0
	for i, c := range claims {
		theirs := answers[i]
		switch {
		case c.err == nil && c.ours == theirs:
			accepted++
		case c.err != nil && theirs[:min(1, len(theirs))] == "!":
		case c.err != nil && (errors.Is(c.err, moment.ErrZone) || errors.Is(c.err, moment.ErrClock)):
			stricter++
		default:
			if wrong++; wrong <= 20 {
				j.t.Errorf("%s: ours %q %v, theirs %q", c.sql, c.ours, c.err, theirs)
			}
		}
	}
	if wrong > 20 {
		j.t.Errorf("and %d more", wrong-20)
	}
	j.t.Logf("%d claims, %d values agree, %d are stricter than the server", len(claims), accepted, stricter)
	require.Less(j.t, 0, accepted)
}

func oneOf[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// claimOf makes a claim of a result.
func claimOf[T any](sql string, show func([]byte, T) []byte, value T, err error) claim {
	if err != nil {
		return claim{sql: sql, err: err}
	}
	return claim{sql: sql, ours: string(show(nil, value))}
}

func truth(dst []byte, b bool) []byte { return strconv.AppendBool(dst, b) }

func literal[T any](kind string, show func([]byte, T) []byte, value T) string {
	return fmt.Sprintf("%s '%s'", kind, show(nil, value))
}

func (j *judge) date() moment.Date {
	switch j.rand.IntN(10) {
	case 0:
		return oneOf[moment.Date](j.rand, moment.Infinity, moment.MinusInfinity, -2451545, 2145031948, 106751982, 106751983, 0, -1, -730426, -730427)
	case 1:
		return moment.Date(j.rand.Int64N(2145031949+2451545) - 2451545)
	case 2:
		return moment.Date(j.rand.Int64N(106751983+2451545) - 2451545)
	default:
		return moment.Date(j.rand.Int64N(40_000) - 20_000)
	}
}

func (j *judge) timestamp() moment.Timestamp {
	switch j.rand.IntN(12) {
	case 0:
		return oneOf[moment.Timestamp](j.rand, moment.Infinity, moment.MinusInfinity, -211813488000000000, 9223371331199999999, 0, -1, 1, -946684800000000)
	case 1, 2:
		return moment.Timestamp(j.rand.Int64N(9223371331200000000)) + moment.Timestamp(j.rand.Int64N(2))*-211813488000000000
	case 3:
		return moment.Timestamp(-j.rand.Int64N(211813488000000000))
	case 4:
		return moment.Timestamp(j.rand.Int64N(20_000)-10_000) * 86_400_000_000
	case 5:
		return moment.Timestamp(j.rand.Int64N(2_000_000_000)-1_000_000_000) * 1_000_000
	default:
		return moment.Timestamp(j.rand.Int64N(4_000_000_000_000_000) - 2_000_000_000_000_000)
	}
}

func (j *judge) time() moment.Time {
	switch j.rand.IntN(5) {
	case 0:
		return oneOf[moment.Time](j.rand, 0, 1, 86_400_000_000, 86_399_999_999, 43_200_000_000)
	case 1:
		return moment.Time(j.rand.Int64N(86_400)) * 1_000_000
	default:
		return moment.Time(j.rand.Int64N(86_400_000_001))
	}
}

func (j *judge) timeTZ() moment.TimeTZ {
	west := int32(j.rand.IntN(31)-15) * 3600
	if j.rand.IntN(3) == 0 {
		west = int32(j.rand.IntN(2*57_599+1) - 57_599)
	}
	return moment.TimeTZ{Time: j.time(), West: west}
}

func (j *judge) interval() moment.Interval {
	n32 := func() int32 {
		switch j.rand.IntN(8) {
		case 0:
			return oneOf[int32](j.rand, 2147483647, -2147483648, 1, -1, 30, -30, 29, 31, 12, -12)
		case 1:
			return int32(j.rand.Uint32())
		case 2, 3:
			return 0
		default:
			return int32(j.rand.IntN(200) - 100)
		}
	}
	i := moment.Interval{Months: n32(), Days: n32()}
	switch j.rand.IntN(8) {
	case 0:
		i.Micros = oneOf[int64](j.rand, 9223372036854775807, -9223372036854775808, 86_400_000_000, -86_400_000_000, 86_399_999_999, 1, -1)
	case 1:
		i.Micros = int64(j.rand.Uint64())
	case 2, 3:
	default:
		i.Micros = j.rand.Int64N(400_000_000_000) - 200_000_000_000
	}
	return i
}
