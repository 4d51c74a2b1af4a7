package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// clause is a random where clause: its text for the server, its parameters, and the text with the parameters filled in for
// Postgres to judge.
type clause struct {
	text   string
	params []string
	judged string
	// Of one with subqueries:
	rotates bool     // the server may take the shape away for what it cannot tell
	reads   []*table // the tables of all levels
}

// clauseMaker writes both texts at once.
type clauseMaker struct {
	r      *rand.Rand
	t      *table
	params []string

	tables     []*table // subqueries may read them
	nesting    int      // how deep subqueries may be
	negated    bool     // what is made stands under an odd number of NOTs
	subqueries bool     // there are some
	rotates    bool
	reads      []*table
}

func randomClause(r *rand.Rand, t *table) clause {
	m := &clauseMaker{r: r, t: t}
	text, judged := m.boolean(1 + r.IntN(3))
	return clause{text: text, params: m.params, judged: judged}
}

func (c clause) addTo(q url.Values) {
	q.Set("where", c.text)
	for n, p := range c.numbered() {
		q.Set("params["+n+"]", p)
	}
}

// numbered gives the parameters by number.
func (c clause) numbered() map[string]string {
	params := map[string]string{}
	for i, p := range c.params {
		params[strconv.Itoa(i+1)] = p
	}
	return params
}

// boolean makes an expression of at most depth levels.
func (m *clauseMaker) boolean(depth int) (text, judged string) {
	if depth > 0 {
		switch m.r.IntN(5) {
		case 0:
			m.negated = !m.negated
			a, ja := m.boolean(depth - 1)
			m.negated = !m.negated
			return "NOT (" + a + ")", "NOT (" + ja + ")"
		case 1, 2:
			return m.join(" AND ", depth)
		case 3:
			return m.join(" OR ", depth)
		}
	}
	if m.nesting > 0 && m.r.IntN(2) == 0 {
		return m.membership()
	}
	return m.comparison()
}

func (m *clauseMaker) join(op string, depth int) (text, judged string) {
	var texts, judges []string
	for range 2 + m.r.IntN(2) {
		a, ja := m.boolean(depth - 1)
		texts, judges = append(texts, "("+a+")"), append(judges, "("+ja+")")
	}
	return strings.Join(texts, op), strings.Join(judges, op)
}

func (m *clauseMaker) comparison() (text, judged string) {
	c := m.column()
	name := identifier(c.name)
	if c.kind.sql == "bool" && m.r.IntN(3) == 0 {
		form := pick(m.r, []string{"%s", "NOT %s", "%s IS TRUE", "%s IS NOT FALSE", "%s IS UNKNOWN"})
		return same(fmt.Sprintf(form, name))
	}
	isText := c.kind.sql == "text" || strings.HasPrefix(c.kind.sql, "varchar")
	for {
		switch m.r.IntN(14) {
		case 9, 10, 11, 12, 13:
			if len(c.kind.forms) == 0 {
				continue
			}
			return same(m.form(c))
		case 0, 1, 2:
			return m.binary(name, pick(m.r, []string{"=", "=", "<>", "!="}), c)
		case 3:
			if !c.kind.order {
				continue
			}
			return m.binary(name, pick(m.r, []string{"<", "<=", ">", ">="}), c)
		case 4:
			var texts, judges []string
			for range 1 + m.r.IntN(3) {
				a, ja := m.constant(c)
				texts, judges = append(texts, a), append(judges, ja)
			}
			op := pick(m.r, []string{" IN (", " NOT IN ("})
			return name + op + strings.Join(texts, ", ") + ")", name + op + strings.Join(judges, ", ") + ")"
		case 5:
			if !c.kind.order {
				continue
			}
			low, jlow := m.constant(c)
			high, jhigh := m.constant(c)
			op := pick(m.r, []string{" BETWEEN ", " NOT BETWEEN ", " BETWEEN SYMMETRIC "})
			return name + op + low + " AND " + high, name + op + jlow + " AND " + jhigh
		case 6:
			if !isText {
				continue
			}
			op := pick(m.r, []string{" LIKE ", " NOT LIKE ", " ILIKE "})
			pattern := quote(pick(m.r, []string{"a%", "%b", "_", "%", "a\\%", "%é%", ""}))
			return same(name + op + pattern)
		case 7:
			return same(name + pick(m.r, []string{" IS NULL", " IS NOT NULL"}))
		case 8:
			return m.binary(name, pick(m.r, []string{"IS DISTINCT FROM", "IS NOT DISTINCT FROM"}), c)
		}
	}
}

func (m *clauseMaker) binary(name, op string, c column) (text, judged string) {
	a, ja := m.constant(c)
	return name + " " + op + " " + a, name + " " + op + " " + ja
}

// constant is a value of the column's type: as a literal, with a cast, or as a parameter.
func (m *clauseMaker) constant(c column) (text, judged string) {
	value := pick(m.r, c.kind.values)
	judged = quote(value)
	switch m.r.IntN(4) {
	case 0:
		m.params = append(m.params, value)
		return "$" + strconv.Itoa(len(m.params)), judged
	case 1:
		plain, _, _ := strings.Cut(c.kind.sql, "(")
		if plain == "char" {
			plain = "bpchar" // char alone is char(1)
		}
		return same(quote(value) + "::" + plain)
	}
	return same(judged)
}

// form is one of the conditions that a column of its kind can have.
func (m *clauseMaker) form(c column) string {
	form := strings.ReplaceAll(pick(m.r, c.kind.forms), "%%", "\x00")
	return strings.ReplaceAll(strings.ReplaceAll(form, "%s", identifier(c.name)), "\x00", "%")
}

// column picks a column.
func (m *clauseMaker) column() column {
	usable := append(slices.Clone(m.t.columns), column{name: "part", kind: kind{sql: "text", values: []string{"p", "q", "r"}, order: true}},
		column{name: `Odd "Name`, kind: kind{sql: "int4", values: []string{"1", "2", "3"}, order: true, forms: whole}})
	return pick(m.r, usable)
}

func same(text string) (string, string) { return text, text }
