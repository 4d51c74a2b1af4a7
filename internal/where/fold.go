package where

import "errors"

// conjunction joins conditions by AND or OR, flat. Constants that do not matter, a second NULL too, are dropped and one that
// decides is the result, as Postgres' planner does it: what stands beside it is then not evaluated and cannot fail.
func conjunction(o op, args []*node, loc int32) *node {
	neutral := o == opAnd
	n := &node{op: o, typ: typeBool, loc: loc}
	null := false
	for _, a := range args {
		flat := []*node{a}
		if a.op == o {
			flat = a.args
		}
		for _, a := range flat {
			switch {
			case a.isBool(!neutral):
				return a
			case a.isBool(neutral) || a.op == opNull && null:
			default:
				null = null || a.op == opNull
				n.args = append(n.args, a)
			}
		}
	}
	switch len(n.args) {
	case 0:
		return boolConst(neutral, loc)
	case 1:
		return n.args[0]
	}
	return n
}

func negation(n *node, loc int32) *node {
	switch n.op {
	case opConst:
		return boolConst(n.val.i == 0, loc)
	case opNull:
		return n
	case opNot:
		return n.args[0]
	}
	return &node{op: opNot, typ: typeBool, args: []*node{n}, loc: loc}
}

// strict reports whether a NULL argument makes the result NULL.
func (n *node) strict() bool {
	switch n.op {
	case opCompare, opLike, opCast, opIn, opRank, opIndex, opSlice:
		return true
	case opCall:
		return n.call.traits&loose == 0
	}
	return false
}

// fold evaluates n when its arguments are constants.
func (a *analyzer) fold(n *node) (*node, error) {
	all := true
	for i, arg := range n.args {
		if n.op == opAny && i == 2 {
			break // a condition over what the others yield
		}
		if arg.op == opNull && n.strict() && (n.op != opIn || i == 0) {
			return n.folded(value{null: true}), nil
		}
		all = all && arg.isConst()
	}
	if !all {
		return n, nil
	}
	m := machine{code: string((&encoder{}).appendNode(nil, n)), s: &Scratch{}, folding: true}
	var v value
	if _, err := m.eval(0, &v); err != nil {
		if errors.Is(err, ErrCaseUnknown) {
			return n, nil // until the database is known
		}
		if n.op == opCast {
			arg := n.args[0]
			return nil, a.errorf(n.loc, "could not cast value %s from %s to %s", outputText(arg.typ.id, &arg.val), arg.typ, n.typ)
		}
		return nil, a.errorf(n.loc, "Failed to apply function to constant arguments")
	}
	if !readable(n.typ.id, &v) {
		return n, nil
	}
	return n.folded(v), nil
}

// folded is the constant that n always is. It has the collation that n has, and is of the same domain.
func (n *node) folded(v value) *node {
	c := constant(n.typ, v, n.loc)
	c.domain = n.domain
	if own := collationOf(n); own != noCollation {
		c.collation = own
	}
	return c
}
