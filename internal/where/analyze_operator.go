package where

import pg "github.com/pganalyze/pg_query_go/v6"

// operator analyzes what the parser calls an A_Expr.
func (a *analyzer) operator(e *pg.A_Expr) (*node, error) {
	name := lastName(e.Name)
	switch e.Kind {
	case pg.A_Expr_Kind_AEXPR_OP, pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE:
		if e.Lexpr == nil {
			arg, err := a.expr(e.Rexpr)
			if err != nil {
				return nil, err
			}
			return a.operatorCall(name, asPrefix, []*node{arg}, e.Location)
		}
		if l, r := e.Lexpr.GetRowExpr(), e.Rexpr.GetRowExpr(); l != nil && r != nil {
			return a.rowComparison(name, l, r, e.Location)
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
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		return a.anyAll(e)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return a.nullIf(e)
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
	if rel, ok := comparisonNamed(name); ok {
		return a.compare(rel, l, r, loc)
	}
	flags, negated, ok := matching(name)
	if !ok {
		return a.operatorCall(name, asOperator, []*node{l, r}, loc)
	}
	i := choose(matchable(), []typ{l.typ, r.typ}, true)
	if i < 0 {
		return nil, a.errorf(loc, "Could not select an operator overload")
	}
	l, r, err := a.bothTo(matchable()[i], l, r)
	if err != nil {
		return nil, err
	}
	if flags&likeFold == 0 {
		err = a.checkCollations(loc, l, r)
	} else if c, conflict := a.lettersOf(loc, l, r); c {
		flags |= likeC
	} else {
		err = conflict
	}
	if err != nil {
		return nil, err
	}
	if r.op == opConst && flags&likeFold == 0 {
		flags |= shapeOf(r.val.b)
	}
	n, err := a.fold(&node{op: opLike, typ: typeBool, aux: flags, args: []*node{l, r}, loc: loc})
	if err == nil && negated {
		n = negation(n, loc)
	}
	return n, err
}

// operatorCall types an operator of the table of functions.
func (a *analyzer) operatorCall(name string, as spelling, args []*node, loc int32) (*node, error) {
	if !isOperator(name, as) {
		arity := "binary"
		if as == asPrefix {
			arity = "unary"
		}
		return nil, a.errorf(loc, "unknown %s operator %s", arity, quoteName(name))
	}
	all := functionsNamed(name, as, len(args))
	i := choose(all, typesOf(args), true)
	if i < 0 && name == "+" {
		i = dateAndLiteral(all, typesOf(args))
	}
	if i < 0 {
		return nil, a.errorf(loc, "Could not select an operator overload")
	}
	return a.callOf(all[i], args, loc)
}

func (a *analyzer) compare(rel relation, l, r *node, loc int32) (*node, error) {
	s, l, r, err := a.overload(l, r, loc)
	if err != nil {
		return nil, err
	}
	fam := s.fam
	if rel.ordered() && l.typ.id == tEnum {
		fam = famInt
		if l, err = a.rank(l, loc); err != nil {
			return nil, err
		}
		if r, err = a.rank(r, loc); err != nil {
			return nil, err
		}
	}
	if rel.ordered() {
		switch l.typ.id {
		case tEnum.array():
			return nil, a.errorf(loc, "arrays of %s have no order here", l.typ.elem())
		case tJSONB, tJSONB.array():
			if l.typ.id.isArray() || !orderedAlike(l, r) {
				return nil, a.errorf(loc, "the order of jsonb depends on the collation of the database when both sides may have strings")
			}
		}
	}
	return a.fold(&node{op: opCompare, typ: typeBool, fam: fam, rel: rel, args: []*node{l, r}, loc: loc})
}

// overload resolves a comparison and converts the operands to what it takes.
func (a *analyzer) overload(l, r *node, loc int32) (*comparison, *node, *node, error) {
	table := comparisons()
	i := choose(table.all, []typ{l.typ, r.typ}, true)
	if i < 0 {
		return nil, nil, nil, a.errorf(loc, "Could not select an operator overload")
	}
	s := &table.rows[i]
	l, r, err := a.bothTo(&s.function, l, r)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := a.checkCollations(loc, l, r); err != nil {
		return nil, nil, nil, err
	}
	if s.fam == famArray && l.domain != r.domain {
		return nil, nil, nil, a.errorf(loc, "an array of domains must be cast to an array of the type below it")
	}
	if l.typ.id == tJSON.array() {
		return nil, nil, nil, a.errorf(loc, "could not identify an equality operator for type json")
	}
	if s.liftLeft {
		l, err = a.lift(l)
	}
	if s.liftRight && err == nil {
		r, err = a.lift(r)
	}
	return s, l, r, err
}

// bothTo converts two operands to what f takes.
func (a *analyzer) bothTo(f *function, l, r *node) (left, right *node, err error) {
	slots, _, _ := f.unify([]typ{l.typ, r.typ})
	if left, err = a.convert(l, slots[0]); err != nil {
		return nil, nil, err
	}
	right, err = a.convert(r, slots[1])
	return left, right, err
}

// convert gives an untyped literal the type t, and applies the cast to t to anything else.
func (a *analyzer) convert(n *node, t typ) (*node, error) {
	switch {
	case n.typ.isUnknown():
		return a.settle(n, t)
	case n.typ == t:
		return n, nil
	}
	return a.cast(n, t, n.loc)
}

// lift is the conversion of a date that a comparison with timestamps asks for.
func (a *analyzer) lift(n *node) (*node, error) {
	lifted := &node{op: opCast, typ: typ{id: tTimestamp}, aux: castDateLift, args: []*node{n}, loc: n.loc}
	if n.op == opConst && beyondTimestamps(n.val.i) {
		return lifted, nil // no timestamp can be printed for it
	}
	return a.fold(lifted)
}

// distinct is IS DISTINCT FROM and its negation.
func (a *analyzer) distinct(e *pg.A_Expr) (n *node, err error) {
	if l, r := e.Lexpr.GetRowExpr(), e.Rexpr.GetRowExpr(); l != nil && r != nil {
		n, err = a.rowDistinct(l, r, e.Location)
	} else {
		n, err = a.distinctFrom(e.Lexpr, e.Rexpr, e.Location)
	}
	if err == nil && e.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT {
		n = negation(n, e.Location)
	}
	return n, err
}

// distinctFrom is a comparison in which NULL is a value. Against the word NULL it needs no operator.
func (a *analyzer) distinctFrom(left, right *pg.Node, loc int32) (*node, error) {
	null := func(n *pg.Node) bool { return n.GetAConst().GetIsnull() }
	if null(left) || null(right) {
		subject := left
		if null(left) {
			subject = right
		}
		n, err := a.nullTested(subject)
		if err != nil {
			return nil, err
		}
		if n.typ.id != tComposite {
			return testNull(n, isNotNull, loc), nil
		}
		return nil, a.errorf(loc, "Could not select an operator overload")
	}
	l, err := a.expr(left)
	if err != nil {
		return nil, err
	}
	r, err := a.expr(right)
	if err != nil {
		return nil, err
	}
	s, l, r, err := a.overload(l, r, loc)
	if err != nil {
		return nil, err
	}
	return a.fold(&node{op: opDistinct, typ: typeBool, fam: s.fam, args: []*node{l, r}, loc: loc})
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
	if l, r := e.Lexpr.GetRowExpr(), bound.GetRowExpr(); l != nil && r != nil {
		return a.rowComparison(rel.String(), l, r, e.Location)
	}
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
