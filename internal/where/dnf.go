package where

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
func (n *node) superset(negated bool) *node { return n.widened(negated, false) }

// widened takes memberships for true. Those that are not negated it may keep.
func (n *node) widened(negated, keep bool) *node {
	switch {
	case n.op == opMember && keep && !negated:
		return n
	case n.op == opMember:
		return boolConst(true, n.loc)
	case n.op == opNot:
		return n.args[0].widened(!negated, keep)
	case (n.op == opAnd || n.op == opOr) && n.hasMember():
		args := make([]*node, len(n.args))
		for i, a := range n.args {
			args[i] = a.widened(negated, keep)
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
		column := arg.column()
		m, _ := membershipOf(column.typ)
		print := printer{cols: t.columns}
		print.print(arg, bindCast)
		p.Columns = append(p.Columns, t.columns[column.col].name)
		p.LHS = append(p.LHS, print.String())
		p.Canon = append(p.Canon, m.Canon)
	}
	return p
}

// column is the one that a relabelled column is.
func (n *node) column() *node {
	for n.op != opColumn {
		n = n.args[0]
	}
	return n
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
