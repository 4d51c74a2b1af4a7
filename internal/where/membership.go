package where

import (
	"encoding/binary"
	"slices"
)

// subquery is one that the tree has.
type subquery struct {
	tableName
	columns []typedColumn // of the select list, in its order
	where   string        // the encoding of its clause, "" for none
}

func (s *subquery) append(b []byte) []byte {
	b = appendText(appendText(b, s.schema), s.name)
	b = binary.AppendUvarint(b, uint64(len(s.columns)))
	for _, c := range s.columns {
		b = append(appendText(b, c.name), byte(c.typ.id))
		if c.typ.id.named() {
			b = appendText(b, c.typ.name)
		}
	}
	return appendText(b, s.where)
}

// subqueries reads those of a clause, each with its own clause.
func (d *decoder) subqueries(depth int) bool {
	count := d.count()
	for range count {
		s, ok := d.subquery()
		if !ok {
			return false
		}
		if s.where != "" {
			if _, err := decodeWithin(s.where, depth-1); err != nil {
				return false
			}
		}
		d.subs = append(d.subs, s)
	}
	return d.i >= 0
}

func (d *decoder) subquery() (s subquery, ok bool) {
	s.schema, s.name = d.text(), d.text()
	count := d.count()
	for range count {
		c := typedColumn{name: d.text(), typ: typ{id: typeID(d.byte())}}
		if c.typ.id.named() {
			c.typ.name = d.text()
		}
		if _, ok := membershipOf(c.typ); !ok || d.i < 0 {
			return s, false
		}
		s.columns = append(s.columns, c)
	}
	s.where = d.text()
	return s, count > 0 && d.i >= 0
}

func (d *decoder) member(n *node, depth int) *node {
	number := d.uvarint()
	if d.i < 0 || number >= uint64(len(d.subs)) {
		return nil
	}
	n.col = int(number)
	columns := d.subs[n.col].columns
	return n.orNil(d.args(n, len(columns), depth) && slices.EqualFunc(n.args, columns, func(arg *node, c typedColumn) bool {
		return arg.relabelledColumn() && arg.typ == c.typ
	}))
}

// sound reports whether a tree with subqueries is one that could have been compiled: memberships stand where they may, and their
// subqueries are numbered by them.
func (t *typedTree) sound() bool {
	next := 0
	return t.root.placed(&next) && next == len(t.subqueries) && t.checkMemberships() == nil
}

// placed checks that memberships stand under nothing but AND, OR and NOT, and that theirs are the numbers of subqueries from next on.
func (n *node) placed(next *int) bool {
	switch n.op {
	case opAnd, opOr, opNot:
		return !slices.ContainsFunc(n.args, func(a *node) bool { return !a.placed(next) })
	case opMember:
		if n.col > *next {
			return false
		}
		*next = max(*next, n.col+1)
		return true
	}
	return !n.hasMember()
}

func (n *node) hasMember() bool {
	return n.op == opMember || slices.ContainsFunc(n.args, (*node).hasMember)
}

// numbered drops the subqueries that folding has made unused and numbers the others by their first occurrence.
func numbered(all []subquery, root *node) []subquery {
	if len(all) == 0 {
		return nil
	}
	kept, moved := make([]subquery, 0, len(all)), make([]int, len(all))
	walk(root, func(n *node) {
		if n.op != opMember {
			return
		}
		if moved[n.col] == 0 {
			kept = append(kept, all[n.col])
			moved[n.col] = len(kept)
		}
		n.col = moved[n.col] - 1
	})
	return kept
}

// member prints a test of membership.
func (p *printer) member(n *node, not string) {
	if len(n.args) == 1 {
		p.print(n.args[0], bindCast)
	} else {
		p.WriteByte('(')
		p.join(n.args, ", ", bindOr)
		p.WriteByte(')')
	}
	p.WriteString(" " + not + "IN (")
	p.selection(&p.subs[n.col])
	p.WriteByte(')')
}

// selection prints a subquery.
func (p *printer) selection(s *subquery) {
	p.WriteString("SELECT ")
	for i, c := range s.columns {
		if i > 0 {
			p.WriteString(", ")
		}
		p.WriteString(quoteName(c.name))
	}
	p.WriteString(" FROM " + quoteName(s.schema) + "." + quoteName(s.name))
	if s.where != "" {
		p.WriteString(" WHERE " + (&Clause{code: s.where}).SQL())
	}
}
