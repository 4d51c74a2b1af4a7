package where

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// operator analyzes what the parser calls an A_Expr.
func (a *analyzer) operator(e *pg.A_Expr) (*node, error) {
	name := lastName(e.Name)
	switch e.Kind {
	case pg.A_Expr_Kind_AEXPR_OP, pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE:
		if e.Lexpr == nil {
			if _, err := a.expr(e.Rexpr); err != nil {
				return nil, err
			}
			return nil, a.errorf(e.Location, "unknown unary operator %s", quoteName(name))
		}
		l, r, err := a.operands(e)
		if err != nil {
			return nil, err
		}
		return a.binary(name, l, r, e.Location)
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return a.distinct(e)
	case pg.A_Expr_Kind_AEXPR_IN:
		return a.in(e)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return a.between(e)
	}
	return nil, a.errorf(e.Location, "expression %s of :%s is not currently supported", quoteName(name), e.Kind)
}

func (a *analyzer) operands(e *pg.A_Expr) (l, r *node, err error) {
	if e.Lexpr.GetRowExpr() != nil || e.Rexpr.GetRowExpr() != nil {
		return nil, nil, a.errorf(e.Location, "Could not select an operator overload")
	}
	if l, err = a.expr(e.Lexpr); err != nil {
		return nil, nil, err
	}
	r, err = a.expr(e.Rexpr)
	return l, r, err
}

// binary types an operator between two analyzed operands.
func (a *analyzer) binary(name string, l, r *node, loc int32) (*node, error) {
	if rel, ok := comparison(name); ok {
		return a.compare(rel, l, r, loc)
	}
	flags, negated, ok := matching(name)
	if !ok {
		return nil, a.errorf(loc, "unknown binary operator %s", quoteName(name))
	}
	byBytes := fromName(l) || fromName(r)
	_, l, r, err := a.overload(matchable(), l, r, loc)
	if err != nil {
		return nil, err
	}
	if r.op == opConst {
		if flags&likeFold == 0 {
			flags |= shapeOf(r.val.b)
		} else if flags = foldOf(r.val.b); byBytes {
			flags = likeFold
		} else if flags&likeRunes != 0 {
			if _, ok := foldRegexp(r.val.b); !ok {
				return nil, a.errorf(loc, "%v", errPatternEnd)
			}
		}
	}
	n, err := a.fold(&node{op: opLike, typ: typeBool, aux: flags, args: []*node{l, r}, loc: loc})
	if err == nil && negated {
		n = negation(n, loc)
	}
	return n, err
}

// fromName reports whether n is a name or cast from one. Names have the C collation and hand it on.
func fromName(n *node) bool {
	for n.op == opCast && n.typ.id.info().category == catString {
		if n.typ.id == tName {
			return true
		}
		n = n.args[0]
	}
	return n.typ.id == tName
}

func (a *analyzer) compare(rel relation, l, r *node, loc int32) (*node, error) {
	s, l, r, err := a.overload(comparable(rel), l, r, loc)
	if err != nil {
		return nil, err
	}
	return a.fold(&node{op: opCompare, typ: typeBool, fam: s.fam, rel: rel, args: []*node{l, r}, loc: loc})
}

// overload resolves an operator and converts the operands to what it takes.
func (a *analyzer) overload(all []signature, l, r *node, loc int32) (signature, *node, *node, error) {
	s, ok := resolve(all, l.typ, r.typ)
	if !ok {
		return s, nil, nil, a.errorf(loc, "Could not select an operator overload")
	}
	left, right := typ{id: s.left}, typ{id: s.right}
	if s.left == tEnum {
		left = l.typ
		if left.isUnknown() {
			left = r.typ
		}
		right = left
	}
	l, err := a.convert(l, left, s.liftLeft)
	if err != nil {
		return s, nil, nil, err
	}
	r, err = a.convert(r, right, s.liftRight)
	return s, l, r, err
}

// convert applies the implicit cast to t, or the lift that a comparison with timestamps asks for.
func (a *analyzer) convert(n *node, t typ, lift bool) (*node, error) {
	var err error
	if n.typ.isUnknown() {
		if n, err = a.settle(n, t); err != nil {
			return nil, err
		}
	}
	if lift {
		lifted := &node{op: opCast, typ: typ{id: tTimestamp}, aux: castDateLift, args: []*node{n}, loc: n.loc}
		if n.op == opConst && n.val.i > endTimestamp/usPerDay && finiteMoment(n.val.i) {
			return lifted, nil // no timestamp can be printed for it
		}
		return a.fold(lifted)
	}
	if n.typ == t {
		return n, nil
	}
	return a.cast(n, t, n.loc)
}

// distinct is a comparison in which NULL is a value. Against the word NULL it needs no operator.
func (a *analyzer) distinct(e *pg.A_Expr) (*node, error) {
	l, r, err := a.operands(e)
	if err != nil {
		return nil, err
	}
	not := e.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT
	test := isNotNull
	if not {
		test = isNull
	}
	switch {
	case r.op == opNull && r.typ.isUnknown() && l.typ.id != tComposite:
		return testNull(l, test, e.Location), nil
	case l.op == opNull && l.typ.isUnknown() && r.typ.id != tComposite:
		return testNull(r, test, e.Location), nil
	}
	s, l, r, err := a.overload(comparable(relEQ), l, r, e.Location)
	if err != nil {
		return nil, err
	}
	n, err := a.fold(&node{op: opDistinct, typ: typeBool, fam: s.fam, args: []*node{l, r}, loc: e.Location})
	if err == nil && not {
		n = negation(n, e.Location)
	}
	return n, err
}

// between expands to comparisons, each of which is typed for itself.
func (a *analyzer) between(e *pg.A_Expr) (*node, error) {
	bounds := e.Rexpr.GetList().GetItems()
	if len(bounds) != 2 {
		return nil, a.errorf(e.Location, "malformed BETWEEN")
	}
	inside := func(low, high *pg.Node) (*node, error) {
		lower, err := a.bound(e, relGE, low)
		if err != nil {
			return nil, err
		}
		upper, err := a.bound(e, relLE, high)
		if err != nil {
			return nil, err
		}
		return conjunction(opAnd, []*node{lower, upper}, e.Location), nil
	}
	n, err := inside(bounds[0], bounds[1])
	if err != nil {
		return nil, err
	}
	if e.Kind == pg.A_Expr_Kind_AEXPR_BETWEEN_SYM || e.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM {
		m, err := inside(bounds[1], bounds[0])
		if err != nil {
			return nil, err
		}
		n = conjunction(opOr, []*node{n, m}, e.Location)
	}
	if e.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN || e.Kind == pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM {
		n = negation(n, e.Location)
	}
	return n, nil
}

func (a *analyzer) bound(e *pg.A_Expr, rel relation, bound *pg.Node) (*node, error) {
	l, err := a.expr(e.Lexpr)
	if err != nil {
		return nil, err
	}
	r, err := a.expr(bound)
	if err != nil {
		return nil, err
	}
	return a.compare(rel, l, r, e.Location)
}

// in analyzes x IN (list). As in Postgres, two or more items without columns are brought to a common type with x first; the
// others are compared one by one.
func (a *analyzer) in(e *pg.A_Expr) (*node, error) {
	if e.Lexpr.GetRowExpr() != nil {
		return nil, a.errorf(e.Location, "Could not select an operator overload")
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
	if ok && len(constants) > 1 {
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
	n := conjunction(opOr, alternatives, e.Location)
	if lastName(e.Name) == "<>" {
		n = negation(n, e.Location)
	}
	return n, nil
}

func (a *analyzer) inConstants(x *node, items []*node, common typ, loc int32) (*node, error) {
	for i, n := range items {
		n, err := a.convert(n, common, false)
		if err != nil {
			return nil, err
		}
		items[i] = n
	}
	// The operator takes the common type on its right.
	s, x, _, err := a.overload(comparable(relEQ), x, &node{op: opNull, typ: common, loc: loc}, loc)
	if err != nil {
		return nil, err
	}
	in := &node{op: opIn, typ: typeBool, fam: s.fam, args: []*node{x}, loc: loc}
	for _, n := range items {
		right := typ{id: s.right}
		if s.right == tEnum {
			right = common
		} else if id, ctx := castBetween(s.right, x.typ.id); id == castRelabel && ctx == castImplicit {
			right = x.typ // the same values, and one text for what is one condition
		}
		n, err := a.convert(n, right, s.liftRight)
		if err != nil {
			return nil, err
		}
		if n.op == opNull {
			in.aux = 1
		} else {
			in.args = append(in.args, n)
		}
	}
	list := in.args[1:]
	slices.SortStableFunc(list, func(l, r *node) int { return s.fam.compare(&l.val, &r.val) })
	list = slices.CompactFunc(list, func(l, r *node) bool { return s.fam.compare(&l.val, &r.val) == 0 })
	in.args = in.args[:1+len(list)]
	switch {
	case len(list) == 0:
		return constant(typeBool, value{null: true}, loc), nil
	case len(list) == 1 && in.aux == 0:
		in.op, in.rel = opCompare, relEQ
	}
	return a.fold(in)
}
