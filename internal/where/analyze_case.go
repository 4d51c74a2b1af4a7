package where

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// caseExpr analyzes both forms of CASE. The form with an operand compares it in every condition.
func (a *analyzer) caseExpr(e *pg.CaseExpr) (*node, error) {
	conditions := make([]*node, 0, len(e.Args))
	results := make([]*node, 0, len(e.Args)+1)
	for _, x := range e.Args {
		when := x.GetCaseWhen()
		condition, err := a.when(e, when)
		if err != nil {
			return nil, err
		}
		result, err := a.expr(when.GetResult())
		if err != nil {
			return nil, err
		}
		conditions, results = append(conditions, condition), append(results, result)
	}
	otherwise := &node{op: opNull, loc: e.Location}
	if e.Defresult != nil {
		var err error
		if otherwise, err = a.expr(e.Defresult); err != nil {
			return nil, err
		}
	}
	// Postgres unites the types beginning with the last result.
	all := append([]*node{otherwise}, results...)
	if err := a.unite(all, "CASE", e.Location); err != nil {
		return nil, err
	}
	return caseOf(conditions, all[1:], all[0], e.Location), nil
}

// when is a condition of a CASE.
func (a *analyzer) when(e *pg.CaseExpr, w *pg.CaseWhen) (*node, error) {
	condition, err := a.expr(w.GetExpr())
	if err != nil {
		return nil, err
	}
	if e.Arg == nil {
		return a.boolArg(condition)
	}
	operand, err := a.expr(e.Arg)
	if err != nil {
		return nil, err
	}
	if operand.typ.isUnknown() {
		if operand, err = a.settle(operand, typ{id: tText}); err != nil {
			return nil, err
		}
	}
	return a.compare(relEQ, operand, condition, w.Location)
}

// caseOf drops what can never be the result.
func caseOf(conditions, results []*node, otherwise *node, loc int32) *node {
	all := append(slices.Clone(results), otherwise)
	n := &node{op: opCase, typ: otherwise.typ, domain: otherwise.domain && allDomains(results), loc: loc}
	for i, c := range conditions {
		if c.isBool(true) {
			otherwise = results[i]
			break
		}
		if c.op != opNull && !c.isBool(false) {
			n.args = append(n.args, c, results[i])
		}
	}
	if len(n.args) == 0 {
		return otherwise.collatedAs(all)
	}
	n.args = append(n.args, otherwise)
	return n.collatedAs(all)
}

// nullIf is its first argument unless that equals the second.
func (a *analyzer) nullIf(e *pg.A_Expr) (*node, error) {
	l, r, err := a.operands(e)
	if err != nil {
		return nil, err
	}
	i := choose(comparisons().all, []typ{l.typ, r.typ}, true)
	if i < 0 {
		return nil, a.errorf(e.Location, "Could not select an operator overload")
	}
	if l, r, err = a.bothTo(comparisons().all[i], l, r); err != nil {
		return nil, err
	}
	equal, err := a.compare(relEQ, l.copied(), r, e.Location)
	if err != nil {
		return nil, err
	}
	null := constant(l.typ, value{null: true}, e.Location)
	null.domain = l.domain
	if err := a.checkCollations(e.Location, l, null); err != nil {
		return nil, err // a NULL of names has a collation, which that of a column can contradict
	}
	// Its collation is that of the comparison.
	return caseOf([]*node{equal}, []*node{null}, l, e.Location).collatedAs([]*node{l, r}), nil
}

// minMax analyzes GREATEST and LEAST.
func (a *analyzer) minMax(e *pg.MinMaxExpr) (*node, error) {
	kind, name := greatest, "GREATEST"
	if e.Op == pg.MinMaxOp_IS_LEAST {
		kind, name = least, "LEAST"
	}
	args, err := a.commonArgs(e.Args, name, e.Location)
	if err != nil {
		return nil, err
	}
	t := args[0].typ
	fam, ok := orderOf(t)
	if !ok || t.id.elem() == tEnum || t.id.elem() == tJSONB {
		return nil, a.errorf(e.Location, "values of type %s have no order here", t)
	}
	return a.fold(&node{op: opMinMax, typ: t, fam: fam, aux: kind, args: args, domain: allDomains(args), loc: e.Location})
}
