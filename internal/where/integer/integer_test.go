package integer

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

func TestIntegersAreComputedAsInPostgres(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `CREATE FUNCTION pg_temp.try(expr text, a int8, b int8) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE r text; BEGIN EXECUTE 'SELECT (' || expr || ')::text' INTO r USING a, b; RETURN r;
		EXCEPTION WHEN OTHERS THEN RETURN 'error: ' || SQLERRM; END $$`)
	require.NoError(t, err)

	for size, name := range map[int]string{16: "int2", 32: "int4", 64: "int8"} {
		low, high := int64(math.MinInt64)>>(64-size), int64(math.MaxInt64)>>(64-size)
		all := []int64{0, 1, -1, 2, -2, 3, 7, -7, 10, 31, 32, 33, 63, 64, 65, high, high - 1, low, low + 1, low / 2, high/2 + 1, int64(math.Sqrt(float64(high)))}
		for range 40 {
			all = append(all, r.Int64()>>(64-size+r.IntN(size))*int64(1-2*r.IntN(2)))
		}
		plain := func(f func(a, b int64) int64) func(a, b int64, size int) (int64, error) {
			return func(a, b int64, _ int) (int64, error) { return f(a, b), nil }
		}
		for expr, f := range map[string]func(a, b int64, size int) (int64, error){
			"A + B": Add, "A - B": Sub, "A * B": Mul, "A / B": Div,
			"A % B":  func(a, b int64, _ int) (int64, error) { return Mod(a, b) },
			"- A":    func(a, _ int64, size int) (int64, error) { return Neg(a, size) },
			"abs(A)": func(a, _ int64, size int) (int64, error) { return Abs(a, size) },
			"A << $2::int8::int4": func(a, b int64, size int) (int64, error) {
				return ShiftLeft(a, b, size), nil
			},
			"A >> $2::int8::int4": func(a, b int64, size int) (int64, error) {
				return ShiftRight(a, b, size), nil
			},
			"A & B": plain(func(a, b int64) int64 { return a & b }),
			"A | B": plain(func(a, b int64) int64 { return a | b }),
			"A # B": plain(func(a, b int64) int64 { return a ^ b }),
			"~ A":   plain(func(a, _ int64) int64 { return ^a }),
		} {
			var values []string
			var pairs [][2]int64
			for _, a := range all {
				for _, b := range all {
					if strings.Contains(expr, "::int4") && !Fits(b, 32) {
						continue
					}
					pairs = append(pairs, [2]int64{a, b})
					values = append(values, fmt.Sprintf("((%d)::int8, (%d)::int8)", a, b))
				}
			}
			sql := strings.NewReplacer("A", "$1::"+name, "B", "$2::"+name).Replace(expr)
			rows, err := conn.Query(ctx, "SELECT pg_temp.try($1, a, b) FROM (VALUES "+strings.ReplaceAll(strings.Join(values, ","), "(-9223372036854775808)", "('-9223372036854775808')")+") v (a, b)", sql)
			require.NoError(t, err)
			answers, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			for i, answer := range answers {
				got, err := f(pairs[i][0], pairs[i][1], size)
				said := fmt.Sprint(got)
				if err != nil {
					said = "error: " + strings.Replace(err.Error(), "integer", map[int]string{16: "smallint", 32: "integer", 64: "bigint"}[size], 1)
				}
				if answer != said {
					require.Equal(t, answer, said, "%s: %s of %v", name, expr, pairs[i])
				}
			}
		}
	}
}
