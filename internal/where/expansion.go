package where

import (
	"fmt"
	"math"
	"slices"
)

// maxDisjuncts and maxPositions bound what is sent with each row of a shape with subqueries.
const (
	maxDisjuncts = 100
	maxPositions = 10_000
)

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
