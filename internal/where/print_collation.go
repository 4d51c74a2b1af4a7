package where

// Where letters or their order matter the canonical text says whose they are: COLLATE "C" where texts are ordered, the
// collation of the evaluation where case is. Postgres hands an explicit collation on to whatever the text becomes part of, and
// rejects two different ones that meet; then the text says once more which it is.

// explicit is the collation that the canonical text of n has named and hands on, none when it has not.
func explicit(n *node) collation {
	switch {
	case !n.typ.id.collatable():
		return collationNone
	case n.op == opMinMax:
		return collationC
	case n.op == opCall && n.call.traits&mapsCase != 0:
		return n.letters()
	}
	e, agreed := explicits(n.args)
	if !agreed {
		return collationC
	}
	return e
}

// explicits is the one explicit collation of those texts, or of none; not agreed when there are two.
func explicits(texts []*node) (one collation, agreed bool) {
	for _, n := range texts {
		e := explicit(n)
		if e != collationNone && one != collationNone && e != one {
			return collationNone, false
		}
		one = max(one, e)
	}
	return one, true
}

// letters is the collation whose case a function or ILIKE follows.
func (n *node) letters() collation {
	if n.op == opCall && n.aux&callC != 0 || n.op == opLike && n.aux&likeC != 0 {
		return collationC
	}
	return collationDefault
}

// forced is the collation that the operator of a node names at its left side.
func (n *node) forced() collation {
	switch {
	case n.op == opCompare && n.rel.ordered() && (n.args[0].typ.id.collatable() || n.args[1].typ.id.collatable()):
		return collationC
	case n.op == opMinMax && n.typ.id.collatable():
		return collationC
	case n.op == opLike && n.aux&likeFold != 0, n.op == opCall && n.call.traits&mapsCase != 0:
		return n.letters()
	}
	return collationNone
}

// meeting is the collation that all of texts must have in an operator which asks for one, none when that goes without saying.
func meeting(forced collation, texts []*node) collation {
	if forced != collationNone {
		return forced
	}
	if _, agreed := explicits(texts); !agreed {
		return collationC
	}
	return collationNone
}

// text prints n, with the collation that is wanted if it has named another.
func (p *printer) text(n *node, least int, want collation) {
	e := explicit(n)
	if want == collationNone || e == collationNone || e == want {
		p.print(n, least)
		return
	}
	p.collate(n, want)
}

// collate prints n with a collation.
func (p *printer) collate(n *node, c collation) {
	p.print(n, bindCast)
	if c == collationC {
		p.WriteString(` COLLATE "C"`)
	} else {
		p.WriteString(` COLLATE "default"`)
	}
}

// first prints the left side of an operator, which names the collation if the operator does.
func (p *printer) first(n *node, least int, forced, want collation) {
	if forced != collationNone && n.typ.id.collatable() {
		p.collate(n, forced)
		return
	}
	p.text(n, least, want)
}

// texts prints a list of arguments between which no explicit collations may meet.
func (p *printer) texts(args []*node, by string, least int, want collation) {
	for i, a := range args {
		if i > 0 {
			p.WriteString(by)
		}
		p.text(a, least, want)
	}
}
