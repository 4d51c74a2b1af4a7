package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"
)

// kind is a column type with the values that the oracle puts into it: few of them, so that clauses match some rows.
type kind struct {
	sql    string
	values []string // SQL literals without type
	order  bool     // has < and BETWEEN
	forms  []string // other conditions, with %s for the column
}

func kinds() []kind {
	return []kind{
		{sql: "int4", values: []string{"-2147483648", "-1", "0", "1", "2", "3", "7", "2147483647"}, order: true, forms: whole},
		{sql: "int8", values: []string{"-9223372036854775808", "0", "1", "5", "4294967296", "9223372036854775807"}, order: true, forms: whole},
		{sql: "int2", values: []string{"-32768", "0", "1", "2", "32767"}, order: true, forms: whole},
		{sql: "numeric", values: []string{"0", "0.10", "0.1", "1", "1.00", "-1.5", "12345678901234567890.123456789"}, order: true, forms: exact},
		{sql: "numeric(10,2)", values: []string{"0", "0.5", "1", "-1.25", "99999999.99"}, order: true, forms: exact},
		{sql: "text", values: []string{"", "a", "b", "ab", "a%", "é", "it's", `back\slash`, "/slash/", "\"q\"", "line\nbreak"}, order: true, forms: texts},
		{sql: "varchar(20)", values: []string{"", "a", "abc", "abcd ", "Z"}, order: true, forms: texts},
		{sql: "char(3)", values: []string{"", "a", "ab ", "abc"}, order: true},
		{sql: "bool", values: []string{"true", "false"}},
		{sql: "uuid", values: []string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff"}, order: true},
		{sql: "timestamp", values: []string{"2024-01-31 13:45:00", "2024-01-31 13:45:00.000001", "1999-12-31 23:59:59.5", "infinity"}, order: true, forms: moments},
		{sql: "timestamptz", values: []string{"2024-01-31 13:45:00+00", "2024-01-31 14:45:00+01", "1970-01-01 00:00:00+00"}, order: true, forms: moments},
		{sql: "date", values: []string{"2024-02-29", "1900-01-01", "2024-01-31", "infinity"}, order: true, forms: []string{
			"%s + 1 = '2024-03-01'", "%s + interval '1 month' > '2024-02-01'", "extract(dow FROM %s) = 4", "%s::timestamp >= '2024-01-01'", "%s = '2024-01-30'::date + 1"}},
		{sql: "float8", values: []string{"0", "-0", "1.5", "NaN", "Infinity", "1e300"}, order: true, forms: []string{
			"floor(%s) = 1", "%s = -0.0", "abs(%s) < 2", "%s::text = '1.5'", "-%s < 0"}},
		{sql: "jsonb", values: []string{`{"a":1}`, `[1,2,null]`, `"s"`, "null", `{"a":{"b":[true,"x"]}}`, `{}`}, forms: []string{
			"%s ->> 'a' = '1'", `%s @> '{"a":1}'`, "%s ? 'a'", "%s -> 0 = '1'", "%s #>> '{a,b,1}' = 'x'", "jsonb_typeof(%s) = 'array'", "%s <> '{}'",
			`%s <@ '[1,2,null,3]'`, "(%s -> 'a') IS NULL", "%s ?| ARRAY['a','s']", "%s > '[]'"}},
		{sql: "bytea", values: []string{`\x`, `\x00ff`, `\xdeadbeef`}, order: true, forms: []string{"length(%s) > 1", `%s || '\x00' = '\x00'`}},
		{sql: "int4[]", values: []string{"{}", "{1,2}", "{NULL,3}", "{{1,2},{3,4}}"}, forms: []string{
			"%s @> ARRAY[1]", "3 = ANY(%s)", "%s && '{2,9}'", "%s[1] = 1", "cardinality(%s) = 2", "2 > ALL(%s)", "%s = '{1,2}'", "%s <@ '{1,2,3}'",
			"%s[2:] = '{2}'", "array_length(%s, 1) IS NULL"}},
		{sql: "text[]", values: []string{`{a,"b c"}`, `{NULL,"NULL"}`, "{}"}, forms: []string{
			"%s @> ARRAY['a']", "'b c' = ANY(%s)", "%s && ARRAY['NULL','z']", "%s[1] IS NULL", "array_to_string(%s, '-') = 'a-b c'", "'a' <> ALL(%s)"}},
		{sql: "interval", values: []string{"1 day", "-3 hours", "1 year 2 mons", "24 hours"}, order: true, forms: []string{
			"%s + interval '1 hour' > interval '1 day'", "extract(day FROM %s) = 1", "justify_hours(%s) = '1 day'", "-%s < '0'"}},
	}
}

// Conditions over a column of which Postgres can fail on none: a query that fails cannot judge.
var (
	whole = []string{"%s % 3 = 1", "(%s & 1) = 1", "%s::numeric * 2 > 3", "coalesce(%s, 2) = 2", "nullif(%s, 1) IS NULL", "CASE WHEN %s > 1 THEN true WHEN %s < 0 THEN NULL ELSE false END",
		"%s = ANY('{1,2,7}')", "%s::text LIKE '%%7'", "greatest(%s, 2) = 2", "%s::float8 / 2 > 0.4", "(%s, 1) IN ((1, 1), (7, 2))", "(%s, 0) < (2, 5)"}
	exact = []string{"%s * 2 = 2", "round(%s, 1) = 0.1", "%s + 0.5 > 1", "floor(%s) = 1", "%s::text = '1.00'", "%s / 3 < 0.4", "%s % 1 = 0.5", "-%s > 1", "trunc(%s) = ANY(ARRAY[0, 1])"}
	texts = []string{"lower(%s) = 'z'", "length(%s) = 1", "%s || 'x' = 'ax'", "substring(%s FROM 2) = 'b'", "left(%s, 1) = 'a'", "position('b' IN %s) = 2", "starts_with(%s, 'a')",
		"replace(%s, 'a', 'b') = 'b'", "split_part(%s, '/', 2) = 'slash'", "trim(%s) = 'abcd'", "%s = ANY(ARRAY['a', 'b'])", "upper(%s) IN ('A', 'É')", "%s LIKE 'a!%%' ESCAPE '!'",
		"coalesce(%s, 'a') >= 'b'", "right(%s, -1) = ''", "concat(%s, 'y') = 'ay'", "%s BETWEEN 'a' AND 'ac'"}
	moments = []string{"date_trunc('day', %s) = '2024-01-31'", "extract(year FROM %s) = 2024", "%s + interval '1 month' > '2024-02-29 13:00'", "%s::date = '2024-01-31'",
		"%s AT TIME ZONE 'Europe/Berlin' > '2024-01-31 14:00'", "date_part('second', %s) > 1", "%s - interval '1 day' < '2024-01-31'"}
)

type column struct {
	name string
	kind kind
}

// table is a random table. Its rows have an id that is never used twice, which is the key, a part of it, or a plain column.
type table struct {
	name    string
	columns []column // without the key columns
	key     []string // empty: no primary key
	toast   string   // a column of large values, "" for none

	nextID    atomic.Int64
	truncated atomic.Int64 // Unix nanoseconds of the last TRUNCATE, 0 for none
}

// randomTable makes a table in one of the forms that the key can have.
func randomTable(r *rand.Rand, name string) *table {
	t := &table{name: name}
	all := kinds()
	for i := range 3 + r.IntN(5) {
		t.columns = append(t.columns, column{name: fmt.Sprintf("c%d", i), kind: all[r.IntN(len(all))]})
	}
	switch r.IntN(6) {
	case 0: // none: rows are told apart by id all the same, else the protocol could not
	case 1:
		t.key = []string{"part", "id"}
	default:
		t.key = []string{"id"}
	}
	if r.IntN(3) == 0 {
		t.toast = "big"
	}
	return t
}

// ddl creates the table.
func (t *table) ddl() string {
	parts := []string{"id bigint NOT NULL", "part text NOT NULL DEFAULT 'p'", `"Odd ""Name" int`}
	for _, c := range t.columns {
		parts = append(parts, c.name+" "+c.kind.sql)
	}
	if t.toast != "" {
		parts = append(parts, t.toast+" text")
	}
	if len(t.key) > 0 {
		parts = append(parts, "PRIMARY KEY ("+strings.Join(t.key, ", ")+")")
	} else {
		parts = append(parts, "UNIQUE (id)")
	}
	text := fmt.Sprintf("CREATE TABLE %s (%s);", t.name, strings.Join(parts, ", "))
	if t.toast != "" {
		text += fmt.Sprintf("ALTER TABLE %s ALTER %s SET STORAGE EXTERNAL;", t.name, t.toast)
	}
	return text
}

// types gives the type of every column.
func (t *table) types() map[string]string {
	types := map[string]string{"id": "int8", "part": "text", `Odd "Name`: "int4"}
	for _, c := range t.columns {
		types[c.name] = c.kind.sql
	}
	if t.toast != "" {
		types[t.toast] = "text"
	}
	return types
}

// keyColumns are the columns that name a row to clients: all of them without a primary key.
func (t *table) keyColumns() []string {
	if len(t.key) > 0 {
		return t.key
	}
	return sortedKeys(t.types())
}

// recentlyTruncated reports whether the server may just now be getting to a TRUNCATE of the table.
func (t *table) recentlyTruncated() bool {
	const lag = 30 * time.Second // between the TRUNCATE and the moment that a client learns of it
	return t.truncated.Load() > time.Now().Add(-lag).UnixNano()
}

// literal is a random value of a column as SQL.
func (c column) literal(r *rand.Rand) string {
	if r.IntN(6) == 0 {
		return "NULL"
	}
	return quote(pick(r, c.kind.values))
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
