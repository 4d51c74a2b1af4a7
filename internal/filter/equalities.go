package filter

import "leyden/internal/where"

// equalities lists shapes by the value that they want in a column.
type equalities struct {
	subject
	cells map[string]*cell
}

func newEqualities(about subject) *equalities {
	return &equalities{subject: about, cells: map[string]*cell{}}
}

func (s subject) about() subject { return s }

func (e *equalities) at(_ *where.Probe, key []byte, make bool) *cell {
	c := e.cells[string(key)]
	if c == nil && make {
		c = &cell{}
		e.cells[string(key)] = c
	}
	return c
}

func (e *equalities) drop(_ *where.Probe, key []byte) { delete(e.cells, string(key)) }

func (e *equalities) cost(p *where.Probe) int {
	n := baseCost(p)
	for _, key := range p.Keys {
		if c := e.cells[string(key)]; c != nil {
			n += c.load()
		}
	}
	return n
}

func (e *equalities) find(l *lookup, v *values) bool {
	keys, of, ok := l.keys(e.form, v)
	if !ok {
		return false
	}
	for i, rows := range of {
		if rows == 0 {
			continue
		}
		if c := e.cells[string(keys[i])]; c != nil {
			l.visit(c, rows)
		}
	}
	return true
}

func (e *equalities) each(visit func(*cell)) {
	for _, c := range e.cells {
		visit(c)
	}
}

func (e *equalities) empty() bool { return len(e.cells) == 0 }
