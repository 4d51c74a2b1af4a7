package filter

import (
	"slices"

	"leyden/internal/change"
)

// maxLayouts bounds the column orders that are remembered for a table. One is the rule; the partitions of a table may differ.
const maxLayouts = 16

// layouts are the column orders in which rows of a table arrive.
type layouts struct {
	bindings []*binding
	epoch    uint64 // changes when the bindings are forgotten
}

// binding is a table seen through relations of one column order.
type binding struct {
	table *table
	names []string
	// columns has the tuple position of each index's column, -1 when the relation lacks it.
	columns []int
	// members has those of each left side that is looked for in results.
	members [][]int
	number  int // of the layout in its epoch
	epoch   uint64
	// relations are the relations known to have this order.
	relations []*change.Relation
}

func (l *layouts) reset() {
	for _, b := range l.bindings {
		b.table = nil
	}
	l.bindings = nil
	l.epoch++
}

// bind finds the binding for a relation's column order.
func (t *table) bind(r *change.Relation) *binding {
	for _, b := range t.layouts.bindings {
		if slices.Contains(b.relations, r) {
			return b
		}
	}
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = c.Name
	}
	for _, b := range t.layouts.bindings {
		if slices.Equal(b.names, names) {
			if len(b.relations) == maxLayouts {
				b.relations = b.relations[:0]
			}
			b.relations = append(b.relations, r)
			return b
		}
	}
	if len(t.layouts.bindings) == maxLayouts {
		t.layouts.reset()
	}
	b := &binding{table: t, names: names, number: len(t.layouts.bindings), epoch: t.layouts.epoch, relations: []*change.Relation{r}}
	for _, ix := range t.indexes {
		b.columns = append(b.columns, slices.Index(names, ix.about().column))
	}
	for _, m := range t.members {
		at := make([]int, len(m.columns))
		for i, c := range m.columns {
			at[i] = slices.Index(names, c)
		}
		b.members = append(b.members, at)
	}
	t.layouts.bindings = append(t.layouts.bindings, b)
	return b
}
