package filter

import (
	"bytes"
	"slices"

	"leyden/internal/where"
)

// prefixes lists shapes by what a text is to begin with. A text is looked up by its beginnings of the lengths that there are.
type prefixes struct {
	subject
	cells   map[string]*cell
	lengths []length // ascending
}

// length is how many places there are for prefixes of so many bytes.
type length struct{ bytes, places int }

func newPrefixes(about subject) *prefixes {
	return &prefixes{subject: about, cells: map[string]*cell{}}
}

func (p *prefixes) length(n int) (int, bool) {
	return slices.BinarySearchFunc(p.lengths, n, func(l length, n int) int { return l.bytes - n })
}

func (p *prefixes) at(_ *where.Probe, key []byte, make bool) *cell {
	c := p.cells[string(key)]
	if c != nil || !make {
		return c
	}
	c = &cell{}
	p.cells[string(key)] = c
	i, found := p.length(len(key))
	if !found {
		p.lengths = slices.Insert(p.lengths, i, length{bytes: len(key)})
	}
	p.lengths[i].places++
	return c
}

func (p *prefixes) drop(_ *where.Probe, key []byte) {
	delete(p.cells, string(key))
	i, _ := p.length(len(key))
	if p.lengths[i].places--; p.lengths[i].places == 0 {
		p.lengths = slices.Delete(p.lengths, i, i+1)
	}
}

func (p *prefixes) cost(probe *where.Probe) int {
	n := baseCost(probe)
	if c := p.cells[string(probe.Keys[0])]; c != nil {
		n += c.load()
	}
	return n
}

func (p *prefixes) find(l *lookup, v *values) bool {
	keys, of, ok := l.keys(p.form, v)
	if !ok {
		return false
	}
	for _, length := range p.lengths {
		n, alike := length.bytes, false
		if of[0] != 0 && len(keys[0]) >= n {
			rows := of[0]
			if alike = of[1] != 0 && len(keys[1]) >= n && bytes.Equal(keys[0][:n], keys[1][:n]); alike {
				rows |= of[1]
			}
			p.visit(l, keys[0][:n], rows)
		}
		if of[1] != 0 && len(keys[1]) >= n && !alike {
			p.visit(l, keys[1][:n], of[1])
		}
	}
	return true
}

func (p *prefixes) visit(l *lookup, prefix []byte, rows rowset) {
	if c := p.cells[string(prefix)]; c != nil {
		l.visit(c, rows)
	}
}

func (p *prefixes) each(visit func(*cell)) {
	for _, c := range p.cells {
		visit(c)
	}
}

func (p *prefixes) empty() bool { return len(p.cells) == 0 }
