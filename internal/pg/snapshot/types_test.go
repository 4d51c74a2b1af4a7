package snapshot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/inspect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// typesOfValues has texts for each type that can be looked for, some of them equal.
var typesOfValues = map[string][]string{
	"int2": {"-1", "0", "7"}, "int4": {"-1", "0", "7"}, "int8": {"-1", "9223372036854775807", "7"},
	"numeric": {"1", "1.0", "1.50", "-0.0", "NaN", "Infinity", "100", "1e30"}, "numeric(10,2)": {"1", "1.50"},
	"float4": {"-0", "0", "1.5", "NaN", "-Infinity", "1e-30"}, "float8": {"-0", "0", "0.1", "NaN", "1e300"},
	"bool": {"t", "f"}, "text": {"", "NULL", `\`, `"`, "'", "{a,b}", "é", " x "}, "varchar(5)": {"", "a'b", `a\"b`},
	"char(4)": {"a", "ab", "", "a  b"}, "bpchar": {"a", "a  ", " a"}, "name": {"a", "B c"}, `"char"`: {"a", `\`, "'"},
	"uuid": {"550e8400-e29b-41d4-a716-446655440000"}, "date": {"2024-01-31", "0044-03-15 BC", "infinity"}, "time": {"00:00", "13:45:00.123", "24:00"},
	"timestamp": {"2024-01-31 13:45", "infinity", "0044-03-15 10:00 BC"}, "timestamptz": {"2024-01-31 13:45+02", "2024-01-31 11:45+00", "-infinity"},
	"bytea": {`\x`, `\x00ff5c27`}, `"Mood's"`: {"so so", `it's "x"`}, "whole": {"1", "2"},
	"int4[]": {"{}", "{1,NULL}", "{{1,2},{3,4}}", "[0:1]={1,2}"}, "text[]": {"{}", `{"a,b",NULL,"NULL","\"\\'"}`, `{{"{",""}}`}, `"Mood's"[]`: {`{"so so"}`, "{NULL}"},
}

// Rows over the values that subqueries have are those over the subqueries themselves, for every type that a subquery may select: what
// is looked for in SQL and what is known of values here agree on which of them are equal.
func TestValuesInPlaceOfASubqueryAreWhatItHas(t *testing.T) {
	url := pgserver.Shared(t).NewDatabase(t)
	conn, other := connect(t, url), connect(t, url)
	exec(t, other, `CREATE TYPE "Mood's" AS ENUM ('so so', 'it''s "x"'); CREATE DOMAIN whole AS int4 CHECK (VALUE > 0)`)
	catalogue, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer catalogue.Close(context.Background())

	type test struct{ typ, parent, lhs string }
	tests := []test{
		{"int2", "int8", "v::int4::int8"}, {"int4", "int8", "v::int8"}, {"varchar(5)", "text", "v::text"}, {"text", "varchar(20)", "v::varchar"},
		{`"Mood's"`, "text", "v::text"}, {`"Mood's"`, "varchar", "v::varchar"}, {"whole", "int4", "v"}, {"int4", "whole", "v"},
	}
	for typ := range typesOfValues {
		tests = append(tests, test{typ, typ, "v"})
	}
	found := 0
	for n, c := range tests {
		typ, v := c.typ, c.lhs
		texts := typesOfValues[typ]
		if c.parent == "whole" {
			texts = typesOfValues[c.parent]
		}
		child, parent := fmt.Sprintf("child%d", n), fmt.Sprintf("parent%d", n)
		exec(t, other, fmt.Sprintf(`CREATE TABLE %s (id serial PRIMARY KEY, v %s, n int); CREATE TABLE %s (id serial PRIMARY KEY, v %s, n int)`, child, typ, parent, c.parent))
		for i, text := range append(texts, "") {
			value := "'" + strings.ReplaceAll(text, "'", "''") + "'"
			if i == len(texts) {
				value = "NULL"
			}
			exec(t, other, fmt.Sprintf("INSERT INTO %s (v, n) SELECT %s, m FROM unnest('{1,2,NULL}'::int[]) m", child, value))
			if i%2 == 0 && i < len(texts) {
				exec(t, other, fmt.Sprintf("INSERT INTO %s (v, n) VALUES (%s, %d)", parent, value, i%3))
			}
		}
		inspector := inspect.New(catalogue)
		table, err := inspector.Table(t.Context(), "public", child)
		require.NoError(t, err)
		tables := func(schema, name string) ([]where.Column, error) {
			inner, err := inspector.Table(t.Context(), schema, name)
			if err != nil {
				return nil, err
			}
			return inner.WhereColumns(), nil
		}
		for _, c := range []string{
			v + " IN (SELECT v FROM " + parent + ")", v + " NOT IN (SELECT v FROM " + parent + ")", v + " IN (SELECT v FROM " + parent + " WHERE id < 0)",
			v + " NOT IN (SELECT v FROM " + parent + " WHERE id < 0) OR id = 1", "(" + v + ", n) IN (SELECT v, n FROM " + parent + ")",
			"NOT (n, " + v + ") IN (SELECT n, v FROM " + parent + ") AND n = 1",
			v + " IN (SELECT v FROM " + parent + ") AND n IN (1, 2) OR n IN (SELECT n FROM " + parent + " WHERE id > 1)",
		} {
			clause, err := where.CompileWith(c, nil, table.WhereColumns(), tables)
			require.NoError(t, err, "%s: %s", typ, c)
			dnf := clause.DNF()
			def := &shape.Definition{Layout: &shape.Layout{Table: table.Table, Key: []string{"id"}, Selected: []string{"id", "v"}}, Where: clause}
			members := snapshot.Members{DNF: dnf, Tagger: subquery.NewTagger("S", "H", dnf)}
			rows := func(subset *snapshot.Subset) []string {
				var got recorder
				_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: def, Members: &members, Subset: subset}, &got)
				require.NoError(t, err, "%s: %s", typ, c)
				for i, row := range got.rows {
					var message struct {
						Key            string
						Value, Headers map[string]any
					}
					require.NoError(t, json.Unmarshal([]byte(row), &message))
					delete(message.Headers, "snapshot_mark")
					got.rows[i] = fmt.Sprint(message)
				}
				slices.Sort(got.rows)
				return got.rows
			}
			asked := rows(&snapshot.Subset{})
			found += len(asked)
			members.After = make([]subquery.Set, len(dnf.Subqueries))
			for i, s := range dnf.Subqueries {
				members.After[i] = result(t, conn, s)
			}
			require.Equal(t, asked, rows(nil), "%s: %s", typ, c)
		}
	}
	require.Greater(t, found, 500)
}

// result reads what a subquery has, in the session's form of an inner shape's rows.
func result(t *testing.T, conn *pgconn.PgConn, s where.Subquery) subquery.Set {
	def := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{Schema: s.Schema, Name: s.Table}, Key: []string{"id"}, Selected: s.Columns}, Where: s.Where}
	var got recorder
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: def}, &got)
	require.NoError(t, err)
	var values []subquery.Value
	for _, row := range got.rows {
		var message struct{ Value map[string]*string }
		require.NoError(t, json.Unmarshal([]byte(row), &message))
		var cells [][]byte
		var canon []where.Canon
		for i, c := range s.Columns {
			canon = append(canon, s.Values[i].Canon)
			var cell []byte
			if text := message.Value[c]; text != nil {
				cell = append([]byte{}, *text...)
			}
			cells = append(cells, cell)
		}
		values = append(values, subquery.Value(subquery.AppendValue(nil, canon, cells)))
	}
	return subquery.Empty.With(values, nil)
}
