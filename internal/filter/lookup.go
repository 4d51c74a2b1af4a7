package filter

import (
	"bytes"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// lookup is one change on its way through a table's shapes.
type lookup struct {
	f        *Filter
	b        *binding
	old, new change.Tuple // nil when the change has no such row
	dst      []shape.ID
}

// indexed looks the change's values up in every index. A shape is listed in one index; directly under one key, so that the old
// and the new row find it under the same value; in a group under several, which is why groups remember that they were found.
func (l *lookup) indexed() {
	for i, ix := range l.b.table.indexes {
		column := l.b.columns[i]
		oldText, oldOK := text(l.old, column)
		newText, newOK := text(l.new, column)
		if !oldOK || !newOK {
			l.everything(ix)
			continue
		}
		if oldText != nil && newText != nil && bytes.Equal(oldText, newText) {
			oldText = nil
		}
		first, ok := l.find(ix, newText)
		second, oldParses := l.find(ix, oldText)
		if !ok || !oldParses {
			l.everything(ix)
			continue
		}
		l.posting(first)
		if second != first { // texts of one value lead to one posting
			l.posting(second)
		}
	}
}

// text is the value of a column, nil for NULL and for a row that is not there. It reports false when the row lacks the column.
func text(row change.Tuple, column int) ([]byte, bool) {
	switch {
	case row == nil:
		return nil, true
	case column < 0 || column >= len(row):
		return nil, false
	}
	return row[column], true
}

// find is what is listed under a value, nothing for NULL. It reports false when the value does not parse.
func (l *lookup) find(ix *index, text []byte) (posting, bool) {
	if text == nil {
		return posting{}, true
	}
	key, err := ix.form.Key(l.f.key, text)
	if err != nil {
		return posting{}, false
	}
	if ix.form != where.FormText && ix.form != where.FormPadded {
		l.f.key = key
	}
	return posting{ix.one[string(key)], ix.more[string(key)]}, true
}

// posting is all that is listed under a value.
type posting struct {
	one  shape.ID // 0 when there is none
	more *postings
}

func (l *lookup) posting(p posting) {
	if p.one != 0 {
		l.dst = append(l.dst, p.one)
	}
	if p.more == nil {
		return
	}
	l.dst = p.more.ids.appendTo(l.dst)
	for _, g := range p.more.groups {
		l.group(g)
	}
}

// everything finds all that an index lists, once.
func (l *lookup) everything(ix *index) {
	for _, id := range ix.one {
		l.dst = append(l.dst, id)
	}
	for _, p := range ix.more {
		l.dst = p.ids.appendTo(l.dst)
		for _, g := range p.groups {
			l.take(g)
		}
	}
}

// evaluated asks the clauses that no index leads to.
func (l *lookup) evaluated() {
	for _, g := range l.b.table.unindexed {
		l.group(g)
	}
}

// group takes a group in unless its clause is certain not to be true for either row.
func (l *lookup) group(g *group) {
	if g.found == l.f.tick {
		return
	}
	if !g.route.Exact {
		p := g.program(l.b)
		if p != nil && !l.holds(p, l.new) && !l.holds(p, l.old) {
			return
		}
	}
	l.take(g)
}

func (l *lookup) take(g *group) {
	if g.found != l.f.tick {
		g.found = l.f.tick
		l.dst = g.ids.appendTo(l.dst)
	}
}

// holds reports whether a clause is true for a row, or cannot be evaluated.
func (l *lookup) holds(p *where.Program, row change.Tuple) bool {
	if row == nil {
		return false
	}
	truth, err := p.Eval(row, &l.f.scratch)
	return err != nil || truth == where.True
}
