package decimal

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

// operation is what is compared with Postgres: its SQL has $1 and $2 for the operands.
type operation struct {
	name string
	sql  string
	two  func(dst, a, b []byte) ([]byte, error)
	one  func(dst, a []byte) ([]byte, error)
}

func operations() []operation {
	all := []operation{
		{name: "add", sql: "a + b", two: Add},
		{name: "sub", sql: "a - b", two: Sub},
		{name: "mul", sql: "a * b", two: Mul},
		{name: "div", sql: "a / b", two: Div},
		{name: "divtrunc", sql: "div(a, b)", two: DivTrunc},
		{name: "mod", sql: "a % b", two: Mod},
		{name: "power", sql: "a ^ b", two: Power},
		{name: "neg", sql: "- a", one: Neg},
		{name: "abs", sql: "abs(a)", one: Abs},
		{name: "sign", sql: "sign(a)", one: Sign},
		{name: "floor", sql: "floor(a)", one: Floor},
		{name: "ceil", sql: "ceil(a)", one: Ceil},
		{name: "sqrt", sql: "sqrt(a)", one: Sqrt},
	}
	for _, n := range []struct {
		scale int
		sql   string
	}{{0, "0"}, {1, "1"}, {2, "2"}, {7, "7"}, {30, "30"}, {-1, "-1"}, {-3, "-3"}, {-30, "-30"}, {2500, "2500"}, {-2500, "-2500"}} {
		all = append(all,
			operation{name: "round", sql: "round(a, " + n.sql + ")", one: func(dst, a []byte) ([]byte, error) { return Round(dst, a, n.scale) }},
			operation{name: "trunc", sql: "trunc(a, " + n.sql + ")", one: func(dst, a []byte) ([]byte, error) { return Trunc(dst, a, n.scale) }})
	}
	return all
}

// ask has Postgres evaluate an expression over pairs of operands: its text, or its error.
func ask(t *testing.T, conn *pgx.Conn, expr string, pairs [][2]string) []string {
	ctx := context.Background()
	var values []string
	for _, p := range pairs {
		values = append(values, "('"+p[0]+"'::numeric, '"+p[1]+"'::numeric)")
	}
	rows, err := conn.Query(ctx, "SELECT pg_temp.try($1, a, b) FROM (VALUES "+strings.Join(values, ",")+") v (a, b)", expr)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Len(t, all, len(pairs))
	return all
}

func connect(t *testing.T) *pgx.Conn {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(ctx)) })
	_, err = conn.Exec(ctx, `CREATE FUNCTION pg_temp.try(expr text, a numeric, b numeric) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE r text; BEGIN EXECUTE 'SELECT (' || replace(replace(expr, 'a', '$1'), 'b', '$2') || ')::text' INTO r USING a, b; RETURN r;
		EXCEPTION WHEN OTHERS THEN RETURN 'error: ' || SQLERRM; END $$`)
	require.NoError(t, err)
	return conn
}

func run(op operation, a, b string) (string, error) {
	dst := []byte("kept ")
	var err error
	if op.two != nil {
		dst, err = op.two(dst, []byte(a), []byte(b))
	} else {
		dst, err = op.one(dst, []byte(a))
	}
	return strings.TrimPrefix(string(dst), "kept "), err
}

func compare(t *testing.T, conn *pgx.Conn, op operation, pairs [][2]string) {
	expr := op.sql
	// The letters of function names are not operands.
	for _, f := range []string{"abs", "mod", "ceil", "floor", "sqrt", "sign", "round", "trunc", "div"} {
		expr = strings.Replace(expr, f+"(", strings.ToUpper(f)+"(", 1)
	}
	for i, answer := range ask(t, conn, expr, pairs) {
		got, err := run(op, pairs[i][0], pairs[i][1])
		switch {
		case err != nil:
			require.Equal(t, answer, "error: "+err.Error(), "%s of %v", op.sql, pairs[i])
		case answer != got:
			require.Equal(t, answer, got, "%s of %v", op.sql, pairs[i])
		}
	}
}

func TestEdgesAreAsInPostgres(t *testing.T) {
	edges := []string{"0", "0.00", "1", "-1", "1.0", "-1.00", "2", "-2", "3", "-3", "10", "0.5", "-0.5", "1.5", "2.5", "-2.5", "0.05", "0.049", "-0.0049", "99.95", "-99.995",
		"9999", "10000", "9999.9999", "0.0001", "0.00009999", "12345678901234567890", "123456789012345678901234567890.123456789012345678901234567890", "-98765432109876543210.5",
		"18446744073709551615", "9999999999999999999", "9223372036854775808", "0.00000000000000000001", "0.1000", "1e30", "1e-30", "3.14159265358979323846264338327950288",
		"NaN", "Infinity", "-Infinity", "7", "-7", "100", "33", "1e100", "-1e100", "1e-100", "0.3", "0.9999999999999999", "-2147483649", "999999999999999999.5", "5555.5555"}
	var pairs [][2]string
	for _, a := range edges {
		for _, b := range edges {
			pairs = append(pairs, [2]string{canonical(a), canonical(b)})
		}
	}
	conn := connect(t)
	for _, op := range operations() {
		compare(t, conn, op, pairs)
	}
}

// canonical writes an exponent out.
func canonical(text string) string {
	mantissa, exp, ok := strings.Cut(text, "e")
	if !ok {
		return text
	}
	neg := ""
	if strings.HasPrefix(mantissa, "-") {
		neg, mantissa = "-", mantissa[1:]
	}
	if exp[0] == '-' {
		return neg + "0." + strings.Repeat("0", atoi(exp[1:])-1) + mantissa
	}
	return neg + mantissa + strings.Repeat("0", atoi(exp))
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

func TestTheLimitsAreThoseOfPostgres(t *testing.T) {
	whole, frac := "9"+strings.Repeat("3", 131071), "0."+strings.Repeat("0", 16382)+"7"
	pairs := [][2]string{{whole, "1"}, {whole, "10"}, {whole, "-0.6"}, {whole, whole}, {frac, "0.5"}, {frac, frac}, {whole, frac}, {frac, whole}, {"1", frac}, {"-" + whole, frac}}
	conn := connect(t)
	for _, op := range operations() {
		if op.name != "power" && op.name != "round" {
			compare(t, conn, op, pairs)
		}
	}
	up := operation{sql: "round(a, -131071)", one: func(dst, a []byte) ([]byte, error) { return Round(dst, a, -131071) }}
	compare(t, conn, up, pairs)
	all := operation{sql: "round(a, -2000000000)", one: func(dst, a []byte) ([]byte, error) { return Round(dst, a, -2000000000) }}
	compare(t, conn, all, pairs)
	compare(t, conn, operation{sql: "a ^ b", two: Power}, [][2]string{{"10", "131071"}, {"10", "131072"}, {"2", "435411"}, {"2", "435412"}, {"0.1", "2147483647"}, {"0.1", "-131071"},
		{"1.00001", "1000000"}, {"-10", "-131072"},
		{"2", "0.5"}, {"100", "0.5"}, {"1000", "0.3333333333333333333333"}, {"10", "2604.9"}, {"10", "2605.9"}, {"10", "-2604.9"}, {"10", "-2620.5"}, {"0.5", "-0.5"}, {"16", "-1.25"}, {"1", "2147483649"},
		{"1.0000000001", "3000000000"}, {"0.9999999999", "99999999999.5"}, {"-1.0000000001", "3000000001"}, {"-1.0000000001", "3000000002"}, {"1.00000000000000000001", "123456789012345678901.5"},
		{"2", canonical("1e20")}, {"0.5", canonical("1e20")}, {canonical("1e-16000"), "0.25"}, {canonical("1e16000"), "0.01"}, {"12345.678901234567890123456789", "0.1"}, {"1.05", "7.5"}, {"0.95", "-77.25"}, {"1.1", "0.1"}, {"0.9", "0.1"}, {"0.89", "1.5"},
		{"3", "1.00000000000000000000000000000000000000000000000000001"}, {"7", "200.5"}, {"7", "-200.5"}, {"99999999999999999999", "9.99999"}, {"0.00000000000000000001", "9.5"}})
}

func TestRandomOperandsAreAsInPostgres(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var pairs, powers [][2]string
	for range 2000 {
		pairs = append(pairs, [2]string{randomNumber(r), randomNumber(r)})
		powers = append(powers, [2]string{randomNumber(r), randomExponent(r)})
	}
	conn := connect(t)
	for _, op := range operations() {
		if op.name == "power" {
			compare(t, conn, op, powers)
		} else {
			compare(t, conn, op, pairs)
		}
	}
}

// randomNumber has digits of all lengths on both sides of the point; runs of nines and zeros make carries.
func randomNumber(r *rand.Rand) string {
	var b strings.Builder
	if r.IntN(2) == 0 {
		b.WriteByte('-')
	}
	most := []int{3, 8, 20, 45}[r.IntN(4)]
	whole := r.IntN(most)
	b.WriteByte('0' + byte(r.IntN(10)))
	write := func(n int) {
		style := r.IntN(4)
		for range n {
			switch style {
			case 0:
				b.WriteByte("09"[r.IntN(2)])
			default:
				b.WriteByte('0' + byte(r.IntN(10)))
			}
		}
	}
	write(whole)
	if frac := r.IntN(most); frac > 0 {
		b.WriteByte('.')
		write(frac)
	}
	neg, digits := strings.CutPrefix(b.String(), "-")
	if digits {
		neg = "-" + trimZeros(neg)
	} else {
		neg = trimZeros(neg)
	}
	if strings.Trim(neg, "-0.") == "" {
		neg = strings.TrimPrefix(neg, "-")
	}
	return neg
}

func trimZeros(s string) string {
	for len(s) > 1 && s[0] == '0' && s[1] != '.' {
		s = s[1:]
	}
	return s
}

// randomExponent is mostly small: Postgres takes long for the large ones.
func randomExponent(r *rand.Rand) string {
	if r.IntN(200) == 0 {
		return []string{"2147483647", "-2147483648", "20000", "-3333"}[r.IntN(4)]
	}
	if r.IntN(3) == 0 {
		return []string{"0.5", "-0.5", "0.3333333333", "1.5", "-2.25", "7.125", "0.01", "20.75", "-11.1", "0.000000001", "3.00000001"}[r.IntN(11)]
	}
	n := []string{"2", "3", "5", "10", "17", "64", "100", "333", "1000", "-1", "-2", "-3", "-7", "-20", "-100", "0", "1"}
	return n[r.IntN(len(n))]
}
