package where_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/inspect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
)

// The judge is Postgres: for generated clauses over generated rows, the value of the clause there, of its canonical text there,
// and of its evaluation here must be one. LEYDEN_JUDGE_PAIRS sets how many pairs of clause and row to try, LEYDEN_JUDGE_SEED
// repeats a run.

func TestMain(m *testing.M) { pgserver.Main(m) }

const judgeRows = 48

func TestPostgresAgrees(t *testing.T) {
	pairs := envInt(t, "LEYDEN_JUDGE_PAIRS", 40_000)
	seed := uint64(envInt(t, "LEYDEN_JUDGE_SEED", int(time.Now().UnixNano()&0xffffffff)))
	t.Logf("LEYDEN_JUDGE_SEED=%d", seed)
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}

	server := pgserver.Shared(t)
	// Byte order, but letters beyond ASCII have a case.
	byBytes := openJudge(t, server, g, "LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'")
	// In a database with another collation only the canonical text has to agree.
	byLocale := openJudge(t, server, g, "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8' ENCODING 'UTF8'")

	var accepted, stricter, bothReject int
	for done := 0; done < pairs; {
		batch := make([]trial, 0, 16)
		for len(batch) < cap(batch) {
			text := g.boolean(g.IntN(4))
			c, err := where.Compile(text, nil, columns())
			if err == nil {
				batch = append(batch, trial{text, c})
				accepted++
				continue
			}
			if byBytes.accepts(t, text) {
				stricter++
				if os.Getenv("LEYDEN_JUDGE_VERBOSE") != "" {
					t.Logf("stricter: %s: %v", text, err)
				}
			} else {
				bothReject++
			}
		}
		byBytes.check(t, batch, true)
		byLocale.check(t, batch, false)
		done += len(batch) * judgeRows
		if t.Failed() {
			return
		}
	}
	t.Logf("%d clauses accepted, %d rejected by both, %d accepted by Postgres alone", accepted, bothReject, stricter)
	require.Less(t, stricter, accepted/5)
}

func envInt(t *testing.T, name string, otherwise int) int {
	if text := os.Getenv(name); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	return otherwise
}

type trial struct {
	text   string
	clause *where.Clause
}

// judge is a database with the table under test, and its rows as the stream has them.
type judge struct {
	conn    *pgx.Conn
	letters *where.CaseMap
	names   []string
	rows    [][][]byte
}

func openJudge(t *testing.T, server *pgserver.Server, g *generator, options string) *judge {
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, server.URL("postgres"))
	require.NoError(t, err)
	name := fmt.Sprintf("judge_%d", g.Uint32())
	_, err = admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 "+options)
	require.NoError(t, err)
	conn, err := pgx.Connect(ctx, server.URL(name))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close(ctx))
		_, err := admin.Exec(ctx, "DROP DATABASE "+name)
		require.NoError(t, err)
		require.NoError(t, admin.Close(ctx))
	})
	_, err = conn.Exec(ctx, `
		SET TimeZone = 'UTC'; SET DateStyle = 'ISO, DMY'; SET extra_float_digits = 1; SET client_min_messages = error;
		CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
		CREATE TYPE pair AS (x int, y text);
		CREATE DOMAIN posint AS int CHECK (VALUE > -1000000);
		CREATE TABLE rows (row_number int PRIMARY KEY, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, t text, v varchar, c char(8),
			nm name, u uuid, d date, tm time, ts timestamp, tz timestamptz, e mood, dom posint, co pair, j jsonb, arr int[], "Odd name" int)`)
	require.NoError(t, err)
	var insert strings.Builder
	for i := range judgeRows {
		fmt.Fprintf(&insert, "INSERT INTO rows VALUES (%d", i)
		for _, c := range columns() {
			insert.WriteString(", " + g.stored(c))
		}
		insert.WriteString(");\n")
	}
	_, err = conn.Exec(ctx, insert.String())
	require.NoError(t, err, insert.String())

	j := &judge{conn: conn}
	j.letters, err = inspect.LoadCaseMap(ctx, conn)
	require.NoError(t, err)
	for _, c := range columns() {
		j.names = append(j.names, c.Name)
	}
	j.rows, err = j.query("SELECT " + quoted(j.names) + " FROM rows ORDER BY row_number")
	require.NoError(t, err)
	return j
}

func quoted(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, `"`+n+`"`)
	}
	return strings.Join(all, ", ")
}

// query returns rows in text form, as the replication stream has them.
func (j *judge) query(sql string) ([][][]byte, error) {
	var all [][][]byte
	rows, err := j.conn.Query(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var row [][]byte
		for _, v := range rows.RawValues() {
			row = append(row, bytes.Clone(v))
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func (j *judge) accepts(t *testing.T, text string) bool {
	_, err := j.query("SELECT (" + text + ")::bool FROM rows LIMIT 0")
	return err == nil
}

func (j *judge) check(t *testing.T, batch []trial, original bool) {
	var wanted []string
	for _, tr := range batch {
		if original {
			wanted = append(wanted, "("+tr.text+")")
		}
		wanted = append(wanted, "("+tr.clause.SQL()+")")
	}
	answers, err := j.query("SELECT " + strings.Join(wanted, ", ") + " FROM rows ORDER BY row_number")
	if err != nil && len(batch) > 1 {
		for i := range batch {
			j.check(t, batch[i:i+1], original)
		}
		return
	}
	if err != nil && strings.Contains(err.Error(), "invalid input value for enum") {
		return // the labels of an enum are not known here
	}
	for i, tr := range batch {
		p, bindErr := tr.clause.Bind(j.names)
		require.NoError(t, bindErr)
		copied := roundTrip(t, tr.clause)
		q, bindErr := copied.Bind(j.names)
		require.NoError(t, bindErr)
		s := where.Scratch{CaseMap: j.letters}
		for n, row := range j.rows {
			got, gotErr := p.Eval(row, &s)
			again, againErr := q.Eval(row, &s)
			require.Equal(t, got, again)
			require.Equal(t, gotErr == nil, againErr == nil)
			if err != nil {
				if j.checkRow(t, tr, n, original, got, gotErr); t.Failed() {
					return
				}
				continue
			}
			if gotErr != nil {
				t.Errorf("%s\n  row %d %s: ours fails: %v", tr.text, n, show(j, row), gotErr)
				return
			}
			each := len(wanted) / len(batch)
			for k := range each {
				if answer := string(answers[n][i*each+k]); answer != spell(got) {
					t.Errorf("%s\n  asked    %s\n  row %d %s\n  Postgres %q, ours %q", tr.text, wanted[i*each+k], n, show(j, row), answer, spell(got))
					return
				}
			}
			j.checkRoutes(t, tr, row, got)
		}
	}
}

// checkRow asks for one row, of a clause that fails for some.
func (j *judge) checkRow(t *testing.T, tr trial, n int, original bool, got where.Truth, gotErr error) {
	texts := []string{tr.clause.SQL()}
	if original {
		texts = append(texts, tr.text)
	}
	for _, text := range texts {
		answer, err := j.query(fmt.Sprintf("SELECT (%s) FROM rows WHERE row_number = %d", text, n))
		if pe := (*pgconn.PgError)(nil); errors.As(err, &pe) && !strings.HasPrefix(pe.Code, "22") && pe.Code != "0A000" {
			t.Fatalf("%s\n  is not accepted as %s: %v", tr.text, text, err)
		}
		if (err != nil) != (gotErr != nil) {
			t.Errorf("%s\n  asked %s\n  row %d %s\n  Postgres' error %v, our error %v", tr.text, text, n, show(j, j.rows[n]), err, gotErr)
			return
		}
		if err == nil && string(answer[0][0]) != spell(got) {
			t.Errorf("%s\n  asked %s\n  row %d %s\n  Postgres %q, ours %q", tr.text, text, n, show(j, j.rows[n]), answer[0][0], spell(got))
			return
		}
	}
}

// checkRoutes verifies that the places where a clause may be listed find exactly the rows for which it is true, whichever of its
// conjuncts is chosen.
func (j *judge) checkRoutes(t *testing.T, tr trial, row [][]byte, got where.Truth) {
	plan := tr.clause.Plan()
	if !plan.Indexed() {
		return
	}
	for turn := range 3 {
		n := 0
		choice := plan.Choose(func(*where.Probe) int { n++; return n * (turn - 1) })
		found, decided := plan.Always(), true
		for _, l := range plan.Listings(choice) {
			meets, err := l.Probe.Meets(row[slices.Index(j.names, l.Probe.Column)])
			require.NoError(t, err)
			if meets && l.Residual != nil {
				p, err := l.Residual.Bind(j.names)
				require.NoError(t, err)
				var s where.Scratch
				truth, err := p.Eval(row, &s)
				meets, decided = err != nil || truth == where.True, decided && err == nil
			}
			found = found || meets
		}
		if (got == where.True) != found && (decided || !found) {
			t.Errorf("%s is %v, but found is %v through choice %v", tr.text, got, found, []byte(choice))
		}
	}
}

func roundTrip(t *testing.T, c *where.Clause) *where.Clause {
	b, err := c.MarshalBinary()
	require.NoError(t, err)
	copied, err := where.Unmarshal(b)
	require.NoError(t, err)
	require.Equal(t, c.SQL(), copied.SQL())
	// The canonical text of most clauses is a clause, and its own canonical text.
	if !strings.Contains(c.SQL(), "COLLATE") {
		again, err := where.Compile(c.SQL(), nil, columns())
		require.NoError(t, err, c.SQL())
		require.Equal(t, c.SQL(), again.SQL())
	}
	return copied
}

func spell(v where.Truth) string {
	return map[where.Truth]string{where.True: "t", where.False: "f", where.Null: ""}[v]
}

func show(j *judge, row [][]byte) string {
	var b strings.Builder
	for i, v := range row {
		if v != nil {
			fmt.Fprintf(&b, " %s=%q", j.names[i], v)
		}
	}
	return b.String()
}

// generator makes rows and clauses.
type generator struct{ *rand.Rand }

func (g *generator) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

// samples are values of a type that are close to each other or to a limit.
func samples(typ string) []string {
	switch typ {
	case "bool":
		return []string{"t", "f", "true", "no", "on", "0"}
	case "int2":
		return []string{"0", "1", "5", "-5", "32767", "-32768", "7"}
	case "int4", "posint":
		return []string{"0", "1", "5", "-5", "7", "32768", "2147483647", "16777217", "100"}
	case "int8":
		return []string{"0", "1", "5", "-5", "7", "2147483648", "9223372036854775807", "-9223372036854775808", "9007199254740993", "16777217"}
	case "float4":
		return []string{"0", "-0", "1", "1.1", "5", "0.1", "NaN", "Infinity", "-Infinity", "3.4028235e38", "1e-45", "16777216", "0.5", "1e6", "123456.7", "2.5"}
	case "float8":
		return []string{"0", "-0", "1", "1.1", "5", "0.1", "NaN", "Infinity", "-Infinity", "1e308", "5e-324", "9007199254740992", "0.5", "1e15", "1e14", "1.1000000238418579", "2.5", "-0.00001"}
	case "numeric":
		return []string{"0", "0.00", "1", "1.10", "1.1", "5", "-5.0", "NaN", "Infinity", "-Infinity", "12345678901234567890.123456789", "0.00000000000000000001",
			"9007199254740993", "0.5", "2.5", "-2.5", "1.5e3", "1e20", "-0.0", "16777217", "32767.5"}
	case "text", "varchar", "name", "bpchar":
		return []string{"", "a", "A", "b", "ab", "aB", "a ", "a  ", " a", "a%b", "a_b", `a\b`, "é", "É", "ß", "日本", "a\nb", "a\n", "%", "_", `\`, "5", " 5 ", "1.5",
			"true", "NaN", "happy", "z", "Z", "_a", "-", "aab", "aaab", "éA", "ÉàÀ", "Ω", "ω.", "[é]"}
	case "uuid":
		return []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
			"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}
	case "date":
		return []string{"2024-01-31", "2024-02-29", "2000-01-01", "1999-12-31", "infinity", "-infinity", "4714-11-24 BC", "5874897-12-31", "0001-01-01", "0001-12-31 BC", "epoch", "10000-01-01", "294277-01-01"}
	case "time":
		return []string{"00:00:00", "24:00:00", "23:59:59.999999", "12:30", "12:30:00.5", "12:30:00.1234567"}
	case "timestamp":
		return []string{"2024-01-31 00:00:00", "2024-01-31", "2024-02-29 12:30:00.5", "2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "infinity", "-infinity",
			"4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "0001-01-01 00:00:00", "0044-03-15 12:00:00 BC", "2024-01-31T00:00:00", "2024-01-31 10:00:00+02", "epoch"}
	case "timestamptz":
		return []string{"2024-01-31 00:00:00+00", "2024-01-31 02:00:00+02", "2024-01-31", "2024-02-29 12:30:00.5-0530", "2000-01-01 00:00:00Z", "1999-12-31 23:59:59.999999+00", "infinity",
			"-infinity", "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "0001-01-01 00:00:00+00", "epoch", "2024-01-31 00:00:00+05:30:15"}
	case "mood":
		return []string{"sad", "ok", "happy"}
	case "pair":
		return []string{"(,)", "(1,)", "(1,a)", `(1,"")`, `(,"a,b""c")`}
	case "jsonb":
		return []string{"{}", "1", "null"}
	}
	return []string{"{}", "{1,2}", "{NULL}"}
}

func quote(text string) string {
	if strings.Contains(text, `\`) {
		return "E'" + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

func (g *generator) stored(c where.Column) string {
	if g.IntN(6) == 0 {
		return "NULL"
	}
	typ := c.Type
	if c.Dims > 0 {
		typ = "array"
	}
	return quote(g.pick(samples(typ)...))
}

func (g *generator) boolean(depth int) string {
	if depth > 0 {
		switch g.IntN(6) {
		case 0:
			return "(" + g.boolean(depth-1) + " AND " + g.boolean(depth-1) + ")"
		case 1:
			return "(" + g.boolean(depth-1) + " OR " + g.boolean(depth-1) + " OR " + g.boolean(depth-1) + ")"
		case 2:
			return "NOT (" + g.boolean(depth-1) + ")"
		case 3:
			return "(" + g.boolean(depth-1) + ") IS " + g.pick("TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN", "NULL", "NOT NULL")
		}
	}
	typ := g.typ()
	switch g.IntN(10) {
	case 0, 1, 2:
		return g.scalar(typ) + g.pick(" = ", " <> ", " < ", " <= ", " > ", " >= ") + g.scalar(typ)
	case 3:
		return g.column(typ) + g.pick(" = ", " <> ", " < ", " IS DISTINCT FROM ") + g.scalar(g.typ())
	case 4:
		// A list of nothing but NULLs is NULL here, while Postgres still evaluates, and may fail on, what is looked for.
		items := []string{quote(g.pick(samples(typ)...))}
		for range g.IntN(4) {
			items = append(items, g.scalar(typ))
		}
		return g.scalar(typ) + g.pick(" IN (", " NOT IN (") + strings.Join(items, ", ") + ")"
	case 5:
		return g.scalar(typ) + g.pick(" BETWEEN ", " NOT BETWEEN ", " BETWEEN SYMMETRIC ", " NOT BETWEEN SYMMETRIC ") + g.scalar(typ) + " AND " + g.scalar(typ)
	case 6:
		text := g.scalar(g.pick("text", "varchar", "bpchar", "name"))
		if g.IntN(5) == 0 {
			return text + g.pick(" LIKE ", " NOT LIKE ") + g.scalar("text")
		}
		if g.IntN(2) == 0 {
			// Postgres folds ILIKE of constants, for which the letters must be known.
			return g.column(g.pick("text", "varchar", "bpchar", "name")) + g.pick(" ILIKE ", " NOT ILIKE ") + g.pattern()
		}
		return text + g.pick(" LIKE ", " NOT LIKE ") + g.pattern()
	case 7:
		return g.scalar(typ) + g.pick(" IS DISTINCT FROM ", " IS NOT DISTINCT FROM ") + g.scalar(typ)
	case 8:
		return g.pick("co", "j", "arr", g.column(typ)) + g.pick(" IS NULL", " IS NOT NULL")
	}
	return g.pick("b", "'t'::bool", "true", "false", "NULL", "i4::bool", "t::bool", "mood_is_not_a_column")
}

func (g *generator) typ() string {
	return g.pick("bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bpchar", "name", "uuid", "date", "time", "timestamp", "timestamptz", "mood", "posint")
}

func (g *generator) column(typ string) string {
	for _, c := range columns() {
		switch {
		case typ == "posint":
			return "dom"
		case c.Type == typ && c.Kind != where.Domain:
			return c.Name
		}
	}
	return "i4"
}

// scalar is a column, a literal of some kind or a cast, mostly of the type.
func (g *generator) scalar(typ string) string {
	switch g.IntN(12) {
	case 0, 1, 2, 3:
		return g.column(typ)
	case 4, 5, 6:
		return quote(g.pick(samples(typ)...))
	case 7:
		if typ == "mood" || typ == "posint" {
			typ = "int4"
		}
		text := quote(g.pick(samples(typ)...))
		return text + "::" + typ
	case 8:
		return g.pick("1", "5", "-5", "1.1", "0.5", "3000000000", "1e15", "2.50", "16777217", "12345678901234567890", "0.1", ".5", "5.")
	case 9:
		return "NULL"
	}
	to := g.pick(typ, g.typ(), "text", "varchar(3)", "char(3)")
	if to == "mood" || to == "posint" || to == "name" {
		to = "text" // the language has no casts to these, but for name from strings
	}
	return g.column(g.typ()) + "::" + to
}

func (g *generator) pattern() string {
	var b strings.Builder
	for range g.IntN(5) {
		b.WriteString(g.pick("%", "%", "_", "a", "b", "A", "é", "É", `\`, `\%`, `\_`, "\n", "日", " ", "aa", "ß", ".", "[", "*", "$", "-"))
	}
	return quote(b.String())
}
