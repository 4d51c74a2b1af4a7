package where

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// rowComparison compares two rows field by field: as Postgres has it, an ordered comparison is decided by the first fields that
// differ.
func (a *analyzer) rowComparison(name string, l, r *pg.RowExpr, loc int32) (*node, error) {
	rel, ok := comparisonNamed(name)
	if !ok {
		return nil, a.errorf(loc, "Could not select an operator overload")
	}
	fields, err := a.rowPairs(l, r, loc)
	if err != nil {
		return nil, err
	}
	return a.compareFields(rel, fields, loc)
}

// pair are the fields of two rows that stand at the same place.
type pair struct{ l, r *pg.Node }

func (a *analyzer) rowPairs(l, r *pg.RowExpr, loc int32) ([]pair, error) {
	switch {
	case len(l.Args) != len(r.Args):
		return nil, a.errorf(loc, "unequal number of entries in row expressions")
	case len(l.Args) == 0:
		return nil, a.errorf(loc, "cannot compare rows of zero length")
	}
	pairs := make([]pair, len(l.Args))
	for i := range l.Args {
		pairs[i] = pair{l.Args[i], r.Args[i]}
	}
	return pairs, nil
}

func (a *analyzer) compareFields(rel relation, fields []pair, loc int32) (*node, error) {
	switch rel {
	case relEQ, relNE:
		parts := make([]*node, len(fields))
		for i, f := range fields {
			var err error
			if parts[i], err = a.compareField(rel, f, loc); err != nil {
				return nil, err
			}
		}
		if rel == relEQ {
			return conjunction(opAnd, parts, loc), nil
		}
		return conjunction(opOr, parts, loc), nil
	}
	if len(fields) == 1 {
		return a.compareField(rel, fields[0], loc)
	}
	// The first fields decide, or are equal and leave it to the others.
	decides := rel
	switch rel {
	case relLE:
		decides = relLT
	case relGE:
		decides = relGT
	}
	first, err := a.compareField(decides, fields[0], loc)
	if err != nil {
		return nil, err
	}
	equal, err := a.compareField(relEQ, fields[0], loc)
	if err != nil {
		return nil, err
	}
	others, err := a.compareFields(rel, fields[1:], loc)
	if err != nil {
		return nil, err
	}
	if !others.plain() {
		// When the first fields decide, or one of them is NULL, the others are not evaluated and cannot fail.
		return caseOf([]*node{equal}, []*node{others}, first, loc), nil
	}
	return conjunction(opOr, []*node{first, conjunction(opAnd, []*node{equal, others}, loc)}, loc), nil
}

// checkField refuses rows inside of rows: Postgres compares them as values, for which NULL equals NULL and types must be the same.
func (a *analyzer) checkField(f pair, loc int32) error {
	if f.l.GetRowExpr() != nil || f.r.GetRowExpr() != nil {
		return a.errorf(loc, "rows inside of rows are not compared")
	}
	return nil
}

func (a *analyzer) compareField(rel relation, f pair, loc int32) (*node, error) {
	if err := a.checkField(f, loc); err != nil {
		return nil, err
	}
	l, err := a.expr(f.l)
	if err != nil {
		return nil, err
	}
	r, err := a.expr(f.r)
	if err != nil {
		return nil, err
	}
	return a.compare(rel, l, r, loc)
}

// rowDistinct is IS DISTINCT FROM between rows: some fields are.
func (a *analyzer) rowDistinct(l, r *pg.RowExpr, loc int32) (*node, error) {
	fields, err := a.rowPairs(l, r, loc)
	if err != nil {
		return nil, err
	}
	parts := make([]*node, len(fields))
	for i, f := range fields {
		if err := a.checkField(f, loc); err != nil {
			return nil, err
		}
		if parts[i], err = a.distinctFrom(f.l, f.r, loc); err != nil {
			return nil, err
		}
	}
	return conjunction(opOr, parts, loc), nil
}

// rowNullTest is true when every field passes the test. A row inside of a row is a value, and never NULL.
func (a *analyzer) rowNullTest(row *pg.RowExpr, test nullTest, loc int32) (*node, error) {
	parts := []*node{boolConst(true, loc)}
	for _, f := range row.Args {
		if inner := f.GetRowExpr(); inner != nil {
			if _, err := a.rowNullTest(inner, test, loc); err != nil {
				return nil, err
			}
			parts = append(parts, boolConst(test == isNotNull, loc))
			continue
		}
		n, err := a.nullTested(f)
		if err != nil {
			return nil, err
		}
		if n.typ.id == tComposite {
			return nil, a.errorf(n.loc, "composite values inside of rows are not supported")
		}
		parts = append(parts, testNull(n, test, loc))
	}
	return conjunction(opAnd, parts, loc), nil
}

// rowIn compares a row with each of a list.
func (a *analyzer) rowIn(e *pg.A_Expr, row *pg.RowExpr) (*node, error) {
	var alternatives []*node
	for _, item := range e.Rexpr.GetList().GetItems() {
		other := item.GetRowExpr()
		if other == nil {
			return nil, a.errorf(e.Location, "Could not select an operator overload")
		}
		n, err := a.rowComparison("=", row, other, e.Location)
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, n)
	}
	return listed(e, alternatives), nil
}

// plain reports whether n is made of comparisons of columns and constants, which cannot fail.
func (n *node) plain() bool {
	switch n.op {
	case opConst, opNull, opColumn:
		return true
	case opAnd, opOr, opCompare:
		return !slices.ContainsFunc(n.args, func(a *node) bool { return !a.plain() })
	}
	return false
}
