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
	where  bool     // may stand in clauses
	order  bool     // has < and BETWEEN
}

func kinds() []kind {
	return []kind{
		{sql: "int4", values: []string{"-2147483648", "-1", "0", "1", "2", "3", "7", "2147483647"}, where: true, order: true},
		{sql: "int8", values: []string{"-9223372036854775808", "0", "1", "5", "4294967296", "9223372036854775807"}, where: true, order: true},
		{sql: "int2", values: []string{"-32768", "0", "1", "2", "32767"}, where: true, order: true},
		{sql: "numeric", values: []string{"0", "0.10", "0.1", "1", "1.00", "-1.5", "12345678901234567890.123456789"}, where: true, order: true},
		{sql: "numeric(10,2)", values: []string{"0", "0.5", "1", "-1.25", "99999999.99"}, where: true, order: true},
		{sql: "text", values: []string{"", "a", "b", "ab", "a%", "é", "it's", `back\slash`, "/slash/", "\"q\"", "line\nbreak"}, where: true, order: true},
		{sql: "varchar(20)", values: []string{"", "a", "abc", "abcd ", "Z"}, where: true, order: true},
		{sql: "bool", values: []string{"true", "false"}, where: true},
		{sql: "uuid", values: []string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff"}, where: true, order: true},
		{sql: "timestamp", values: []string{"2024-01-31 13:45:00", "2024-01-31 13:45:00.000001", "1999-12-31 23:59:59.5", "infinity"}, where: true, order: true},
		{sql: "timestamptz", values: []string{"2024-01-31 13:45:00+00", "2024-01-31 14:45:00+01", "1970-01-01 00:00:00+00"}, where: true, order: true},
		{sql: "date", values: []string{"2024-02-29", "1900-01-01"}},
		{sql: "float8", values: []string{"0", "-0", "1.5", "NaN", "Infinity", "1e300"}},
		{sql: "jsonb", values: []string{`{"a":1}`, `[1,2,null]`, `"s"`, "null"}},
		{sql: "bytea", values: []string{`\x`, `\x00ff`, `\xdeadbeef`}},
		{sql: "int4[]", values: []string{"{}", "{1,2}", "{NULL,3}"}},
		{sql: "text[]", values: []string{`{a,"b c"}`, `{NULL,"NULL"}`}},
		{sql: "interval", values: []string{"1 day", "-3 hours", "1 year 2 mons"}},
	}
}

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
