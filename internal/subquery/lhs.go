package subquery

import (
	"fmt"
	"slices"

	"leyden/internal/where"
)

// lhs is what a row has on the left side of a test for membership: the places of the columns, and how they become a Value.
type lhs struct {
	dependency int
	columns    []string
	at         []int
	canon      []where.Canon
}

// newLHS binds the columns of a position to those of a relation version.
func newLHS(p *where.Position, names []string) (lhs, error) {
	l := lhs{dependency: p.Subquery, columns: p.Columns, canon: p.Canon}
	if len(l.canon) != len(l.columns) {
		return lhs{}, fmt.Errorf("bind where clause: %d columns with %d canonical forms", len(l.columns), len(l.canon))
	}
	for _, name := range p.Columns {
		at := slices.Index(names, name)
		if at < 0 {
			return lhs{}, fmt.Errorf("bind where clause: no column %q", name)
		}
		l.at = append(l.at, at)
	}
	return l, nil
}

// same reports whether p looks for the same.
func (l *lhs) same(p *where.Position) bool {
	return l.dependency == p.Subquery && slices.Equal(l.columns, p.Columns)
}

// appendValue appends what row has. It is false for a row that does not fit the columns.
func (l *lhs) appendValue(dst []byte, row [][]byte) ([]byte, bool) {
	for i, at := range l.at {
		if at >= len(row) {
			return dst, false
		}
		dst = appendCell(dst, l.canon[i], row[at])
	}
	return dst, true
}
