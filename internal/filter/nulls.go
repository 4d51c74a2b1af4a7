package filter

import "leyden/internal/where"

// nulls lists the shapes that want a column to be NULL, or that want it not to be.
type nulls struct {
	subject
	cell cell
}

func (n *nulls) at(*where.Probe, []byte, bool) *cell { return &n.cell }

func (n *nulls) drop(*where.Probe, []byte) {}

func (n *nulls) cost(p *where.Probe) int { return baseCost(p) + n.cell.load() }

func (n *nulls) find(l *lookup, v *values) bool {
	var null rowset
	for i, text := range v.text {
		if text == nil {
			null |= 1 << i
		}
	}
	rows := v.has & null
	if n.kind == where.ProbeNotNull {
		rows = v.has &^ null
	}
	if rows != 0 {
		l.visit(&n.cell, rows)
	}
	return true
}

func (n *nulls) each(visit func(*cell)) { visit(&n.cell) }

func (n *nulls) empty() bool { return n.cell.empty() }
