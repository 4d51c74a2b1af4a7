package filter

import (
	"slices"

	"leyden/internal/shape"
	"leyden/internal/where"
)

// index lists shapes by the value that they want in one column.
type index struct {
	column string
	form   where.Form
	values map[string]posting
}

// posting is what is listed under one value. Nearly always that is one shape, which takes no more memory than itself.
type posting struct {
	one  shape.ID // 0 when there is none
	more *postings
}

type postings struct {
	ids    set
	groups []*group
}

func (p posting) len() int {
	n := 0
	if p.one != 0 {
		n++
	}
	if p.more != nil {
		n += p.more.ids.len() + len(p.more.groups)
	}
	return n
}

func (ix *index) addShape(key []byte, id shape.ID) {
	p := ix.values[string(key)]
	switch {
	case p.one == 0:
		p.one = id
	case p.more == nil:
		p.more = &postings{}
		fallthrough
	default:
		p.more.ids.add(id)
	}
	ix.values[string(key)] = p
}

func (ix *index) removeShape(key []byte, id shape.ID) {
	p := ix.values[string(key)]
	if p.one == id {
		p.one = 0
	} else if p.more != nil {
		p.more.ids.remove(id)
	}
	ix.put(key, p)
}

func (ix *index) addGroup(key []byte, g *group) {
	p := ix.values[string(key)]
	if p.more == nil {
		p.more = &postings{}
	}
	p.more.groups = append(p.more.groups, g)
	ix.values[string(key)] = p
}

func (ix *index) removeGroup(key []byte, g *group) {
	p := ix.values[string(key)]
	if i := slices.Index(p.more.groups, g); i >= 0 {
		last := len(p.more.groups) - 1
		p.more.groups[i] = p.more.groups[last]
		p.more.groups[last] = nil
		p.more.groups = p.more.groups[:last]
	}
	ix.put(key, p)
}

// put writes a posting back, or drops it when it lists nothing.
func (ix *index) put(key []byte, p posting) {
	if p.more != nil && p.more.ids.empty() && len(p.more.groups) == 0 {
		p.more = nil
	}
	if p == (posting{}) {
		delete(ix.values, string(key))
		return
	}
	ix.values[string(key)] = p
}

func (t *table) findIndex(r where.Route) *index {
	for _, ix := range t.indexes {
		if ix.column == r.Column && ix.form == r.Form {
			return ix
		}
	}
	return nil
}

func (t *table) indexFor(r where.Route) *index {
	if ix := t.findIndex(r); ix != nil {
		return ix
	}
	ix := &index{column: r.Column, form: r.Form, values: map[string]posting{}}
	t.indexes = append(t.indexes, ix)
	t.layouts.reset()
	return ix
}

// drop forgets an index that lists nothing.
func (t *table) drop(ix *index) {
	if len(ix.values) > 0 {
		return
	}
	i := slices.Index(t.indexes, ix)
	t.indexes = slices.Delete(t.indexes, i, i+1)
	t.layouts.reset()
}
