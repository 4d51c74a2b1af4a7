package snapshot

import (
	"leyden/internal/subquery"
)

// headers makes the headers of rows of a shape with subqueries: which conditions are true, which the query says, and tags.
type headers struct {
	tags       *subquery.RowTags
	named      int   // the columns of the table, which come first
	conditions int   // that the query says, each once
	of         []int // the condition of each position
	active     []bool
}

func newHeaders(m *Members, columns []string) (*headers, error) {
	tags, err := m.Tagger.Bind(columns)
	if err != nil {
		return nil, err
	}
	of := newMembership(m)
	return &headers{tags: tags, named: len(columns), conditions: len(of.conditions), of: of.of, active: make([]bool, len(of.of))}, nil
}

// append appends the members of the object. cells are those of the columns, then t or f for each condition.
func (h *headers) append(dst []byte, cells [][]byte) []byte {
	for i, c := range h.of {
		h.active[i] = string(cells[h.named+c]) == "t"
	}
	dst = append(dst, `"active_conditions":`...)
	dst = subquery.AppendConditions(dst, h.active)
	dst = append(dst, `,"tags":`...)
	return h.tags.Append(dst, cells[:h.named])
}
