package where

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// OrderBy compiles a subset's order_by: columns and constants with ASC or DESC, NULLS FIRST or LAST. It returns the canonical
// text that follows ORDER BY. The error is an *Error.
func OrderBy(text string, cols []Column) (string, error) {
	const prefix = "SELECT 1 ORDER BY "
	stmt, err := parseStatement("order_by", prefix, text)
	if err != nil {
		if e, ok := err.(*Error); ok && strings.HasPrefix(e.Reason, "unescaped") {
			e.Reason = "Unexpected `;` in order by"
		}
		return "", err
	}
	if stmt.WhereClause != nil || hasMore(stmt, true) {
		return "", &Error{Field: "order_by", Location: -1, Reason: "malformed query ending with SQL clauses"}
	}
	a := newAnalyzer("order_by", len(prefix), text, nil, cols)
	var out strings.Builder
	for i, item := range stmt.SortClause {
		if i > 0 {
			out.WriteString(", ")
		}
		if err := a.sortItem(&out, item.GetSortBy()); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

func (a *analyzer) sortItem(out *strings.Builder, s *pg.SortBy) error {
	switch e := s.GetNode().GetNode().(type) {
	case *pg.Node_ColumnRef:
		if _, err := a.columnRef(e.ColumnRef); err != nil {
			return err
		}
		out.WriteString(quoteName(lastName(e.ColumnRef.Fields)))
	case *pg.Node_AConst:
		n, err := a.constant(e.AConst)
		if err != nil {
			return err
		}
		out.WriteString(sortConstant(n))
	case *pg.Node_ParamRef:
		return a.errorf(e.ParamRef.Location, "parameter $%d is not supported in ORDER BY clauses", e.ParamRef.Number)
	default:
		return a.errorf(location(s.GetNode()), "%s expressions are not allowed in ORDER BY clauses", nodeName(s.GetNode()))
	}
	switch s.GetSortbyDir() {
	case pg.SortByDir_SORTBY_ASC:
		out.WriteString(" ASC")
	case pg.SortByDir_SORTBY_DESC:
		out.WriteString(" DESC")
	case pg.SortByDir_SORTBY_USING:
		return a.errorf(s.GetLocation(), "USING is not allowed in ORDER BY clauses")
	}
	switch s.GetSortbyNulls() {
	case pg.SortByNulls_SORTBY_NULLS_FIRST:
		out.WriteString(" NULLS FIRST")
	case pg.SortByNulls_SORTBY_NULLS_LAST:
		out.WriteString(" NULLS LAST")
	}
	return nil
}

// sortConstant prints a constant that sorts nothing. A bare integer would be taken for a position in the select list.
func sortConstant(n *node) string {
	if n.typ.isUnknown() {
		n.typ = typ{id: tText}
	}
	return quoteTyped(n)
}

func quoteTyped(n *node) string {
	if n.op == opNull {
		return "NULL::" + n.typ.String()
	}
	return quoteText(string(outputText(n.typ.id, &n.val))) + "::" + n.typ.String()
}
