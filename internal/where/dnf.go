package where

import (
	"fmt"
	"math"
	"slices"
)

const (
	maxDisjuncts = 100
	maxPositions = 10_000
)

// HasSubqueries reports whether the clause has any. No clause has none.
func (c *Clause) HasSubqueries() bool { return c != nil && c.code[1] != 0 }

// Subqueries are those of the clause itself, each of which may have its own, by the number of their first occurrence.
func (c *Clause) Subqueries() []Subquery {
	if !c.HasSubqueries() {
		return nil
	}
	d := decoder{b: c.code, i: 1}
	all := make([]Subquery, d.count())
	for i := range all {
		s, _ := d.subquery()
		all[i] = s.public()
	}
	return all
}

func (s *subquery) public() Subquery {
	out := Subquery{Schema: s.schema, Table: s.name}
	for _, c := range s.columns {
		m, _ := membershipOf(c.typ)
		out.Columns, out.Values = append(out.Columns, c.name), append(out.Values, m)
	}
	if s.where != "" {
		out.Where = &Clause{code: s.where}
	}
	return out
}

// Superset is a clause without subqueries that is true wherever c can be, whatever its subqueries yield; nil when that is
// everywhere.
func (c *Clause) Superset() *Clause {
	t := c.tree()
	if len(t.subqueries) == 0 {
		return c
	}
	root := t.root.superset(false)
	if root.isBool(true) {
		return nil
	}
	return plainClause(t.columns, root)
}

// superset takes every membership for true, negated or not.
func (n *node) superset(negated bool) *node {
	switch {
	case n.op == opMember:
		return boolConst(true, n.loc)
	case n.op == opNot:
		return n.args[0].superset(!negated)
	case (n.op == opAnd || n.op == opOr) && n.hasMember():
		args := make([]*node, len(n.args))
		for i, a := range n.args {
			args[i] = a.superset(negated)
		}
		if (n.op == opAnd) != negated {
			return conjunction(opAnd, args, n.loc)
		}
		return conjunction(opOr, args, n.loc)
	case negated:
		return negation(n, n.loc)
	}
	return n
}

// term is a leaf of a tree, negated or not.
type term struct {
	leaf    *node
	negated bool
}

// parts are what AND or OR join. Two conjuncts that are the bounds of a range are one, and a range is no conjunction of its own.
func (n *node) parts() []*node {
	if n.op != opAnd {
		return n.args
	}
	parts := make([]*node, 0, len(n.args))
	for i := 0; i < len(n.args); i++ {
		part := n.args[i]
		if i+1 < len(n.args) && bounds(part, n.args[i+1]) {
			part = &node{op: opAnd, typ: typeBool, args: n.args[i : i+2], loc: part.loc}
			i++
		}
		parts = append(parts, part)
	}
	return parts
}

// bounds reports whether two conditions are what BETWEEN stands for.
func bounds(low, high *node) bool {
	if low.op != opCompare || high.op != opCompare || low.rel != relGE || high.rel != relLE {
		return false
	}
	var e encoder
	return slices.Equal(e.appendNode(nil, low.args[0]), e.appendNode(nil, high.args[0]))
}

func (n *node) isRange() bool {
	return n.op == opAnd && len(n.args) == 2 && bounds(n.args[0], n.args[1])
}

// adds reports whether the disjunctions of the parts of n are put one after the other, and not multiplied.
func (n *node) adds(negated bool) bool { return (n.op == opOr) != negated }

// expansion counts the disjuncts and the terms that a tree would have, without making them. The counts end where integers do.
func (n *node) expansion(negated bool) (disjuncts, terms int) {
	switch {
	case n.op == opNot:
		return n.args[0].expansion(!negated)
	case n.op != opAnd && n.op != opOr || n.isRange():
		return 1, 1
	}
	for i, part := range n.parts() {
		d, t := part.expansion(negated)
		switch {
		case i == 0:
			disjuncts, terms = d, t
		case n.adds(negated):
			disjuncts, terms = plus(disjuncts, d), plus(terms, t)
		default:
			disjuncts, terms = times(disjuncts, d), plus(times(terms, d), times(t, disjuncts))
		}
	}
	return disjuncts, terms
}

func plus(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func times(a, b int) int {
	if a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}

// expanded are the disjuncts of a tree. Of those of a conjunction the terms of the left side come first, and vary slowest.
func (n *node) expanded(negated bool) [][]term {
	switch {
	case n.op == opNot:
		return n.args[0].expanded(!negated)
	case n.op != opAnd && n.op != opOr || n.isRange():
		return [][]term{{{n, negated}}}
	}
	var all [][]term
	for i, part := range n.parts() {
		right := part.expanded(negated)
		if i == 0 || n.adds(negated) {
			all = append(all, right...)
			continue
		}
		product := make([][]term, 0, len(all)*len(right))
		for _, l := range all {
			for _, r := range right {
				product = append(product, slices.Concat(l, r))
			}
		}
		all = product
	}
	return all
}

// checkMemberships reports why the subqueries of a clause cannot be kept up with.
func (t *typedTree) checkMemberships() error {
	if len(t.subqueries) == 0 {
		return nil
	}
	refuse := func(format string, args ...any) error {
		return &Error{Field: "where", Location: -1, Reason: fmt.Sprintf(format, args...), Subquery: true}
	}
	if !t.root.polar(false, make([]polarity, len(t.subqueries))) {
		return refuse("a subquery dependency cannot be used with both positive and negative polarity in the same filter")
	}
	const tooComplex = "WHERE clause too complex for DNF decomposition (%d %s exceeds limit of %d)"
	disjuncts, terms := t.root.expansion(false)
	switch {
	case disjuncts > maxDisjuncts:
		return refuse(tooComplex, disjuncts, "disjuncts", maxDisjuncts)
	case terms > maxPositions:
		return refuse(tooComplex, terms, "conditions", maxPositions)
	}
	return nil
}

// polarity says how a subquery is used.
type polarity uint8

const (
	unused polarity = iota
	positive
	negative
)

// polar reports whether each subquery is used in one way only.
func (n *node) polar(negated bool, used []polarity) bool {
	if n.op == opMember {
		is := positive
		if negated {
			is = negative
		}
		was := used[n.col]
		used[n.col] = is
		return was == unused || was == is
	}
	if n.op == opNot {
		negated = !negated
	}
	return !slices.ContainsFunc(n.args, func(a *node) bool { return !a.polar(negated, used) })
}

// DNF decomposes the clause. One without subqueries is a single position.
func (c *Clause) DNF() *DNF {
	if !c.HasSubqueries() {
		return &DNF{Positions: []Position{{Subquery: -1, Leaf: c}}, Disjuncts: [][]int{{0}}}
	}
	t := c.tree()
	out := &DNF{Subqueries: c.Subqueries()}
	leaves := map[term]Position{}
	for _, disjunct := range t.root.expanded(false) {
		positions := make([]int, len(disjunct))
		for i, term := range disjunct {
			p, known := leaves[term]
			if !known {
				p = t.position(term)
				leaves[term] = p
			}
			positions[i] = len(out.Positions)
			out.Positions = append(out.Positions, p)
		}
		out.Disjuncts = append(out.Disjuncts, positions)
	}
	return out
}

func (t *typedTree) position(of term) Position {
	n := of.leaf
	p := Position{Negated: of.negated, Subquery: -1}
	if n.op != opMember {
		p.Leaf = plainClause(t.columns, n.copied())
		return p
	}
	p.Subquery = n.col
	for _, arg := range n.args {
		column := arg
		for column.op != opColumn {
			column = column.args[0]
		}
		m, _ := membershipOf(column.typ)
		print := printer{cols: t.columns}
		print.print(arg, bindCast)
		p.Columns = append(p.Columns, t.columns[column.col].name)
		p.LHS = append(p.LHS, print.String())
		p.Canon = append(p.Canon, m.Canon)
	}
	return p
}

// ConditionSQL is the SQL of a position with its negation, which binds as strongly as what is in parentheses. member gives the
// text of a test of membership, which is that of the position without its negation.
func (d *DNF) ConditionSQL(position int, member func(position int) string) string {
	p := &d.Positions[position]
	var text string
	if p.Subquery >= 0 {
		text = member(position)
	} else {
		text = p.Leaf.SQL()
	}
	if p.Negated {
		return "(NOT (" + text + "))"
	}
	return "(" + text + ")"
}
