package judge

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// generator makes expressions out of what the language accepts.
type generator struct {
	values
	*language
	pool   map[*Type][]string // input texts that Postgres accepts
	params bool               // whether literals may be given as parameters
}

func newGenerator(r *rand.Rand, l *language) *generator {
	return &generator{values: values{r}, language: l, pool: map[*Type][]string{}, params: true}
}

// typ picks a type of which there is more than columns, the boolean more often.
func (g *generator) typ() *Type {
	for {
		t := g.types.All[g.IntN(len(g.types.All))]
		if t.Elem != nil && g.chance(50) {
			continue
		}
		if len(g.accepted[t]) > 0 {
			return t
		}
	}
}

// expr makes an expression of a type, at most depth productions deep.
func (g *generator) expr(t *Type, depth int) *Expr {
	if depth <= 0 || g.chance(10) || len(g.accepted[t]) == 0 {
		return g.leaf(t)
	}
	return g.apply(g.production(t), depth)
}

// production picks one that has the type as its result.
func (g *generator) production(t *Type) *Production {
	if r := g.rejected[t]; len(r) > 0 && g.IntN(200) == 0 {
		return r[g.IntN(len(r))]
	}
	total := 0
	for _, c := range g.accepted[t] {
		total += c.weight
	}
	n := g.IntN(total)
	for _, c := range g.accepted[t] {
		if n -= c.weight; n < 0 {
			return c.prods[g.IntN(len(c.prods))]
		}
	}
	panic("judge: weights do not add up")
}

func (g *generator) apply(p *Production, depth int) *Expr {
	args := make([]*Expr, len(p.Args))
	for i, t := range p.Args {
		switch choices := p.Choices[i]; {
		case len(choices) > 0 && !g.chance(15):
			args[i] = g.chosen(t, g.pick(choices...))
		default:
			args[i] = g.expr(g.convertible(t), depth-1-g.IntN(2))
		}
	}
	if comparesLiterals(args) { // two untyped literals are compared as texts, which tells little
		args[0] = g.columnOf(p.Args[0])
	}
	return onceTyped(p.expr(args))
}

// onceTyped writes the parameters of a form that looks at an argument several times as literals.
func onceTyped(e *Expr) *Expr {
	if e.prod == nil || !strings.Contains(e.prod.Name, "IN") && !strings.Contains(e.prod.Name, "BETWEEN") {
		return e
	}
	for i := range e.args { // of a row on the left each part is looked at
		e.args[i] = withoutParameters(e.args[i])
	}
	return e
}

// convertible is the type, or now and then one that Postgres converts to it without being told.
func (g *generator) convertible(t *Type) *Type {
	if all := g.types.Implicit[t]; len(all) > 0 && g.chance(12) {
		return all[g.IntN(len(all))]
	}
	return t
}

// withoutParameters writes parameters as literals: a form that looks at an argument several times gives a parameter the type of
// its first use, an untyped literal that of each.
func withoutParameters(e *Expr) *Expr {
	if e.given != nil {
		return leaf(e.typ, quoteText(*e.given))
	}
	copied := *e
	copied.args = make([]*Expr, len(e.args))
	for i, a := range e.args {
		copied.args[i] = withoutParameters(a)
	}
	return &copied
}

func comparesLiterals(args []*Expr) bool {
	return len(args) > 1 && !slices.ContainsFunc(args, func(e *Expr) bool { return len(e.args) > 0 || e.column != "" })
}

// chosen writes a literal that a production asks for.
func (g *generator) chosen(t *Type, text string) *Expr {
	switch {
	case t.Category == 'N' && strings.HasPrefix(text, "-"):
		return leaf(t, "("+text+")")
	case t.Category == 'N':
		return leaf(t, text)
	case g.params && g.chance(15):
		return parameter(t, text)
	}
	return leaf(t, quoteText(text))
}

func (g *generator) columnOf(t *Type) *Expr {
	columns := g.columns[t]
	return reference(t, columns[g.IntN(len(columns))])
}

// leaf is a column, a literal of some kind, or NULL.
func (g *generator) leaf(t *Type) *Expr {
	n := g.IntN(20)
	if n < 9 || len(g.pool[t]) == 0 {
		return g.columnOf(t)
	}
	text := g.pool[t][g.IntN(len(g.pool[t]))]
	switch {
	case n < 13:
		if g.params && g.chance(20) {
			return parameter(t, text)
		}
		return leaf(t, quoteText(text))
	case n < 16 && len(g.styles[t]) > 0:
		return leaf(t, g.styles[t][g.IntN(len(g.styles[t]))](text))
	case n == 16:
		return leaf(t, "NULL")
	case n == 17 && len(g.styles[t]) > 0:
		return leaf(t, "(NULL::"+t.Name+")")
	case t.Category == 'N':
		return leaf(t, g.pick("0", "1", "5", "(-5)", "1.1", "0.5", "3000000000", "1e15", "2.50", "16777217", "12345678901234567890", "0.1", ".5", "5.", "2", "3", "(-1)", "100", "2147483648", "(-2147483648)", "7"))
	case t.Name == "bool":
		return leaf(t, g.pick("true", "false"))
	}
	return g.columnOf(t)
}

// sibling is the same expression with other constants.
func (g *generator) sibling(e *Expr) *Expr {
	if len(e.args) == 0 {
		if e.column != "" {
			return e
		}
		return g.leaf(e.typ)
	}
	copied := *e
	copied.args = make([]*Expr, len(e.args))
	for i, a := range e.args {
		copied.args[i] = g.sibling(a)
	}
	return onceTyped(&copied)
}
