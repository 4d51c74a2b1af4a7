package judge

import "strings"

// Kind says where a production comes from.
type Kind uint8

const (
	Operator Kind = iota
	Function
	Cast
	Form
)

// Production is one way to make an expression of a type out of others: an overload of an operator or a function, a cast, or a form
// of the grammar, for certain types.
type Production struct {
	Kind      Kind
	Name      string // what is chosen first when one is picked: the operator, the function, the form
	Signature string // as the coverage table has it; productions that differ in what a polymorphic argument is have the same
	Stable    bool   // depends on the session, as Postgres has it
	Result    *Type
	Args      []*Type
	Parts     []string // the text around the arguments
	Choices   map[int][]string
	Weight    int
}

// expr applies the production.
func (p *Production) expr(args []*Expr) *Expr {
	return &Expr{typ: p.Result, parts: p.Parts, args: args, prod: p}
}

// template turns "({}) IS NULL" into parts.
func template(text string) []string { return strings.Split(text, "{}") }

// minimal is an instance over columns, and over literals where only some arguments make sense.
func (p *Production) minimal(columns map[*Type][]string) *Expr {
	args := make([]*Expr, len(p.Args))
	used := map[*Type]int{}
	for i, t := range p.Args {
		if c := p.Choices[i]; len(c) > 0 {
			args[i] = leaf(t, quoteText(c[0]))
			continue
		}
		args[i] = reference(t, columns[t][used[t]%min(len(columns[t]), 2)]) // the others are of domains, or of collations of their own
		used[t]++
	}
	return p.expr(args)
}
