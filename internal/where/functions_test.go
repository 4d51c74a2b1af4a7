package where_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/inspect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
)

// The rows that the expressions of the tests below are evaluated over.
const functionRows = `
	CREATE TABLE operands (id int PRIMARY KEY, a2 int2, a4 int4, a8 int8, x4 float4, x8 float8, n numeric, m numeric, t text, s text, v varchar, c char(6), nm name, k int4, l int4, b bool, u uuid, y bytea, z bytea);
	INSERT INTO operands VALUES
	(1, 7, -3, 12345678901, 1.5, 2.25, 10.50, 3, 'Hello, World', 'o', 'wörld', 'ab', 'nombre', 2, 3, true, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\x00ff5c41', '\xff'),
	(2, -32768, 2147483647, 9223372036854775807, 'NaN', 'Infinity', 'NaN', '-Infinity', 'añÉ日本', 'É日', '  x ', '', '', -1, 0, false, NULL, '', ''),
	(3, 0, 0, 0, 0, 0, 0, 0.00, '', '', '', ' a  ', 'Ünïcode', 0, 1, NULL, '00000000-0000-0000-0000-000000000000', '\x4142', '\x42'),
	(4, 32767, -2147483648, '-9223372036854775808', 3e38, 1e308, 12345678901234567890.123456789, 0.001, 'a,b,,c', ',', 'a', 'abcdef', 'x', -2, 2, true, NULL, '\x0102030405', '\x05'),
	(5, -7, 1000, -1, -1e-40, -2.5, -7.5, -2, 'xxabcxx', 'x', 'xx', 'x', 'xyx', 2147483647, -2147483648, false, NULL, '\x782078', '\x7820'),
	(6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(7, 3, 31, 63, 0.1, 0.1, 99.995, 1e3, '  pad  ', ' ', 'İI', 'é', 'İ', 4, -5, true, NULL, NULL, '\x00')`

func operandColumns() []where.Column {
	var all []where.Column
	for _, c := range strings.Split("id int4,a2 int2,a4 int4,a8 int8,x4 float4,x8 float8,n numeric,m numeric,t text,s text,v varchar,c bpchar,nm name,k int4,l int4,b bool,u uuid,y bytea,z bytea", ",") {
		name, typ, _ := strings.Cut(c, " ")
		all = append(all, where.Column{Name: name, Type: typ, TypeMod: -1})
	}
	return all
}

func mathExpressions() []string {
	var all []string
	integers, floats := []string{"a2", "a4", "a8", "3", "-1", "0"}, []string{"x4", "x8", "1e1::float8", "0::float4", "'-0'::float8"}
	for _, op := range []string{"+", "-", "*", "/"} {
		for _, family := range [][]string{integers, floats, {"n", "m", "2.50", "0.0", "1e20"}} {
			for _, l := range family {
				for _, r := range family {
					all = append(all, l+" "+op+" "+r)
				}
			}
		}
		all = append(all, "a4 "+op+" x4", "a2 "+op+" n", "n "+op+" x8", "x4 "+op+" n", "a8 "+op+" '7'", "'7' "+op+" n", "n "+op+" a8", "x8 "+op+" a2")
	}
	for _, l := range []string{"a2", "a4", "a8"} {
		all = append(all, l+" << k", l+" >> k", l+" << 1", "~ "+l, l+" % 5::int2", "mod("+l+", 3)", l+" % "+l, "mod("+l+", a4)")
		for _, r := range []string{"a2", "a4", "a8"} {
			all = append(all, l+" & "+r, l+" | "+r, l+" # "+r, l+" % "+r)
		}
	}
	for _, x := range []string{"a2", "a4", "a8", "x4", "x8", "n", "m", "'-12.5'::numeric"} {
		all = append(all, "- "+x, "+ "+x, "@ "+x, "abs("+x+")", "- (- "+x+")")
		for _, f := range []string{"sign", "round", "trunc", "floor", "ceil", "ceiling", "sqrt"} {
			all = append(all, f+"("+x+")")
		}
		all = append(all, "|/ "+x, "power("+x+", 2)", x+" ^ 3", x+" ^ x8", x+" ^ -1")
	}
	return append(all, "n % m", "mod(n, m)", "div(n, m)", "n % a4", "div(a8, 7)", "round(n, k)", "trunc(n, k)", "round(n, 1)", "round(x8::numeric, 3)", "n ^ a4", "n ^ a2", "m ^ 2.0", "pow(m, a2)",
		"power(n, 'NaN')", "n ^ 0.5", "n ^ m", "power(n, a8)", "abs(n) ^ 1.5", "2 ^ n", "1.5 ^ m", "abs(m) ^ n", "n ^ 'Infinity'::numeric", "a4 ^ a2", "2 ^ 10", "1.5 ^ 2", "1 + a4 * 2 - n / 3", "(n + 1) * (n - 1)", "abs(a4) % 7 = 3 OR b", "a2 + 1 > a4 - 1", "n * 1.10 > 5", "trunc('1')", "- '1'", "x8 * (- (@ 'NaN'::float8))", "x4 * (- 'NaN'::float8)",
		"-9223372036854775808", "- 5 % 3", "a4 / 2 * 2 = a4", "round(n / 3, 2)", "a4 <> - a4", "@ - 3.5", "5 / 0.3", "7 / 2", "- 7 / 2", "7.0 / 2", "1e10", ".5 + 5.", "3000000000 + 1")
}

func textExpressions() []string {
	var all []string
	for _, x := range []string{"t", "v", "c", "nm", "'lit'", "''"} {
		for _, f := range []string{"length(%s)", "char_length(%s)", "character_length(%s)", "octet_length(%s)", "bit_length(%s)", "substring(%s, 2)", "substring(%s, k, l)", "substring(%s from 2 for 3)",
			"substring(%s for 2)", "substr(%s, k)", "substr(%s, k, l)", "left(%s, k)", "right(%s, k)", "left(%s, -2)", "right(%s, 2)", "position(s in %s)", "strpos(%s, s)", "starts_with(%s, s)", "%s ^@ 'a'",
			"btrim(%s)", "ltrim(%s)", "rtrim(%s)", "btrim(%s, 'xé')", "trim(%s)", "trim(both 'x' from %s)", "trim(leading s from %s)", "trim(trailing from %s)", "replace(%s, s, 'zz')", "replace(%s, '', 'q')",
			"split_part(%s, s, 1)", "split_part(%s, ',', k)", "split_part(%s, ',', -1)", "%s || s", "%s || 'end'", "'begin' || %s", "%s || %s", "concat(%s, 1, b, n)", "concat(%s)", "concat_ws('-', %s, s, a4)",
			"concat_ws(s, %s)", "reverse(%s)", "repeat(%s, 2)", "lpad(%s, 8)", "lpad(%s, 5, s)", "rpad(%s, 9, 'é-')", "rpad(%s, k)", "ascii(%s)", "md5(%s)", "translate(%s, 'abé', 'xy')", "translate(%s, s, '')",
			"lower(left(%s, 3))", "upper(%s || s)", "length(lower(%s))", "left(%s, 2) = 'ab'", "%s || NULL", "decode(md5(%s), 'hex')"} {
			all = append(all, strings.ReplaceAll(f, "%s", x))
		}
	}
	return append(all, "t || a4", "a8 || s", "n || t", "b || s", "t || b", "u || '-' || x8", "NULL || 0", "0 || NULL", "nm || 5", "5 || 'x'", "c || a2", "x4 || c", "chr(a4)", "chr(65)", "chr(26085)", "repeat('ab', k)", "concat()", "concat(NULL)", "concat(NULL, s)", "concat_ws(NULL, s)", "concat_ws(',', NULL, 'a', NULL)", "concat(u, c, '|')",
		"substring(t, '2'::int)", "length(repeat('x', 100)) = 100", "'a' || 'b' || t", "left('äöü', 2)", "split_part('a~b~c', '~', 2)", "strpos('high', 'ig')")
}

func byteaExpressions() []string {
	return []string{"y", "length(y)", "octet_length(y)", "bit_length(y)", "y || z", `y || '\x01'`, "substring(y, 2)", "substring(y, k, l)", "substring(y from 2 for 1)", "substr(y, k)", "position(z in y)",
		"btrim(y, z)", "ltrim(y, z)", "rtrim(y, z)", "trim(both z from y)", "md5(y)", "encode(y, 'hex')", "encode(y, 'base64')", "encode(y, 'escape')", "encode(y, s)", "decode(t, 'hex')", "decode('TWFu', 'base64')",
		`decode('a\\b', 'escape')`, "decode(encode(y, 'base64'), 'base64') = y", "y = z", "y < z", `y >= '\x4142'`, "y::text", "t::bytea", "'abc'::bytea", "y IS DISTINCT FROM z", `y IN ('\x', '\x4142')`,
		`length('\x0102'::bytea)`, "concat(y)", "y > 'abc'"}
}

func TestMathIsAsInPostgres(t *testing.T)   { compareExpressions(t, mathExpressions()) }
func TestTextsAreAsInPostgres(t *testing.T) { compareExpressions(t, textExpressions()) }
func TestByteaIsAsInPostgres(t *testing.T)  { compareExpressions(t, byteaExpressions()) }

// compareExpressions verifies that what Postgres accepts is accepted, that the text of its value is what Postgres prints, row by
// row, and that it fails where Postgres fails; for the canonical text Postgres says so itself.
func compareExpressions(t *testing.T, exprs []string) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "SET search_path = pg_temp, pg_catalog; "+strings.Replace(functionRows, "CREATE TABLE", "CREATE TEMP TABLE", 1)+`;
		CREATE FUNCTION pg_temp.try(expr text, row_id int) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE r text; BEGIN EXECUTE 'SELECT (' || expr || ')::text FROM operands WHERE id = $1' INTO r USING row_id; RETURN coalesce('is ' || r, 'null');
		EXCEPTION WHEN SQLSTATE '42883' OR SQLSTATE '42725' THEN RETURN 'unknown'; WHEN OTHERS THEN RETURN 'error ' || SQLERRM; END $$`)
	require.NoError(t, err)
	letters, err := inspect.LoadCaseMap(ctx, conn)
	require.NoError(t, err)
	ask := func(expr string) []string {
		rows, err := conn.Query(ctx, "SELECT pg_temp.try($1, id) FROM operands ORDER BY id", expr)
		require.NoError(t, err)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return all
	}
	j := &judge{conn: conn}
	var names []string
	for _, c := range operandColumns() {
		names = append(names, c.Name)
	}
	table, err := j.query("SELECT " + quoted(names) + " FROM operands ORDER BY id")
	require.NoError(t, err)

	for _, expr := range exprs {
		answers := ask(expr)
		if answers[0] == "unknown" {
			_, err := where.Compile("("+expr+") IS NULL", nil, operandColumns())
			if err == nil {
				t.Errorf("%s is accepted, by Postgres it is not", expr)
			}
			continue
		}
		failed := 0
		for i, answer := range answers {
			clause, params := fmt.Sprintf("((%s)::text) IS NOT DISTINCT FROM $1", expr), map[string]string{"1": strings.TrimPrefix(answer, "is ")}
			if answer == "null" {
				clause, params = "("+expr+") IS NULL", nil
			}
			c, err := where.Compile(clause, params, operandColumns())
			if err != nil && strings.HasPrefix(answer, "error ") {
				failed++
				continue // of constants
			}
			if !assertNoError(t, err, expr, answer) {
				break
			}
			p, err := c.Bind(names)
			require.NoError(t, err)
			s := where.Scratch{CaseMap: letters}
			got, err := p.Eval(table[i], &s)
			if strings.HasPrefix(answer, "error ") {
				if err == nil {
					t.Errorf("%s in row %d: Postgres says %s, ours %v", expr, i+1, answer, got)
				}
				continue
			}
			if !assertNoError(t, err, expr, answer) {
				continue
			}
			if got != where.True {
				t.Errorf("%s in row %d: Postgres says %s, ours is another", expr, i+1, answer)
			}
			if said := ask(c.SQL())[i]; said != "is true" {
				t.Errorf("%s in row %d: its canonical text %s is %s", expr, i+1, c.SQL(), said)
			}
			roundTripOf(t, c)
		}
	}
}

func assertNoError(t *testing.T, err error, expr, answer string) bool {
	if err != nil {
		t.Errorf("%s: Postgres says %s, ours fails: %v", expr, answer, err)
	}
	return err == nil
}

// roundTripOf verifies that the canonical text is its own and that the stored form is read back.
func roundTripOf(t *testing.T, c *where.Clause) {
	b, err := c.MarshalBinary()
	require.NoError(t, err)
	copied, err := where.Unmarshal(b)
	require.NoError(t, err, c.SQL())
	require.Equal(t, c.SQL(), copied.SQL())
	if strings.Contains(c.SQL(), "COLLATE") {
		return
	}
	again, err := where.Compile(c.SQL(), nil, operandColumns())
	require.NoError(t, err, c.SQL())
	require.Equal(t, c.SQL(), again.SQL())
}

func TestWhatIsNotExactIsRefused(t *testing.T) {
	for clause, why := range map[string]string{
		"substring(t, '2') = 'a'":                "regular expressions",
		"substring(t from s) = 'a'":              "regular expressions",
		"concat(t, now()) = 'a'":                 "now",
		"length(5) = 1":                          "Could not select a function overload for length(int4)",
		"t || now() = 'a'":                       "now",
		"length(t || '2024-01-01'::date) = 1":    "depends on the settings of a session",
		"repeat('x', 100000) = t":                "bigger than maximum size",
		"repeat('x', 2000000000) = t":            "Failed to apply function",
		"concat_ws(t, '2024-01-01'::date) = 'a'": "depends on the settings of a session",
		"1 / 0 = a4":                             "Failed to apply function",
	} {
		_, err := where.Compile(clause, nil, operandColumns())
		require.ErrorContains(t, err, why, clause)
	}
}
