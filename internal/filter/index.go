package filter

import (
	"slices"

	"leyden/internal/shape"
	"leyden/internal/where"
)

// index lists shapes by the value that they want in one column. Nearly always that is one shape for a value, which takes no
// more memory than itself.
type index struct {
	column string
	form   where.Form
	one    map[string]shape.ID
	more   map[string]*postings // what else is listed under a value
}

type postings struct {
	ids    set
	groups []*group
}

func (ix *index) empty() bool { return len(ix.one) == 0 && len(ix.more) == 0 }

// load is how much is listed under a value.
func (ix *index) load(key []byte) int {
	n := 0
	if ix.one[string(key)] != 0 {
		n++
	}
	if p := ix.more[string(key)]; p != nil {
		n += p.ids.len() + len(p.groups)
	}
	return n
}

func (ix *index) addShape(key []byte, id shape.ID) {
	if ix.one[string(key)] == 0 {
		ix.one[string(key)] = id
		return
	}
	ix.postings(key).ids.add(id)
}

func (ix *index) removeShape(key []byte, id shape.ID) {
	if ix.one[string(key)] == id {
		delete(ix.one, string(key))
		return
	}
	if p := ix.more[string(key)]; p != nil {
		p.ids.remove(id)
		ix.tidy(key, p)
	}
}

func (ix *index) addGroup(key []byte, g *group) {
	p := ix.postings(key)
	p.groups = append(p.groups, g)
}

func (ix *index) removeGroup(key []byte, g *group) {
	p := ix.more[string(key)]
	if i := slices.Index(p.groups, g); i >= 0 {
		last := len(p.groups) - 1
		p.groups[i] = p.groups[last]
		p.groups[last] = nil
		p.groups = p.groups[:last]
	}
	ix.tidy(key, p)
}

// postings finds or makes the place for what else is listed under a value.
func (ix *index) postings(key []byte) *postings {
	p := ix.more[string(key)]
	if p == nil {
		p = &postings{}
		ix.more[string(key)] = p
	}
	return p
}

// tidy drops postings that list nothing.
func (ix *index) tidy(key []byte, p *postings) {
	if p.ids.empty() && len(p.groups) == 0 {
		delete(ix.more, string(key))
	}
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
	ix := &index{column: r.Column, form: r.Form, one: map[string]shape.ID{}, more: map[string]*postings{}}
	t.indexes = append(t.indexes, ix)
	t.layouts.reset()
	return ix
}

// drop forgets an index that lists nothing.
func (t *table) drop(ix *index) {
	if !ix.empty() {
		return
	}
	i := slices.Index(t.indexes, ix)
	t.indexes = slices.Delete(t.indexes, i, i+1)
	t.layouts.reset()
}
