package where

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"leyden/internal/where/array"
)

// anyAll analyzes x op ANY (array) and x op ALL (array).
func (a *analyzer) anyAll(e *pg.A_Expr) (*node, error) {
	test, word := testAny, "ANY"
	if e.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL {
		test, word = testAll, "ALL"
	}
	l, r, err := a.operands(e)
	if err != nil {
		return nil, err
	}
	element := typ{}
	switch {
	case r.typ.id.isArray():
		element = r.typ.elem()
	case !r.typ.isUnknown():
		return nil, a.errorf(e.Location, "argument of %s must be an array", word)
	}
	name := lastName(e.Name)
	left, right, err := a.slotsOf(name, l.typ, element, e.Location)
	if err != nil {
		return nil, err
	}
	if right.id.isArray() || right.id.opaque() {
		return nil, a.errorf(e.Location, "Could not select an operator overload")
	}
	if l, err = a.convert(l, left); err != nil {
		return nil, err
	}
	if r, err = a.convert(r, right.array()); err != nil {
		return nil, err
	}
	body, err := a.binary(name, &node{op: opOperand, typ: left, of: l, loc: l.loc}, &node{op: opElement, typ: right, of: r, loc: r.loc}, e.Location)
	if err != nil {
		return nil, err
	}
	if body.typ.id != tBool {
		return nil, a.errorf(e.Location, "ANY/ALL requires operator that returns bool")
	}
	if err := a.checkCollations(e.Location, l, r); err != nil {
		return nil, err
	}
	if in := a.anyOfConstants(body, test, l, r, e.Location); in != nil {
		n, err := a.fold(in)
		if err == nil && test == testAll {
			n = negation(n, e.Location)
		}
		return n, err
	}
	return a.fold(&node{op: opAny, typ: typeBool, aux: test, args: []*node{l, r, body}, loc: e.Location})
}

// slotsOf are the types that an operator converts its operands to.
func (a *analyzer) slotsOf(name string, l, r typ, loc int32) (left, right typ, err error) {
	all := functionsNamed(name, asOperator, 2)
	if _, ok := comparisonNamed(name); ok {
		all = comparisons().all
	} else if _, _, ok := matching(name); ok {
		all = matchable()
	} else if len(all) == 0 {
		return typ{}, typ{}, a.errorf(loc, "unknown binary operator %s", quoteName(name))
	}
	i := choose(all, []typ{l, r}, true)
	if i < 0 {
		return typ{}, typ{}, a.errorf(loc, "Could not select an operator overload")
	}
	slots, _, _ := all[i].unify([]typ{l, r})
	return slots[0], slots[1], nil
}

// anyOfConstants is = ANY of a constant array, or what <> ALL negates, as a list, which is searched and routed as IN is; nil for
// others.
func (a *analyzer) anyOfConstants(body *node, test anyTest, l, r *node, loc int32) *node {
	if r.op != opConst || body.op != opCompare || body.args[0].op != opOperand || body.args[1].op != opElement ||
		!(test == testAny && body.rel == relEQ || test == testAll && body.rel == relNE) {
		return nil
	}
	element := r.typ.elem()
	// A list has one type, which its left side is converted to: integers take that of the left side, others stay an array.
	item := l.typ
	if item != element && !(isInteger(item.id) && isInteger(element.id)) {
		return nil
	}
	in := &node{op: opIn, typ: typeBool, fam: body.fam, args: []*node{l}, loc: loc}
	for w := array.Value(r.val.b).Walk(); ; {
		b, null, ok := w.Next()
		if !ok {
			break
		}
		if null {
			in.aux = 1
			continue
		}
		v := value{}
		if !readElement(element.id, b, &v) {
			return nil
		}
		if isInteger(item.id) && checkInt(v.i, item.id) != nil {
			return nil
		}
		in.args = append(in.args, constant(item, v, loc))
	}
	if len(in.args) == 1 {
		return nil
	}
	in.sortList()
	if len(in.args) == 2 && in.aux == 0 {
		in.op, in.rel = opCompare, relEQ
	}
	return in
}

// sortList orders the constants of an opIn node and drops those that are there twice.
func (n *node) sortList() {
	list := n.args[1:]
	id := list[0].typ.id
	slices.SortStableFunc(list, func(l, r *node) int { return n.fam.compareAs(id, &l.val, &r.val) })
	list = slices.CompactFunc(list, func(l, r *node) bool { return n.fam.compareAs(id, &l.val, &r.val) == 0 })
	n.args = n.args[:1+len(list)]
}
