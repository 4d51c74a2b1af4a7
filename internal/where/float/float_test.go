package float

import (
	"context"
	"fmt"
	"math"
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

func TestFloatsAreComputedAsInPostgres(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	all := []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64,
		math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 2.2250738585072014e-308, 1e300, 1e-300, 1e154, 1e15 + 0.5, 1.0000000000000002, 1074, -1074, -1075, 1023, 709.78, 7, 0.3333333333333333}
	for range 60 {
		all = append(all, math.Float64frombits(r.Uint64()), r.NormFloat64()*100, float64(r.IntN(40)-20))
	}
	compare(t, "float8", 64, all, map[string]func(a, b float64) (float64, error){
		"A + B": Add[float64], "A - B": Sub[float64], "A * B": Mul[float64], "A / B": Div[float64], "A ^ B": Power,
		"|/ A":     func(a, _ float64) (float64, error) { return Sqrt(a) },
		"abs(A)":   func(a, _ float64) (float64, error) { return Abs(a), nil },
		"sign(A)":  func(a, _ float64) (float64, error) { return Sign(a), nil },
		"round(A)": func(a, _ float64) (float64, error) { return Round(a), nil },
		"trunc(A)": func(a, _ float64) (float64, error) { return Trunc(a), nil },
		"floor(A)": func(a, _ float64) (float64, error) { return Floor(a), nil },
		"ceil(A)":  func(a, _ float64) (float64, error) { return Ceil(a), nil },
		"- A":      func(a, _ float64) (float64, error) { return -a, nil },
	})

	narrow := []float64{0, math.Copysign(0, -1), 1, -1, 3, 0.1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 1.1754944e-38, 1e20, 1e-20, 16777216}
	for range 60 {
		narrow = append(narrow, float64(math.Float32frombits(r.Uint32())), float64(float32(r.NormFloat64())))
	}
	for i, f := range narrow {
		narrow[i] = float64(float32(f))
	}
	two := func(f func(a, b float32) (float32, error)) func(a, b float64) (float64, error) {
		return func(a, b float64) (float64, error) {
			v, err := f(float32(a), float32(b))
			return float64(v), err
		}
	}
	compare(t, "float4", 32, narrow, map[string]func(a, b float64) (float64, error){
		"A + B": two(Add[float32]), "A - B": two(Sub[float32]), "A * B": two(Mul[float32]), "A / B": two(Div[float32]),
		"abs(A)": func(a, _ float64) (float64, error) { return float64(Abs(float32(a))), nil },
		"- A":    func(a, _ float64) (float64, error) { return -a, nil },
	})
}

func compare(t *testing.T, typ string, bits int, all []float64, exprs map[string]func(a, b float64) (float64, error)) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, fmt.Sprintf(`CREATE FUNCTION pg_temp.try(expr text, a %[1]s, b %[1]s) RETURNS %[1]s LANGUAGE plpgsql AS $$
		DECLARE r %[1]s; BEGIN EXECUTE 'SELECT ' || expr INTO r USING a, b; RETURN r; END $$;
		CREATE FUNCTION pg_temp.say(expr text, a %[1]s, b %[1]s) RETURNS text LANGUAGE plpgsql AS $$
		BEGIN RETURN pg_temp.try(expr, a, b)::text; EXCEPTION WHEN OTHERS THEN RETURN 'error: ' || SQLERRM; END $$`, typ))
	require.NoError(t, err)
	for expr, f := range exprs {
		var values []string
		var pairs [][2]float64
		for _, a := range all {
			for _, b := range all {
				pairs = append(pairs, [2]float64{a, b})
				values = append(values, fmt.Sprintf("('%s'::%s, '%s'::%s)", spell(a, bits), typ, spell(b, bits), typ))
				if !strings.Contains(expr, "B") {
					break
				}
			}
		}
		sql := strings.NewReplacer("A", "$1", "B", "$2").Replace(expr)
		rows, err := conn.Query(ctx, "SELECT pg_temp.say($1, a, b) FROM (VALUES "+strings.Join(values, ",")+") v (a, b)", sql)
		require.NoError(t, err)
		answers, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for i, answer := range answers {
			got, err := f(pairs[i][0], pairs[i][1])
			if err != nil {
				if answer != "error: "+err.Error() {
					t.Errorf("%s: %s of %v: Postgres %s, ours %v", typ, expr, pairs[i], answer, err)
				}
				continue
			}
			want, parseErr := strconv.ParseFloat(answer, bits)
			if parseErr != nil || want != got && (want == want || got == got) || want == 0 && math.Signbit(want) != math.Signbit(got) {
				t.Errorf("%s: %s of %v: Postgres %s, ours %v", typ, expr, pairs[i], answer, got)
			}
		}
	}
}

func spell(f float64, bits int) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

func BenchmarkPower(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Power(1.2345, 6.789); err != nil {
			b.Fatal(err)
		}
	}
}
