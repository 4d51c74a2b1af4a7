package simulation

import (
	"fmt"
	"slices"
	"strings"

	"leyden/internal/where"
)

// truth is that of SQL.
type truth int

const (
	no truth = iota - 1
	unknown
	yes
)

func (t truth) not() truth { return -t }

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// result is what a subquery gives: tuples of values.
type result [][]string

// clause is a clause of the model: its text, what it says, and the subqueries in the order in which they first occur.
type clause struct {
	text string
	of   func(row, []result) truth
	deps []*subselect
}

// subselect is a subquery of the model.
type subselect struct {
	text    string
	table   int
	columns []string
	where   *clause // nil for none
	negated bool    // wherever it occurs
}

var columnNames = []string{"id", "tenant", "title"}

func modelColumns() (out []where.Column) {
	for _, name := range columnNames {
		out = append(out, where.Column{Name: name, Type: "text", TypeMod: -1})
	}
	return out
}

func (r row) column(name string) string {
	return map[string]string{"id": r.id, "tenant": r.tenant, "title": r.title}[name]
}

func (r row) columns(names []string) (out []string) {
	for _, n := range names {
		out = append(out, r.column(n))
	}
	return out
}

// equal compares as SQL does.
func equal(a, b []string) truth {
	t := yes
	for i := range a {
		switch {
		case a[i] == null || b[i] == null:
			t = min(t, unknown)
		case a[i] != b[i]:
			t = no
		}
	}
	return t
}

// simple is a condition of the row alone.
func (w *world) simple() (string, func(row) truth) {
	switch w.rng.IntN(4) {
	case 0:
		return "title = 'a'", func(r row) truth { return truthOf(r.title == "a") }
	case 1:
		return "title <> ''", func(r row) truth { return truthOf(r.title != "") }
	case 2:
		return "id < '5'", func(r row) truth { return truthOf(r.id < "5") }
	}
	return "tenant > '0'", func(r row) truth {
		if r.tenant == null {
			return unknown
		}
		return truthOf(r.tenant > "0")
	}
}

// membership is a test for the result of a subquery.
func (w *world) membership(c *clause, depth int) (string, func(row, []result) truth) {
	s := &subselect{table: min(1, w.rng.IntN(4))}
	if w.apart {
		s.table = 1
	}
	lhs := [][]string{{"tenant"}, {"tenant"}, {"tenant"}, {"id"}, {"id"}, {"id", "tenant"}}[w.rng.IntN(6)]
	s.columns = lhs
	if len(lhs) == 1 && w.rng.IntN(4) == 0 {
		s.columns = []string{"id"}
	}
	s.text = fmt.Sprintf("SELECT %s FROM %s", strings.Join(s.columns, ", "), []string{"items", "notes"}[s.table])
	if n := w.rng.IntN(6); n == 0 && depth == 0 {
		s.where = &clause{}
		text, of := w.membership(s.where, 1)
		s.where.text, s.where.of = text, of
	} else if n > 1 {
		text, of := w.simple()
		s.where = &clause{text: text, of: func(r row, _ []result) truth { return of(r) }}
	}
	if s.where != nil {
		s.text += " WHERE " + s.where.text
	}
	n := slices.IndexFunc(c.deps, func(d *subselect) bool { return d.text == s.text })
	if n < 0 {
		n, c.deps = len(c.deps), append(c.deps, s)
		s.negated = w.rng.IntN(4) == 0
	}
	in := func(r row, results []result) truth {
		t, left := no, r.columns(lhs)
		for _, v := range results[n] {
			t = max(t, equal(left, v))
		}
		return t
	}
	text := strings.Join(lhs, ", ")
	if len(lhs) > 1 {
		text = "(" + text + ")"
	}
	if c.deps[n].negated {
		return text + " NOT IN (" + s.text + ")", func(r row, results []result) truth { return in(r, results).not() }
	}
	return text + " IN (" + s.text + ")", in
}

// clause makes a clause with subqueries.
func (w *world) clause() *clause {
	c := &clause{}
	c.text, c.of = w.membership(c, 0)
	for range w.rng.IntN(3) {
		left, leftOf := c.text, c.of
		var right string
		var rightOf func(row, []result) truth
		if w.rng.IntN(2) == 0 {
			right, rightOf = w.membership(c, 0)
		} else {
			text, of := w.simple()
			right, rightOf = text, func(r row, _ []result) truth { return of(r) }
		}
		if w.rng.IntN(2) == 0 {
			c.text = fmt.Sprintf("(%s) OR (%s)", left, right)
			c.of = func(r row, s []result) truth { return max(leftOf(r, s), rightOf(r, s)) }
		} else {
			c.text = fmt.Sprintf("(%s) AND (%s)", left, right)
			c.of = func(r row, s []result) truth { return min(leftOf(r, s), rightOf(r, s)) }
		}
	}
	return c
}
