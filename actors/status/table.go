package status

import "leyden/internal/shape"

const pageSize = 512

type page struct {
	used    int
	entries [pageSize]*Entry
}

// table maps ids to entries by position. Ids only grow, so pages that have become empty are dropped and the empty front of
// the directory is cut off: its size follows the shapes that exist, not those that ever did.
type table struct {
	first int // number of the page that pages[0] is
	pages []*page
}

func place(id shape.ID) (int, int) { return int(uint64(id) / pageSize), int(uint64(id) % pageSize) }

func (t *table) get(id shape.ID) *Entry {
	n, slot := place(id)
	n -= t.first
	if n < 0 || n >= len(t.pages) || t.pages[n] == nil {
		return nil
	}
	return t.pages[n].entries[slot]
}

// put files e, whose id is greater than every id filed before.
func (t *table) put(e *Entry) {
	n, slot := place(e.ID)
	if len(t.pages) == 0 {
		t.first = n
	}
	for t.first+len(t.pages) <= n {
		t.pages = append(t.pages, nil)
	}
	p := t.pages[n-t.first]
	if p == nil {
		p = new(page)
		t.pages[n-t.first] = p
	}
	p.entries[slot] = e
	p.used++
}

func (t *table) drop(id shape.ID) {
	n, slot := place(id)
	n -= t.first
	p := t.pages[n]
	p.entries[slot] = nil
	if p.used--; p.used > 0 {
		return
	}
	t.pages[n] = nil
	front := 0
	for front < len(t.pages) && t.pages[front] == nil {
		front++
	}
	t.first += front
	t.pages = t.pages[front:]
	if len(t.pages) == 0 {
		t.pages = nil
	}
}

func (t *table) appendAll(dst []*Entry) []*Entry {
	for _, p := range t.pages {
		if p == nil {
			continue
		}
		for _, e := range p.entries {
			if e != nil {
				dst = append(dst, e)
			}
		}
	}
	return dst
}
