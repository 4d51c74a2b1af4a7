package where

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// in analyzes x IN (list). As in Postgres, two or more items without columns are brought to a common type with x first; the
// others are compared one by one.
func (a *analyzer) in(e *pg.A_Expr) (*node, error) {
	if row := e.Lexpr.GetRowExpr(); row != nil {
		return a.rowIn(e, row)
	}
	x, err := a.expr(e.Lexpr)
	if err != nil {
		return nil, err
	}
	var all, constants, others []*node
	types := []typ{x.typ}
	for _, item := range e.Rexpr.GetList().GetItems() {
		if item.GetRowExpr() != nil {
			return nil, a.errorf(e.Location, "Could not select an operator overload")
		}
		n, err := a.expr(item)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
		if n.isConst() {
			constants, types = append(constants, n), append(types, n.typ)
		} else {
			others = append(others, n)
		}
	}
	var alternatives []*node
	common, ok := commonType(types)
	if ok && len(constants) > 1 && !(common.id.isArray() && differ(types)) {
		n, err := a.inConstants(x, constants, common, e.Location)
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, n)
	} else {
		others = all
	}
	for i, r := range others {
		if i+len(alternatives) > 0 {
			// Each comparison converts its own copy of x.
			if x, err = a.expr(e.Lexpr); err != nil {
				return nil, err
			}
		}
		n, err := a.compare(relEQ, x, r, e.Location)
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, n)
	}
	return listed(e, alternatives), nil
}

// listed joins the comparisons with the items of a list as IN or NOT IN does.
func listed(e *pg.A_Expr, alternatives []*node) *node {
	n := conjunction(opOr, alternatives, e.Location)
	if lastName(e.Name) == "<>" {
		n = negation(n, e.Location)
	}
	return n
}

// differ reports whether the first of types is untyped, or another is neither untyped nor the same. Postgres has no arrays of arrays, and so
// it compares lists of arrays one by one.
func differ(types []typ) bool {
	return types[0].isUnknown() || slices.ContainsFunc(types, func(t typ) bool { return !t.isUnknown() && t != types[0] })
}

func (a *analyzer) inConstants(x *node, items []*node, common typ, loc int32) (*node, error) {
	for i, n := range items {
		n, err := a.convert(n, common)
		if err != nil {
			return nil, err
		}
		items[i] = n
	}
	// The operator takes the common type on its right.
	s, x, right, err := a.overload(x, &node{op: opNull, typ: common, loc: loc}, loc)
	if err != nil {
		return nil, err
	}
	to := right.typ
	if s.liftRight {
		to = typ{id: tDate}
	} else if id, ctx := castBetween(to.id, x.typ.id); id == castRelabel && ctx == castImplicit {
		to = x.typ // the same values, and one text for what is one condition
	}
	in := &node{op: opIn, typ: typeBool, fam: s.fam, args: []*node{x}, loc: loc}
	for _, n := range items {
		n, err := a.convert(n, to)
		if err == nil && s.liftRight {
			n, err = a.lift(n)
		}
		if err != nil {
			return nil, err
		}
		if n.op == opNull {
			in.aux = 1
		} else {
			in.args = append(in.args, n)
		}
	}
	if len(in.args) == 1 {
		return constant(typeBool, value{null: true}, loc), nil
	}
	in.sortList()
	if len(in.args) == 2 && in.aux == 0 {
		in.op, in.rel = opCompare, relEQ
	}
	return a.fold(in)
}
