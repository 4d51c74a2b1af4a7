package change

import (
	"bytes"
	"fmt"
	"sync/atomic"

	"leyden/internal/shape"
)

// Projection is how the rows of a table become log items for all shapes with the same table name, key columns, selected
// columns and replica mode. There is one for all such shapes; its address names it.
type Projection struct {
	key, selected []string
	replica       shape.Replica

	keyPrefix []byte   // the relation's part of a key, inside a JSON string
	names     [][]byte // `"name":` of each selected column
	relation  []byte   // `","relation":["schema","table"],"txids":[`

	emits [4]emit
	// layouts holds how the columns of relation versions lie. Published maps are not changed.
	layouts atomic.Pointer[map[*Relation]*layout]
}

// emit is one thing that a projection can make of a change. Its address is the key of what is shared.
type emit struct {
	projection *Projection
	kind       emitKind
}

type emitKind uint8

const (
	emitInsert emitKind = iota // the new row comes into the shape
	emitUpdate
	emitDelete // the old row leaves the shape
	emitTouch  // an update of nothing that clients see, for those who are told of it all the same
)

// maxLayouts bounds the relation versions that a projection remembers. A partitioned table has one per partition.
const maxLayouts = 1024

// layout says where the columns of a projection are in the tuples of one relation version.
type layout struct {
	key     []int
	columns []int  // of each selected column
	isKey   []bool // of each selected column
}

// ErrNoColumn reports a relation version that lacks a column of a shape: the shape cannot follow its table any more.
type ErrNoColumn struct{ Schema, Table, Column string }

func (e *ErrNoColumn) Error() string {
	return fmt.Sprintf("column %q is gone from %s.%s", e.Column, e.Schema, e.Table)
}

func newProjection(d *shape.Definition) *Projection {
	p := &Projection{key: d.Key, selected: d.Selected, replica: d.Replica}
	p.keyPrefix = KeyPrefix(d.Table.Schema, d.Table.Name)
	for _, name := range d.Selected {
		p.names = append(p.names, append(AppendJSONString(nil, []byte(name)), ':'))
	}
	p.relation = append(p.relation, `","relation":[`...)
	p.relation = AppendJSONString(p.relation, []byte(d.Table.Schema))
	p.relation = append(p.relation, ',')
	p.relation = AppendJSONString(p.relation, []byte(d.Table.Name))
	p.relation = append(p.relation, `],"txids":[`...)
	for kind := range p.emits {
		p.emits[kind] = emit{projection: p, kind: emitKind(kind)}
	}
	return p
}

// layout finds or makes the layout for a relation version.
func (p *Projection) layout(rel *Relation) (*layout, error) {
	for {
		published := p.layouts.Load()
		if published != nil {
			if l := (*published)[rel]; l != nil {
				return l, nil
			}
		}
		l, err := p.bind(rel)
		if err != nil {
			return nil, err
		}
		next := map[*Relation]*layout{rel: l}
		if published != nil && len(*published) < maxLayouts {
			for r, l := range *published {
				next[r] = l
			}
		}
		if p.layouts.CompareAndSwap(published, &next) {
			return l, nil
		}
	}
}

func (p *Projection) bind(rel *Relation) (*layout, error) {
	at := make(map[string]int, len(rel.Columns))
	for i := range rel.Columns {
		at[rel.Columns[i].Name] = i
	}
	find := func(names []string) ([]int, error) {
		out := make([]int, len(names))
		for i, name := range names {
			pos, ok := at[name]
			if !ok {
				return nil, &ErrNoColumn{Schema: rel.Schema, Table: rel.Name, Column: name}
			}
			out[i] = pos
		}
		return out, nil
	}
	l := &layout{isKey: make([]bool, len(p.selected))}
	var err error
	if l.key, err = find(p.key); err != nil {
		return nil, err
	}
	if l.columns, err = find(p.selected); err != nil {
		return nil, err
	}
	for i, c := range l.columns {
		for _, k := range l.key {
			l.isKey[i] = l.isKey[i] || k == c
		}
	}
	return l, nil
}

// same compares two values as texts; NULL differs from every text.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// changed reports whether any of the columns differs between two rows.
func changed(a, b Tuple, columns []int) bool {
	for _, c := range columns {
		if !same(a[c], b[c]) {
			return true
		}
	}
	return false
}
