package where

import "strings"

// Binding strengths of what is printed, weakest first. What stands next to an operator is put in parentheses unless it binds
// as strongly as a cast, which is plainer than SQL's own table and never wrong.
const (
	bindOr = iota
	bindAnd
	bindNot
	bindOperator
	bindCast
	bindAtom
)

// printSQL prints the canonical text. Every cast and the type of every constant is spelled out, so that Postgres can only
// resolve the operators that the tree has. Comparisons of texts by order say COLLATE "C": a database's own collation is not
// known here, and the snapshot and the live stream must put a row on the same side.
func printSQL(t *typedTree) string {
	p := printer{cols: t.columns, subs: t.subqueries}
	p.print(t.root, bindOr)
	return p.String()
}

type printer struct {
	strings.Builder
	cols []typedColumn
	subs []subquery
}

// print writes n, in parentheses if it binds weaker than least.
func (p *printer) print(n *node, least int) {
	if n.op == opCast && n.aux == castDateLift || n.op == opRank {
		p.print(n.args[0], least)
		return
	}
	wrap := binding(n) < least
	if wrap {
		p.WriteByte('(')
	}
	p.bare(n)
	if wrap {
		p.WriteByte(')')
	}
}

func binding(n *node) int {
	switch n.op {
	case opOr:
		return bindOr
	case opAnd:
		return bindAnd
	case opNot:
		if negatable(n.args[0]) {
			return bindOperator
		}
		return bindNot
	case opColumn:
		return bindCast
	case opConst, opNull, opCoalesce, opMinMax, opCase, opArray, opIndex, opSlice:
		return bindAtom
	case opCall:
		if n.call.as == asFunction {
			return bindAtom
		}
		return bindOperator
	case opCast:
		return bindCast
	}
	return bindOperator
}

// negatable reports whether NOT is part of the operator that stands for n.
func negatable(n *node) bool {
	return n.op == opLike || n.op == opIn || n.op == opDistinct || n.op == opMember
}

func (p *printer) bare(n *node) {
	switch n.op {
	case opConst, opNull:
		p.WriteString(literal(n))
	case opColumn:
		c := &p.cols[n.col]
		p.WriteString(quoteName(c.name))
		if name, ok := c.typ.sql(); ok && c.domain {
			p.WriteString("::" + name) // what is made of a domain has other types than what is made of the type below it
		}
	case opAnd:
		p.join(n.args, " AND ", bindNot)
	case opOr:
		p.join(n.args, " OR ", bindAnd)
	case opNot:
		if negatable(n.args[0]) {
			p.operator(n.args[0], "NOT ")
			return
		}
		p.WriteString("NOT ")
		p.print(n.args[0], bindOperator)
	case opCast:
		p.print(n.args[0], bindCast)
		p.WriteString("::")
		if n.aux == castLimitChars || n.aux == castTypmod {
			p.WriteString(n.typ.id.withTypmod(n.col))
			return
		}
		p.WriteString(n.typ.String())
	case opCall:
		p.call(n)
	case opCoalesce:
		p.WriteString("COALESCE(")
		p.texts(n.args, ", ", bindOr, meeting(collationNone, n.args))
		p.WriteByte(')')
	case opMinMax:
		p.minMax(n)
	case opCase:
		p.caseOf(n)
	case opArray:
		p.array(n)
	case opIndex, opSlice:
		p.subscript(n)
	case opAny:
		p.any(n)
	case opIsNull:
		p.print(n.args[0], bindCast)
		p.WriteString([...]string{" IS NULL", " IS NOT NULL"}[n.aux])
	case opIsTruth:
		p.print(n.args[0], bindCast)
		p.WriteString([...]string{" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE", " IS UNKNOWN", " IS NOT UNKNOWN"}[n.aux])
	default:
		p.operator(n, "")
	}
}

func (p *printer) operator(n *node, not string) {
	if n.op == opMember {
		p.member(n, not)
		return
	}
	forced := n.forced()
	want := meeting(forced, n.args)
	p.first(n.args[0], bindCast, forced, want)
	switch n.op {
	case opCompare:
		p.WriteString(" " + n.rel.String() + " ")
	case opDistinct:
		p.WriteString(" IS " + not + "DISTINCT FROM ")
	case opLike:
		p.WriteString(" " + not + likeWord(n) + " ")
	case opIn:
		p.WriteString(" " + not + "IN (")
		p.texts(n.args[1:], ", ", bindCast, want)
		if n.aux == 1 {
			p.WriteString(", NULL")
		}
		p.WriteByte(')')
		return
	}
	p.text(n.args[1], bindCast, want)
}

func likeWord(n *node) string {
	if n.aux&likeFold != 0 {
		return "ILIKE"
	}
	return "LIKE"
}

// call prints a function so that Postgres finds the same one, and gives it the letters that the evaluation has.
func (p *printer) call(n *node) {
	forced := n.forced()
	want := meeting(forced, n.args)
	switch n.call.as {
	case asPrefix:
		p.WriteString(n.call.name + " ")
		p.print(n.args[0], bindCast)
		return
	case asOperator:
		p.text(n.args[0], bindCast, want)
		p.WriteString(" " + n.call.name + " ")
		p.text(n.args[1], bindCast, want)
		return
	}
	p.WriteString("pg_catalog." + quoteName(n.call.name) + "(")
	for i, a := range n.args {
		if i > 0 {
			p.WriteString(", ")
		}
		p.first(a, bindOr, forced, want)
	}
	p.WriteByte(')')
}

func (p *printer) join(args []*node, by string, least int) {
	for i, a := range args {
		if i > 0 {
			p.WriteString(by)
		}
		p.print(a, least)
	}
}

// literal prints a constant so that Postgres gives it the type it has here.
func literal(n *node) string {
	if n.op == opNull {
		if name, ok := n.typ.sql(); ok {
			return "NULL::" + name
		}
		return "NULL"
	}
	text := string(outputText(n.typ.id, &n.val))
	switch n.typ.id {
	case tBool:
		return text
	case tEnum, tEnum.array():
		if name, ok := n.typ.sql(); ok {
			return quoteText(text) + "::" + name
		}
		return quoteText(text)
	case tInt4:
		if n.val.i >= 0 {
			return text
		}
	case tInt8:
		if n.val.i >= 0 && checkInt(n.val.i, tInt4) != nil {
			return text
		}
	case tNumeric:
		if text[0] >= '0' && text[0] <= '9' && strings.Contains(text, ".") {
			return text
		}
	}
	return quoteText(text) + "::" + n.typ.String()
}

func outputText(id typeID, v *value) []byte { return output(nil, id, v) }

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteText prints a string that means the same whatever standard_conforming_strings is.
func quoteText(text string) string {
	quoted := `'` + strings.ReplaceAll(text, `'`, `''`) + `'`
	if strings.Contains(quoted, `\`) {
		return `E` + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
