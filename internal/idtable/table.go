// Package idtable maps numbers that only grow, such as shape ids, to small values by position. It never hashes and never
// rehashes.
//
// The one invariant: its size follows the numbers that have a value, not those that ever had one.
package idtable

const pageSize = 256

// Table maps numbers to values. The zero value of T means that a number has none. The zero Table is ready; it is not safe
// for concurrent use.
type Table[T comparable] struct {
	first uint64 // number of the page that pages[0] is
	pages []page[T]
	count int
}

// page has its count beside its values, so that they fill a size class of the allocator.
type page[T comparable] struct {
	used   int
	values *[pageSize]T // nil when nothing is used
}

// Len is how many numbers have a value.
func (t *Table[T]) Len() int { return t.count }

// Get returns the value of n, the zero value if it has none.
func (t *Table[T]) Get(n uint64) T {
	if p := t.page(n); p != nil {
		return p.values[n%pageSize]
	}
	var none T
	return none
}

// page finds the page of n, nil if there is none.
func (t *Table[T]) page(n uint64) *page[T] {
	at := n/pageSize - t.first
	if n/pageSize < t.first || at >= uint64(len(t.pages)) || t.pages[at].values == nil {
		return nil
	}
	return &t.pages[at]
}

// Set gives n a value. The zero value takes its value away.
func (t *Table[T]) Set(n uint64, v T) {
	var none T
	p := t.page(n)
	if p == nil {
		if v == none {
			return
		}
		p = t.grow(n / pageSize)
	}
	slot := &p.values[n%pageSize]
	switch {
	case *slot == none && v != none:
		p.used++
		t.count++
	case *slot != none && v == none:
		p.used--
		t.count--
	}
	*slot = v
	if p.used == 0 {
		t.shrink(n / pageSize)
	}
}

// grow makes the page of that number.
func (t *Table[T]) grow(number uint64) *page[T] {
	switch {
	case len(t.pages) == 0:
		t.first = number
	case number < t.first:
		t.pages = append(make([]page[T], t.first-number), t.pages...)
		t.first = number
	}
	for t.first+uint64(len(t.pages)) <= number {
		t.pages = append(t.pages, page[T]{})
	}
	p := &t.pages[number-t.first]
	p.values = new([pageSize]T)
	return p
}

// shrink drops an empty page, and the empty ends of the directory.
func (t *Table[T]) shrink(number uint64) {
	t.pages[number-t.first].values = nil
	front := 0
	for front < len(t.pages) && t.pages[front].values == nil {
		front++
	}
	t.first += uint64(front)
	t.pages = t.pages[front:]
	for len(t.pages) > 0 && t.pages[len(t.pages)-1].values == nil {
		t.pages = t.pages[:len(t.pages)-1]
	}
	if len(t.pages) == 0 {
		t.pages = nil
	}
}

// All calls f for every number that has a value, ascending, until f returns false. f may change values that exist, but add
// none.
func (t *Table[T]) All(f func(n uint64, v T) bool) { t.From(0, f) }

// From is All for the numbers from least on.
func (t *Table[T]) From(least uint64, f func(n uint64, v T) bool) {
	var none T
	first, pages := t.first, t.pages
	skip := uint64(0)
	if number := least / pageSize; number > first {
		skip = min(number-first, uint64(len(pages)))
	}
	for i := skip; i < uint64(len(pages)); i++ {
		if pages[i].values == nil {
			continue
		}
		for j, v := range pages[i].values {
			if n := (first+i)*pageSize + uint64(j); v != none && n >= least && !f(n, v) {
				return
			}
		}
	}
}
