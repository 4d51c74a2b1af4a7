package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"leyden/internal/where"
)

// looksUp names the types whose values subqueries are asked for.
var looksUp = []string{"int2", "int4", "int8", "numeric", "numeric(10,2)", "text", "varchar(20)", "char(3)", "bool", "uuid", "timestamp", "timestamptz", "date", "float8", "bytea"}

// One clause in so many may have its shape taken away by the server again and again: little else can be seen of it.
const rotating = 8

// randomMemberships makes a clause over t with at least one subquery over tables. It makes another one in place of those that
// would need too much of the protocol, as the server says.
func randomMemberships(r *rand.Rand, t *table, tables []*table) clause {
	for {
		m := &clauseMaker{r: r, t: t, tables: tables, nesting: 2}
		text, judged := m.boolean(r.IntN(3))
		if !m.subqueries || m.rotates && r.IntN(rotating) != 0 {
			continue
		}
		c := clause{text: text, params: m.params, judged: judged, rotates: m.rotates, reads: append(m.reads, t)}
		var refused *where.Error
		if err := c.compile(t, tables); errors.As(err, &refused) && (strings.Contains(err.Error(), "too complex for DNF") || strings.Contains(err.Error(), "both positive and negative polarity")) {
			continue
		}
		return c
	}
}

// membership tests columns for being in the result of a subquery.
func (m *clauseMaker) membership() (text, judged string) {
	type pair struct {
		of    *table
		inner column
	}
	m.subqueries = true
	var left []column
	var inner []pair
	for len(inner) == 0 {
		c := m.column()
		if m.r.IntN(4) == 0 {
			c = column{name: "id", kind: kind{sql: "int8"}}
		}
		if !slices.Contains(looksUp, c.kind.sql) {
			continue
		}
		left = []column{c}
		for _, t := range m.tables {
			for name, kind := range t.types() {
				if kind == c.kind.sql {
					inner = append(inner, pair{t, column{name: name}})
				}
			}
		}
	}
	slices.SortFunc(inner, func(a, b pair) int {
		return strings.Compare(a.of.name+" "+a.inner.name, b.of.name+" "+b.inner.name)
	})
	chosen := pick(m.r, inner)
	right := []column{chosen.inner}
	if m.r.IntN(5) == 0 { // rows of two columns; every table has these
		second := pick(m.r, []string{"part", `Odd "Name`, "id"})
		left, right = append(left, column{name: second}), append(right, column{name: second})
		if m.r.IntN(2) == 0 {
			slices.Reverse(left)
			slices.Reverse(right)
		}
	}
	where, judge := "", ""
	if m.r.IntN(3) != 0 {
		nested := &clauseMaker{r: m.r, t: chosen.of, tables: m.tables, nesting: m.nesting - 1, params: m.params}
		where, judge = nested.boolean(m.r.IntN(2))
		where, judge = " WHERE "+where, " WHERE "+judge
		m.params, m.reads, m.rotates = nested.params, append(m.reads, nested.reads...), m.rotates || nested.rotates
	}
	m.reads = append(m.reads, chosen.of)
	op, negated := " IN ", m.negated
	if m.r.IntN(4) == 0 {
		op, negated = " NOT IN ", !negated
	}
	// What a NULL in the result, or a NULL in a part of a row, does to rows that must not be in it cannot be told by a value.
	nullable := slices.ContainsFunc(right, func(c column) bool { return c.name != "id" && c.name != "part" })
	m.rotates = m.rotates || negated && (nullable || len(right) > 1)
	lhs, list := names(left), names(right)
	if len(left) > 1 {
		lhs = "(" + lhs + ")"
	}
	return fmt.Sprintf("%s%s(SELECT %s FROM %s%s)", lhs, op, list, chosen.of.name, where),
		fmt.Sprintf("%s%s(SELECT %s FROM %s%s)", lhs, op, list, chosen.of.name, judge)
}

func names(columns []column) string {
	var quoted []string
	for _, c := range columns {
		quoted = append(quoted, identifier(c.name))
	}
	return strings.Join(quoted, ", ")
}

// compile says what is wrong with a clause over t.
func (c clause) compile(t *table, tables []*table) error {
	_, err := where.CompileWith(c.text, c.numbered(), t.whereColumns(), func(_, name string) ([]where.Column, error) {
		for _, inner := range tables {
			if inner.name == name {
				return inner.whereColumns(), nil
			}
		}
		return nil, fmt.Errorf("there is no table %s", name)
	})
	return err
}

// whereColumns are the columns of a table as the where language sees them.
func (t *table) whereColumns() []where.Column {
	var columns []where.Column
	for name, kind := range t.types() {
		c := where.Column{Name: name, Type: kind, TypeMod: -1}
		c.Type, _, _ = strings.Cut(c.Type, "(")
		if element, array := strings.CutSuffix(c.Type, "[]"); array {
			c.Type, c.Dims = element, 1
		}
		switch kind {
		case "char(3)":
			c.Type, c.TypeMod = "bpchar", 7
		case "varchar(20)":
			c.TypeMod = 24
		case "numeric(10,2)":
			c.TypeMod = 10<<16 | 2 + 4
		}
		columns = append(columns, c)
	}
	return columns
}
