package judge

import (
	"slices"
	"strconv"
	"strings"
)

// Expr is an expression: text with holes for its arguments. It keeps the type that it was generated as, which Postgres may see
// otherwise where literals are untyped.
type Expr struct {
	typ   *Type
	parts []string // one more than args
	args  []*Expr

	column string // the name, of a reference to a column
	given  *string
	prod   *Production
}

func leaf(t *Type, text string) *Expr { return &Expr{typ: t, parts: []string{text}} }

// parameter is an untyped literal that is given as $n.
func parameter(t *Type, text string) *Expr { return &Expr{typ: t, given: &text} }

func reference(t *Type, column string) *Expr {
	name := column
	if strings.ContainsAny(name, ` "`) {
		name = quoteName(name)
	}
	return &Expr{typ: t, parts: []string{name}, column: column}
}

// Text is the expression as a client writes it, with the parameters it takes.
func (e *Expr) Text() (text string, params map[string]string) {
	var b strings.Builder
	params = map[string]string{}
	e.write(&b, func(given string) {
		n := strconv.Itoa(len(params) + 1)
		params[n] = given
		b.WriteString("$" + n)
	})
	return b.String(), params
}

// SQL is the expression as Postgres is asked, where parameters are what they stand for: untyped literals.
func (e *Expr) SQL() string {
	var b strings.Builder
	e.write(&b, func(given string) { b.WriteString(quoteText(given)) })
	return b.String()
}

func (e *Expr) write(b *strings.Builder, parameter func(given string)) {
	if e.given != nil {
		parameter(*e.given)
		return
	}
	for i, part := range e.parts {
		b.WriteString(part)
		if i < len(e.args) {
			e.args[i].write(b, parameter)
		}
	}
}

// size counts the nodes.
func (e *Expr) size() int {
	n := 1
	for _, a := range e.args {
		n += a.size()
	}
	return n
}

func (e *Expr) visit(do func(*Expr)) {
	do(e)
	for _, a := range e.args {
		a.visit(do)
	}
}

// columns are the columns that the expression refers to, each once.
func (e *Expr) columns() []string {
	var names []string
	seen := map[string]bool{}
	e.visit(func(e *Expr) {
		if e.column != "" && !seen[e.column] {
			seen[e.column] = true
			names = append(names, e.column)
		}
	})
	return names
}

// with is a copy in which the n-th node in the order of visit is another one.
func (e *Expr) with(n int, other *Expr) *Expr {
	c, _ := e.replace(n, other)
	return c
}

func (e *Expr) replace(n int, other *Expr) (*Expr, int) {
	if n == 0 {
		return other, -1
	}
	n--
	for i, a := range e.args {
		if n < 0 {
			break
		}
		c, rest := a.replace(n, other)
		if rest < 0 {
			copied := *e
			copied.args = append([]*Expr(nil), e.args...)
			copied.args[i] = c
			return &copied, -1
		}
		n = rest
	}
	return e, n
}

// ordersText reports whether the value may depend on how texts are ordered, or on a collation that is not the database's.
func (e *Expr) ordersText() bool {
	found := false
	e.visit(func(e *Expr) {
		if e.prod == nil || !strings.ContainsAny(e.prod.Name, "<>") && !slices.ContainsFunc([]string{"BETWEEN", "GREATEST", "LEAST", "width_bucket"}, func(name string) bool {
			return strings.Contains(e.prod.Name, name)
		}) {
			return
		}
		literals := 0 // two that are untyped are compared as texts
		for _, a := range e.args {
			if len(a.args) == 0 && a.column == "" {
				literals++
			}
		}
		found = found || literals > 1
		for _, t := range e.prod.Args {
			if t.Elem != nil {
				t = t.Elem
			}
			found = found || t.Category == 'S' || t.Name == byteType || t.Name == "jsonb" || t.Name == "json"
		}
	})
	return found
}

// mapsLetters reports whether the value may depend on the case of letters, which is the database's whatever collation a column has.
func (e *Expr) mapsLetters() bool {
	found := false
	e.visit(func(e *Expr) {
		found = found || e.prod != nil && (e.prod.Name == "lower" || e.prod.Name == "upper" || strings.Contains(e.prod.Name, "ILIKE") || strings.HasSuffix(e.prod.Name, "~~*"))
	})
	return found
}
