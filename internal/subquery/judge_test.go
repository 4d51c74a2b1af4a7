package subquery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

// Postgres says what `lhs IN (members)` is, for rows of one to three columns with NULLs in both.
func TestPostgresAgreesOnMembership(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	g := rand.New(rand.NewPCG(seed, 1))
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(ctx)

	row := func(width int) []any {
		r := make([]any, width)
		for i := range r {
			if n := g.IntN(4); n < 3 {
				r[i] = fmt.Sprint(n)
			}
		}
		return r
	}
	literal := func(r []any) string {
		parts := make([]string, len(r))
		for i := range r {
			parts[i] = "NULL::int"
			if r[i] != nil {
				parts[i] = r[i].(string)
			}
		}
		return strings.Join(parts, ", ")
	}
	for range 150 {
		width := 1 + g.IntN(3)
		s := Empty
		members := []string{}
		for range g.IntN(6) {
			m := row(width)
			s = s.With([]Value{value(m...)}, nil)
			members = append(members, "SELECT "+literal(m))
		}
		if len(members) == 0 {
			members = []string{"SELECT " + literal(make([]any, width)) + " WHERE false"}
		}
		var tests []string
		var rows [][]any
		for range 20 {
			r := row(width)
			rows = append(rows, r)
			tests = append(tests, fmt.Sprintf("(%s) IN (%s)", literal(r), strings.Join(members, " UNION ALL ")))
		}
		found := make([]*bool, len(rows))
		into := make([]any, len(rows))
		for i := range found {
			into[i] = &found[i]
		}
		require.NoError(t, conn.QueryRow(ctx, "SELECT "+strings.Join(tests, ", ")).Scan(into...))
		var scratch []byte
		for i, r := range rows {
			want := where.Null
			if found[i] != nil {
				want = where.False
				if *found[i] {
					want = where.True
				}
			}
			require.Equal(t, want, s.Test([]byte(value(r...)), &scratch), tests[i])
		}
	}
}
