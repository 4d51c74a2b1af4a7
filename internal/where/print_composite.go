package where

func (p *printer) caseOf(n *node) {
	p.WriteString("CASE")
	args := n.args
	want := meeting(collationNone, n.args)
	for ; len(args) > 1; args = args[2:] {
		p.WriteString(" WHEN ")
		p.print(args[0], bindOr)
		p.WriteString(" THEN ")
		p.text(args[1], bindOr, want)
	}
	if args[0].op != opNull || args[0].typ.id.named() {
		p.WriteString(" ELSE ")
		p.text(args[0], bindOr, want)
	}
	p.WriteString(" END")
}

func (p *printer) minMax(n *node) {
	p.WriteString([...]string{"GREATEST(", "LEAST("}[n.aux])
	for i, a := range n.args {
		if i > 0 {
			p.WriteString(", ")
		}
		if i == 0 {
			p.first(a, bindOr, n.forced(), n.forced())
		} else {
			p.text(a, bindOr, n.forced())
		}
	}
	p.WriteByte(')')
}

// array says the type of an array without elements, which has no other way to have one.
func (p *printer) array(n *node) {
	p.WriteString("ARRAY[")
	p.texts(n.args, ", ", bindOr, meeting(collationNone, n.args))
	p.WriteByte(']')
	if len(n.args) == 0 {
		p.WriteString("::" + n.typ.String())
	}
}

func (p *printer) subscript(n *node) {
	p.WriteByte('(')
	p.print(n.args[0], bindOr)
	p.WriteByte(')')
	if n.op == opIndex {
		for _, a := range n.args[1:] {
			p.WriteByte('[')
			p.print(a, bindOr)
			p.WriteByte(']')
		}
		return
	}
	args := n.args[1:]
	bound := func(given bool) {
		if given {
			p.print(args[0], bindCast)
			args = args[1:]
		}
	}
	for _, given := range n.bounds {
		p.WriteByte('[')
		bound(given&hasLower != 0)
		p.WriteByte(':')
		bound(given&hasUpper != 0)
		p.WriteByte(']')
	}
}

// printableAny reports whether a condition over an operand and elements is an operator between the two.
func printableAny(body *node) bool {
	if body.op == opNot {
		body = body.args[0]
		if body.op != opLike {
			return false
		}
	}
	switch body.op {
	case opCompare, opLike:
	case opCall:
		if body.call.as != asOperator {
			return false
		}
	default:
		return false
	}
	unlifted := func(n *node, want op) bool {
		if n.op == opCast && n.aux == castDateLift || n.op == opRank {
			n = n.args[0]
		}
		return n.op == want
	}
	return len(body.args) == 2 && unlifted(body.args[0], opOperand) && unlifted(body.args[1], opElement)
}

func (p *printer) any(n *node) {
	body, not := n.args[2], ""
	if body.op == opNot {
		body, not = body.args[0], "NOT "
	}
	forced := body.forced()
	want := meeting(forced, n.args[:2])
	p.first(n.args[0], bindCast, forced, want)
	switch body.op {
	case opCompare:
		p.WriteString(" " + body.rel.String())
	case opLike:
		p.WriteString(" " + not + likeWord(body))
	case opCall:
		p.WriteString(" " + body.call.name)
	}
	p.WriteString([...]string{" ANY (", " ALL ("}[n.aux])
	p.text(n.args[1], bindOr, want)
	p.WriteByte(')')
}
