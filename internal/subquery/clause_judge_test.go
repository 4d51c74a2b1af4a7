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

// clauses makes clauses with subqueries over the tables that TestPostgresAgreesOnClauses has.
type clauses struct{ *rand.Rand }

func (g clauses) pick(of ...string) string { return of[g.IntN(len(of))] }

// types are the columns of both tables: those of the outer one end in 1, those of the inner one in 2.
var types = []string{"i", "n", "f", "t", "c"}

func (g clauses) inner() string {
	return g.pick("", "", " WHERE i2 > 0", " WHERE t2 IS NOT NULL", " WHERE false", " WHERE n2 IN (SELECT n2 FROM inside WHERE i2 = 1)")
}

func (g clauses) clause(depth int) string {
	if depth > 0 && g.IntN(3) > 0 {
		switch g.IntN(3) {
		case 0:
			return "(" + g.clause(depth-1) + " AND " + g.clause(depth-1) + ")"
		case 1:
			return "(" + g.clause(depth-1) + " OR " + g.clause(depth-1) + ")"
		}
		return "NOT (" + g.clause(depth-1) + ")"
	}
	a, b := g.pick(types...), g.pick(types...)
	switch g.IntN(5) {
	case 0:
		return g.pick("i1 > 1", "t1 IS NULL", "n1 = 1", "i1 / 2 = 1", "c1 = 'a'")
	case 1:
		return fmt.Sprintf("(%s1, %s1) IN (SELECT %s2, %s2 FROM inside%s)", a, b, a, b, g.inner())
	case 2:
		return fmt.Sprintf("%s1 NOT IN (SELECT %s2 FROM inside%s)", a, a, g.inner())
	}
	return fmt.Sprintf("%s1 IN (SELECT %s2 FROM inside%s)", a, a, g.inner())
}

// Postgres says which rows of a table satisfy a clause with subqueries; the conditions of its rows over the values of the
// subqueries must include the same.
func TestPostgresAgreesOnClauses(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	g := clauses{rand.New(rand.NewPCG(seed, 2))}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(ctx)

	table := func(name, n string) []where.Column {
		_, err := conn.Exec(ctx, strings.NewReplacer("#", n, "@", name).Replace("CREATE TEMP TABLE @ (i# int, n# numeric, f# float8, t# text, c# char(4))"))
		require.NoError(t, err)
		for range 6 {
			var values []string
			for _, of := range [][]string{{"0", "1", "2"}, {"1", "1.0", "1.50", "100", "'NaN'"}, {"0", "'-0'", "1.5"}, {"''", "'a'", "'a '"}, {"'a'", "'a '", "''"}} {
				values = append(values, g.pick(append(of, "NULL")...))
			}
			_, err := conn.Exec(ctx, "INSERT INTO "+name+" VALUES ("+strings.Join(values, ", ")+")")
			require.NoError(t, err)
		}
		return []where.Column{{Name: "i" + n, Type: "int4", TypeMod: -1}, {Name: "n" + n, Type: "numeric", TypeMod: -1},
			{Name: "f" + n, Type: "float8", TypeMod: -1}, {Name: "t" + n, Type: "text", TypeMod: -1}, {Name: "c" + n, Type: "bpchar", TypeMod: 8}}
	}
	query := func(sql string) [][][]byte {
		results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		require.NoError(t, err, sql)
		var rows [][][]byte
		for _, row := range results[0].Rows {
			rows = append(rows, append([][]byte{}, row...))
		}
		return rows
	}

	compared := 0
	for range 12 {
		_, err := conn.Exec(ctx, "DROP TABLE IF EXISTS outside, inside")
		require.NoError(t, err)
		columns, inside := table("outside", "1"), table("inside", "2")
		names := []string{"i1", "n1", "f1", "t1", "c1"}
		for range 60 {
			text := g.clause(2)
			c, err := where.CompileWith(text, nil, columns, func(string, string) ([]where.Column, error) { return inside, nil })
			if err != nil {
				var refused *where.Error
				require.ErrorAs(t, err, &refused)
				continue // one subquery with both polarities
			}
			d := c.DNF()
			var views []Set
			for _, s := range d.Subqueries {
				sql := "SELECT " + strings.Join(s.Columns, ", ") + " FROM inside"
				if s.Where != nil {
					sql += " WHERE " + strings.ReplaceAll(s.Where.SQL(), `"public".`, "")
				}
				var canon []where.Canon
				for _, v := range s.Values {
					canon = append(canon, v.Canon)
				}
				var values []Value
				for _, row := range query(sql) {
					values = append(values, Value(AppendValue(nil, canon, row)))
				}
				views = append(views, Empty.With(values, nil))
			}
			p, err := Bind(d, names)
			require.NoError(t, err)
			for _, row := range query("SELECT *, coalesce((" + text + "), false) FROM outside") {
				conditions, failures, err := p.Conditions(row, views, &where.Scratch{}, nil)
				require.NoError(t, err)
				require.Zero(t, failures)
				require.Equal(t, string(row[len(names)]) == "t", p.Included(conditions), "%s: %q", text, row)
				compared++
			}
		}
	}
	t.Logf("%d rows compared", compared)
	require.Greater(t, compared, 1000)
}
