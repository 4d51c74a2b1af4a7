package snapshot

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"leyden/internal/subquery"
)

// views are the values of each subquery, nil for the subqueries themselves.
type views = []subquery.Set

// appendCondition appends a condition, which binds as strongly as what is in parentheses.
func (m *membership) appendCondition(dst []byte, c *condition, views views) []byte {
	if c.subquery < 0 {
		return append(dst, c.alone...)
	}
	if c.negated {
		dst = append(dst, "(NOT "...)
	}
	dst = append(dst, '(')
	if views == nil {
		dst = m.appendSubquery(dst, c)
	} else {
		dst = m.appendMember(dst, c, views[c.subquery])
	}
	dst = append(dst, ')')
	if c.negated {
		dst = append(dst, ')')
	}
	return dst
}

// appendSubquery appends the test for the values of a subquery.
func (m *membership) appendSubquery(dst []byte, c *condition) []byte {
	s := &m.DNF.Subqueries[c.subquery]
	dst = appendLeft(dst, c)
	dst = append(dst, " IN (SELECT "...)
	for i, name := range s.Columns {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, pgx.Identifier{name}.Sanitize()...)
	}
	dst = append(dst, " FROM "...)
	dst = append(dst, pgx.Identifier{s.Schema, s.Table}.Sanitize()...)
	if s.Where != nil {
		dst = append(dst, " WHERE "...)
		dst = append(dst, s.Where.SQL()...)
	}
	return append(dst, ')')
}

func appendLeft(dst []byte, c *condition) []byte {
	if len(c.lhs) == 1 {
		return append(dst, c.lhs[0]...)
	}
	dst = append(dst, "ROW("...)
	dst = append(dst, strings.Join(c.lhs, ", ")...)
	return append(dst, ')')
}
