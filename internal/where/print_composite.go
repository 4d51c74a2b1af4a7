package where

func (p *printer) caseOf(n *node) {
	p.WriteString("CASE")
	args := n.args
	for ; len(args) > 1; args = args[2:] {
		p.WriteString(" WHEN ")
		p.print(args[0], bindOr)
		p.WriteString(" THEN ")
		p.print(args[1], bindOr)
	}
	if args[0].op != opNull || args[0].typ.id.named() {
		p.WriteString(" ELSE ")
		p.print(args[0], bindOr)
	}
	p.WriteString(" END")
}

func (p *printer) minMax(n *node) {
	p.WriteString([...]string{"GREATEST(", "LEAST("}[n.aux])
	for i, a := range n.args {
		if i > 0 {
			p.WriteString(", ")
		}
		p.print(a, bindCast)
		if i == 0 && n.typ.id.collatable() {
			p.WriteString(` COLLATE "C"`)
		}
	}
	p.WriteByte(')')
}

// array says the type of an array without elements, which has no other way to have one.
func (p *printer) array(n *node) {
	p.WriteString("ARRAY[")
	p.join(n.args, ", ", bindOr)
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
	p.print(n.args[0], bindCast)
	body, not := n.args[2], ""
	if body.op == opNot {
		body, not = body.args[0], "NOT "
	}
	switch body.op {
	case opCompare:
		if body.rel.ordered() && collated(body) {
			p.WriteString(` COLLATE "C"`)
		}
		p.WriteString(" " + body.rel.String())
	case opLike:
		switch {
		case body.aux&likeC != 0:
			p.WriteString(` COLLATE "C" ` + not + "ILIKE")
		case body.aux&likeFold != 0:
			p.WriteString(` COLLATE "default" ` + not + "ILIKE")
		default:
			p.WriteString(" " + not + "LIKE")
		}
	case opCall:
		p.WriteString(" " + body.call.name)
	}
	p.WriteString([...]string{" ANY (", " ALL ("}[n.aux])
	p.print(n.args[1], bindOr)
	p.WriteByte(')')
}
