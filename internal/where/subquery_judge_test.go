package where_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/inspect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
)

// TestPostgresAgreesAboutSubqueries has Postgres judge clauses with subqueries over tables with NULLs: the rows of the canonical
// text are those of the clause as it is written, and so are those of its decomposition, where the values that each subquery
// yields are compared by their canonical texts, here and as literals in SQL. LEYDEN_JUDGE_SEED repeats a run.
func TestPostgresAgreesAboutSubqueries(t *testing.T) {
	seed := uint64(envInt(t, "LEYDEN_JUDGE_SEED", int(time.Now().UnixNano()&0xffffffff)))
	t.Logf("LEYDEN_JUDGE_SEED=%d", seed)
	f := &family{Rand: rand.New(rand.NewPCG(seed, 2)), tables: map[string][]where.Column{}}
	f.open(t)
	compiled, held := 0, 0
	for range envInt(t, "LEYDEN_JUDGE_SUBQUERIES", 600) {
		text := f.condition("child", 3)
		c, err := where.CompileWith(text, nil, f.tables["child"], func(_, name string) ([]where.Column, error) { return f.tables[name], nil })
		if err != nil {
			require.Regexp(t, "polarity|too complex", err.Error(), text)
			continue
		}
		compiled++
		want := f.keys(t, "child", text)
		held += len(want)
		require.Equal(t, want, f.keys(t, "child", c.SQL()), "%s\n%s", text, c.SQL())
		if !c.HasSubqueries() {
			continue
		}
		dnf := c.DNF()
		views := make([][][]string, len(dnf.Subqueries))
		for i, q := range dnf.Subqueries {
			views[i] = f.view(t, q)
		}
		var got []string
		for _, row := range f.rows {
			if holds(t, dnf, f.names, row, func(p *where.Position) where.Truth { return f.member(p, row, views[p.Subquery]) }) {
				got = append(got, string(row[0]))
			}
		}
		require.Equal(t, want, got, "%s", text)
		require.Equal(t, want, f.keys(t, "child", f.literal(dnf, views)), "%s", text)
		if s := c.Superset(); s != nil {
			within := f.keys(t, "child", s.SQL())
			for _, key := range want {
				require.Contains(t, within, key, text)
			}
		}
	}
	t.Logf("%d clauses, %d rows", compiled, held)
	require.Greater(t, compiled, 100)
	require.Positive(t, held)
}

// family is a database with tables of the same columns.
type family struct {
	*rand.Rand
	conn   *pgx.Conn
	tables map[string][]where.Column
	names  []string
	rows   [][][]byte // of child, in text form
}

func (f *family) open(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).NewDatabase(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(ctx)) })
	f.conn = conn
	_, err = conn.Exec(ctx, `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, DMY'; SET extra_float_digits = 1;
		CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN posint AS int4`)
	require.NoError(t, err)
	for i, table := range []string{"child", "parent", "other"} {
		_, err = conn.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s (id int4 PRIMARY KEY, i int4, i2 int2, big int8, t text, v varchar, c char(%d), n numeric, f float8, b bool, e mood,
			d date, tz timestamptz, u uuid, arr int4[], dom posint, y bytea, nm name, "Odd ""name" int4)`, table, 3+i))
		require.NoError(t, err)
		for id := range []int{30, 6, 4}[i] {
			values := make([]string, 0, 20)
			for _, choices := range []string{"1 2 3", "1 2 3", "1 2 3", "a 1 ok", "a 1 ok", "a 1 ok", "1 1.0 1.50 1.5 2", "0 -0 1.5 NaN", "t f", "sad ok", "2024-01-01 2024-01-02", "2024-01-01T00:00Z 2024-01-01T01:00+01:00",
				"00000000-0000-0000-0000-000000000001 00000000-0000-0000-0000-00000000000a", "{1,2} [0:1]={1,2} {NULL}", "1 2", `\x01 \x02`, "a ok", "1 2"} {
				values = append(values, f.value(strings.Fields(choices), table))
			}
			_, err = conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s VALUES (%d, %s)", table, id, strings.Join(values, ", ")))
			require.NoError(t, err)
		}
		known, err := inspect.New(conn).Table(ctx, "public", table)
		require.NoError(t, err)
		f.tables[table] = known.WhereColumns()
	}
	for _, c := range f.tables["child"] {
		f.names = append(f.names, c.Name)
	}
	f.rows = f.read(t, f.texts(f.names), "child", "", "ORDER BY id")
}

func (f *family) value(choices []string, table string) string {
	if f.IntN(6) == 0 && (table == "child" || f.IntN(2) == 0) {
		return "NULL"
	}
	return "'" + choices[f.IntN(len(choices))] + "'"
}

// texts are the columns as a snapshot has them.
func (f *family) texts(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = `"` + strings.ReplaceAll(name, `"`, `""`) + `"::text`
		if name == "c" {
			list[i] = "CASE WHEN c IS NOT NULL THEN concat(c, '') END" // which keeps the blanks
		}
	}
	return strings.Join(list, ", ")
}

func (f *family) read(t *testing.T, list, table, condition, order string) [][][]byte {
	if condition != "" {
		condition = " WHERE " + condition
	}
	sql := "SELECT " + list + " FROM " + table + condition + " " + order
	rows, err := f.conn.Query(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err, sql)
	var all [][][]byte
	for rows.Next() {
		var row [][]byte
		for _, v := range rows.RawValues() {
			if v != nil {
				v = append([]byte{}, v...)
			}
			row = append(row, v)
		}
		all = append(all, row)
	}
	require.NoError(t, rows.Err(), sql)
	return all
}

func (f *family) keys(t *testing.T, table, condition string) (keys []string) {
	for _, row := range f.read(t, "id::text", table, condition, "ORDER BY id") {
		keys = append(keys, string(row[0]))
	}
	return keys
}

// view is what a subquery yields, as canonical texts; "" for NULL, others after a v.
func (f *family) view(t *testing.T, q where.Subquery) (view [][]string) {
	condition := ""
	if q.Where != nil {
		condition = q.Where.SQL()
	}
	for _, row := range f.read(t, f.texts(q.Columns), q.Table, condition, "") {
		value := make([]string, len(row))
		for i, text := range row {
			value[i] = canonical(q.Values[i].Canon, text)
		}
		view = append(view, value)
	}
	return view
}

func canonical(k where.Canon, text []byte) string {
	if text == nil {
		return ""
	}
	return "v" + string(k.Append(nil, text))
}

// member is whether a row is among the values, in three-valued logic.
func (f *family) member(p *where.Position, row [][]byte, view [][]string) where.Truth {
	searched := make([]string, len(p.Columns))
	for i, name := range p.Columns {
		for k, n := range f.names {
			if n == name {
				searched[i] = canonical(p.Canon[i], row[k])
			}
		}
	}
	return anyTrue(view, func(value []string) where.Truth {
		out := where.True
		for i := range value {
			switch {
			case value[i] == "" || searched[i] == "":
				if out == where.True {
					out = where.Null
				}
			case value[i] != searched[i]:
				out = where.False
			}
		}
		return out
	})
}

// literal is the decomposition as SQL, with the values of subqueries as literals.
func (f *family) literal(d *where.DNF, views [][][]string) string {
	member := func(at int) string {
		p := &d.Positions[at]
		q := &d.Subqueries[p.Subquery]
		view := views[p.Subquery]
		if len(view) == 0 {
			return "false"
		}
		tests := make([]string, len(view))
		for i, value := range view {
			fields := make([]string, len(value))
			for k, text := range value {
				fields[k] = p.LHS[k] + " = NULL::" + q.Values[k].Type
				if text != "" {
					fields[k] = p.LHS[k] + " = '" + text[1:] + "'::" + q.Values[k].Type
				}
			}
			tests[i] = "(" + strings.Join(fields, " AND ") + ")"
		}
		return strings.Join(tests, " OR ")
	}
	var disjuncts []string
	for _, positions := range d.Disjuncts {
		terms := make([]string, len(positions))
		for i, at := range positions {
			terms[i] = d.ConditionSQL(at, member)
		}
		disjuncts = append(disjuncts, strings.Join(terms, " AND "))
	}
	return strings.Join(disjuncts, " OR ")
}

// condition writes a condition over a table.
func (f *family) condition(table string, depth int) string {
	pick := func(all ...string) string { return all[f.IntN(len(all))] }
	if depth == 0 {
		return pick("b", "i = 1", "t = 'a'", "i BETWEEN 1 AND 2", "n IN (1, 1.5)", "e <> 'ok'", "d IS NULL", "t LIKE 'o%'", "i2 + 1 > 2", "NOT b", "c = 'a'", "arr IS NOT NULL", "e IN ('ok', NULL)")
	}
	switch f.IntN(7) {
	case 0:
		return "(" + f.condition(table, depth-1) + " AND " + f.condition(table, depth-1) + ")"
	case 1:
		return "(" + f.condition(table, depth-1) + " OR " + f.condition(table, depth-1) + ")"
	case 2:
		return "NOT (" + f.condition(table, depth-1) + ")"
	case 3:
		return f.condition(table, 0)
	}
	pairs := [][2]string{{"i", "i"}, {"i2::int4", "i"}, {"i2", "i2"}, {"i::int8", "big"}, {"t", "t"}, {"v::text", "t"}, {"t::varchar", "v"}, {"e::text", "t"}, {"c", "c"}, {"n", "n"}, {"f", "f"},
		{"b", "b"}, {"e", "e"}, {"d", "d"}, {"tz", "tz"}, {"u", "u"}, {"arr", "arr"}, {"dom", "i"}, {"i", "dom"}, {"y", "y"}, {"nm", "nm"}, {`"Odd ""name"`, `i`}, {"i", `"Odd ""name"`}, {"id", "id"}}
	one, two := pairs[f.IntN(len(pairs))], pairs[f.IntN(len(pairs))]
	left, list := one[0], one[1]
	if f.IntN(3) == 0 {
		left, list = "("+one[0]+", "+two[0]+")", one[1]+", "+two[1]
	}
	in := left + pick(" IN ", " IN ", " NOT IN ") + "(SELECT " + list + " FROM " + pick("parent", "public.other o")
	if from := strings.HasSuffix(in, "parent"); f.IntN(3) > 0 {
		name := "other"
		if from {
			name = "parent"
		}
		in += " WHERE " + f.condition(name, depth-1)
	}
	return in + ")"
}
