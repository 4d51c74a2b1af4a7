package where

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// The one place of a subquery is the right side of IN, and the one place of that is under nothing but AND, OR and NOT: a change of
// what the subquery yields is then a change of known conditions of known rows.

// logical analyzes what stands under nothing but AND, OR and NOT.
func (a *analyzer) logical(n *pg.Node) (*node, error) {
	switch e := n.GetNode().(type) {
	case *pg.Node_BoolExpr:
		defer a.leave()
		if err := a.enter(); err != nil {
			return nil, err
		}
		return a.boolean(e.BoolExpr, a.logical)
	case *pg.Node_SubLink:
		defer a.leave()
		if err := a.enter(); err != nil {
			return nil, err
		}
		return a.membership(e.SubLink)
	}
	return a.expr(n)
}

// misplaced refuses a subquery that stands anywhere else, or is of another kind.
func (a *analyzer) misplaced(e *pg.SubLink) error {
	switch {
	case !isMembership(e):
		return a.subqueryErrorf(e.Location, "only `value IN (SELECT ...)` sublinks are supported right now")
	case a.catalog == nil:
		return a.subqueryErrorf(e.Location, "SubLink is not supported in this context")
	}
	return a.subqueryErrorf(e.Location, "`value IN (SELECT ...)` can only be combined by AND, OR and NOT")
}

func isMembership(e *pg.SubLink) bool {
	return e.SubLinkType == pg.SubLinkType_ANY_SUBLINK && len(e.OperName) == 0
}

func (a *analyzer) subqueryErrorf(loc int32, format string, args ...any) error {
	e := a.errorAt(loc, format, args...)
	e.Subquery = true
	return e
}

// membership analyzes `left side IN (SELECT ...)`.
func (a *analyzer) membership(e *pg.SubLink) (*node, error) {
	if a.catalog == nil || !isMembership(e) {
		return nil, a.misplaced(e)
	}
	sides := []*pg.Node{e.Testexpr}
	if row := e.Testexpr.GetRowExpr(); row != nil {
		sides = row.Args
	}
	searched := make([]*node, len(sides))
	for i, side := range sides {
		var err error
		if searched[i], err = a.searched(side, e.Location); err != nil {
			return nil, err
		}
	}
	if len(searched) == 0 {
		return nil, a.subqueryErrorf(e.Location, "cannot compare rows of zero length")
	}
	s, selected, err := a.selection(e)
	if err != nil {
		return nil, err
	}
	if !slices.EqualFunc(searched, selected, func(l, r *node) bool { return l.typ == r.typ }) {
		return nil, a.subqueryErrorf(e.Location, "left side of `IN (SELECT ...)` has type %s but subquery returns %s[]", rowType(searched), rowType(selected))
	}
	for i, n := range searched {
		if _, ok := membershipOf(n.typ); !ok {
			return nil, a.subqueryErrorf(e.Location, "values of type %s are not supported in `IN (SELECT ...)`: their text does not tell which of them are equal", n.typ)
		}
		if err := a.checkCollations(e.Location, n, selected[i]); err != nil {
			return nil, err
		}
	}
	return &node{op: opMember, typ: typeBool, col: a.number(s), args: searched, loc: e.Location}, nil
}

// searched analyzes a column on the left side, and casts of it that leave its text and its equality as they are.
func (a *analyzer) searched(side *pg.Node, loc int32) (*node, error) {
	inner := side
	for inner.GetTypeCast() != nil {
		inner = inner.GetTypeCast().Arg
	}
	if inner.GetColumnRef() == nil {
		return nil, a.subqueryErrorf(loc, "currently, left side of `IN (SELECT ...)` can only be a column reference or a list of column references")
	}
	n, err := a.expr(side)
	if err != nil {
		return nil, err
	}
	if !n.relabelledColumn() {
		return nil, a.subqueryErrorf(loc, "a cast on the left side of `IN (SELECT ...)` must leave the values as they are")
	}
	return n, nil
}

// relabelledColumn reports whether n is a column under casts that keep its text and its equality.
func (n *node) relabelledColumn() bool {
	if n.op != opCast {
		return n.op == opColumn
	}
	if n.aux == castLimitChars || n.aux == castTypmod {
		return false
	}
	switch from, to := n.args[0].typ.id, n.typ.id; {
	case from == tInt2 && (to == tInt4 || to == tInt8):
	case from == tInt4 && to == tInt8:
	case (from == tVarchar || from == tEnum) && to == tText:
	case (from == tText || from == tEnum) && to == tVarchar:
	default:
		return false
	}
	return n.args[0].relabelledColumn()
}

func rowType(fields []*node) string {
	if len(fields) == 1 {
		return fields[0].typ.String()
	}
	types := make([]string, len(fields))
	for i, f := range fields {
		types[i] = f.typ.String()
	}
	return "row of (" + strings.Join(types, ", ") + ")"
}

// selection analyzes the SELECT, which knows nothing of the clause around it but its params.
func (a *analyzer) selection(e *pg.SubLink) (s subquery, selected []*node, err error) {
	stmt := e.Subselect.GetSelectStmt()
	if stmt == nil || len(stmt.SortClause) > 0 || hasClauses(stmt) {
		return s, nil, a.subqueryErrorf(e.Location, "SELECT statement must not contain any clauses")
	}
	name, err := a.singleTable(stmt, e.Location)
	if err != nil {
		return s, nil, err
	}
	names, err := a.plainColumns(stmt, e.Location)
	if err != nil {
		return s, nil, err
	}
	table, err := a.catalog.table(name)
	if err != nil {
		return s, nil, err
	}
	inner := &analyzer{field: a.field, prefix: a.prefix, text: a.text, given: a.given, fixed: a.fixed, catalog: a.catalog, depth: a.depth, nodes: a.nodes,
		columns: table.columns, labels: table.labels, index: map[string]int{}}
	if selected, err = inner.selected(names, e.Location); err != nil {
		return s, nil, err
	}
	s.tableName = name
	for _, n := range selected {
		c := inner.used[n.col]
		s.columns = append(s.columns, typedColumn{name: c.name, typ: c.typ})
	}
	if stmt.WhereClause == nil {
		return s, selected, nil
	}
	root, err := inner.condition(stmt.WhereClause)
	if err != nil {
		return s, nil, err
	}
	s.where, err = inner.encoded(root)
	a.nodes = inner.nodes
	return s, selected, err
}

// singleTable is the table that is selected from. Its alias is of no use: columns are named without their table.
func (a *analyzer) singleTable(s *pg.SelectStmt, loc int32) (tableName, error) {
	var from *pg.RangeVar
	if len(s.FromClause) == 1 {
		from = s.FromClause[0].GetRangeVar()
	}
	switch {
	case from == nil || from.Catalogname != "":
		return tableName{}, a.subqueryErrorf(loc, "Expected a single table reference")
	case !from.Inh:
		return tableName{}, a.subqueryErrorf(from.Location, "ONLY is not supported in a subquery")
	case len(from.Alias.GetColnames()) > 0:
		return tableName{}, a.subqueryErrorf(from.Location, "aliases of columns are not supported in a subquery")
	}
	name := tableName{from.Schemaname, from.Relname}
	if name.schema == "" {
		name.schema = "public"
	}
	return name, nil
}

// plainColumns are the names of the select list. What they are called in the result makes no difference.
func (a *analyzer) plainColumns(s *pg.SelectStmt, loc int32) ([]string, error) {
	names := make([]string, 0, len(s.TargetList))
	for _, item := range s.TargetList {
		fields := item.GetResTarget().GetVal().GetColumnRef().GetFields()
		if len(fields) != 1 || fields[0].GetString_() == nil || len(item.GetResTarget().GetIndirection()) > 0 {
			return nil, a.subqueryErrorf(loc, "Expected a plain column reference")
		}
		names = append(names, lastName(fields))
	}
	if len(names) == 0 {
		return nil, a.subqueryErrorf(loc, "Expected a plain column reference")
	}
	return names, nil
}

// selected finds the columns of the select list.
func (a *analyzer) selected(names []string, loc int32) ([]*node, error) {
	var unknown []string
	nodes := make([]*node, 0, len(names))
	for _, name := range names {
		c, ok := a.columns[name]
		if !ok {
			unknown = append(unknown, name)
			continue
		}
		if c.Nondeterministic {
			return nil, a.subqueryErrorf(loc, "column %s has a nondeterministic collation: it can only be tested for NULL", identifier(name))
		}
		if c.Dims > 0 && c.OfDomains {
			return nil, a.subqueryErrorf(loc, "column %s is an array of a domain: Postgres compares it with no other array", identifier(name))
		}
		if c.Kind == Domain && c.kind() == Enum && c.Dims == 0 {
			return nil, a.subqueryErrorf(loc, "column %s is of a domain over an enum: Postgres compares it with nothing", identifier(name))
		}
		nodes = append(nodes, a.column(c, loc))
	}
	if len(unknown) > 0 {
		return nil, &Error{Field: "columns", Location: -1, Subquery: true,
			Reason: "The following columns are not found on the table: " + strings.Join(unknown, ", ")}
	}
	return nodes, nil
}

// number is that of a subquery of this clause. Equal ones have one.
func (a *analyzer) number(s subquery) int {
	key := string(s.append(nil))
	n, ok := a.members[key]
	if !ok {
		if a.members == nil {
			a.members = map[string]int{}
		}
		n = len(a.subqueries)
		a.members[key] = n
		a.subqueries = append(a.subqueries, s)
	}
	return n
}
