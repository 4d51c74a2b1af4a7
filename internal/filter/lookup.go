package filter

import (
	"slices"

	"leyden/internal/change"
	"leyden/internal/shape"
)

// rowset is a set of the rows of a change: bit 0 the new one, bit 1 the old one.
type rowset uint8

// lookup is one change on its way through a table's shapes.
type lookup struct {
	f    *Filter
	b    *binding
	rows [2]change.Tuple // the new and the old one; nil when the change has no such row
	dst  []shape.ID
	// twice: a shape may have been found more than once.
	twice bool
	v     values // of the index at hand
}

// values are what the rows of a change have in one column.
type values struct {
	has  rowset    // the rows that there are
	text [2][]byte // nil for NULL
}

// run finds the shapes of the change.
func (l *lookup) run() {
	start := len(l.dst)
	v := &l.v
	for i, row := range l.rows {
		if row != nil {
			v.has |= 1 << i
		}
	}
	for i, ix := range l.b.table.indexes {
		if !l.read(v, l.b.columns[i]) || !ix.find(l, v) {
			l.f.errors++
			ix.each(l.take)
		}
	}
	for i, m := range l.b.table.members {
		m.find(l, l.b.members[i])
	}
	l.visit(&l.b.table.rest, v.has)
	if l.twice {
		found := l.dst[start:]
		slices.Sort(found)
		l.dst = l.dst[:start+len(slices.Compact(found))]
	}
}

// read takes in the values of a column. It reports false when a row lacks the column.
func (l *lookup) read(v *values, column int) bool {
	for i, row := range l.rows {
		if row == nil {
			continue
		}
		if column < 0 || column >= len(row) {
			return false
		}
		v.text[i] = row[column]
	}
	return true
}

// visit takes the shapes of a place that the given rows lead to, if what remains of their clauses is true for one of these rows.
func (l *lookup) visit(c *cell, rows rowset) {
	if c.who != 0 && (c.rest == nil || c.rest.holds(l, rows)) {
		l.dst = append(l.dst, c.who.id())
		l.twice = l.twice || c.who&severally != 0
	}
	if c.more == nil {
		return
	}
	for i := range c.more.sets {
		p := &c.more.sets[i]
		if p.rest == nil || p.rest.holds(l, rows) {
			l.dst = p.ids.appendTo(l.dst)
			l.twice = l.twice || p.mark != 0
		}
	}
}

// take takes all shapes of a place.
func (l *lookup) take(c *cell) {
	l.twice = true // what was found there before it came out that a value cannot be decided
	if c.who != 0 {
		l.dst = append(l.dst, c.who.id())
	}
	if c.more == nil {
		return
	}
	for i := range c.more.sets {
		l.dst = c.more.sets[i].ids.appendTo(l.dst)
	}
}
