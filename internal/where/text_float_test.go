package where

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
)

// Floats that few digits are half way to, and others of all sizes.
func TestFloatsArePrintedAsInPostgres(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var wide []float64
	var narrow []float32
	for range 30_000 {
		digits := 1 + r.IntN(17)
		d := strconv.FormatInt(r.Int64N(int64(math.Pow10(digits))), 10)
		f, err := strconv.ParseFloat(d+"e"+strconv.Itoa(max(0, 15+r.IntN(20)-len(d))), 64)
		require.NoError(t, err)
		wide = append(wide, f, -math.Nextafter(f, 0), math.Float64frombits(r.Uint64()), float64(float32(f))*float64(r.IntN(10)))
		g, err := strconv.ParseFloat(d[:min(len(d), 9)]+"e"+strconv.Itoa(r.IntN(12)), 32)
		require.NoError(t, err)
		narrow = append(narrow, float32(g), -math.Nextafter32(float32(g), 0), math.Float32frombits(r.Uint32()), float32(g)*float32(r.IntN(1000)))
	}
	for p := range 60 {
		wide = append(wide, math.Ldexp(1, p+40), math.Ldexp(3, p+40))
		narrow = append(narrow, float32(math.Ldexp(1, p+10)), float32(math.Ldexp(3, p+10)))
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(ctx)
	ask := func(typ string, all any) []string {
		rows, err := conn.Query(ctx, "SELECT x::text FROM unnest($1::"+typ+"[]) WITH ORDINALITY u (x, i) ORDER BY i", all)
		require.NoError(t, err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return texts
	}
	for i, want := range ask("float8", wide) {
		if got := string(appendFloat(nil, wide[i], 64)); got != want {
			require.Equal(t, want, got, "float8 %x", math.Float64bits(wide[i]))
		}
	}
	for i, want := range ask("float4", narrow) {
		if got := string(appendFloat(nil, float64(narrow[i]), 32)); got != want {
			require.Equal(t, want, got, "float4 %x", math.Float32bits(narrow[i]))
		}
	}
}
