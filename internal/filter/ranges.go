package filter

import (
	"cmp"

	"leyden/internal/where"
)

// ranges lists shapes by the range in which they want a column's key to be. It is a search tree of the ranges by their low end, in
// which every node knows how far the ranges below it reach. Random priorities keep it balanced whatever the order of calls: parents
// have greater ones than their children.
//
// With n ranges of which m have a key, looking the key up takes O(log n + m log(n/m)) at most and O(log n + m) when ranges are nested or apart
// as those of shapes are; adding and removing O(log n).
type ranges struct {
	subject
	root  *span
	count int
	// seed is the state of the sequence of priorities.
	seed uint64
}

// span is one range and what is listed under it.
type span struct {
	low         string
	high        end
	cell        cell
	left, right *span
	reach       end // the greatest high end of the span and all below it
	priority    uint32
}

// end is a high end; the range does not include it.
type end struct {
	key       string
	unbounded bool
}

func (e end) compare(f end) int {
	switch {
	case e.unbounded && f.unbounded:
		return 0
	case e.unbounded:
		return 1
	case f.unbounded:
		return -1
	}
	return cmp.Compare(e.key, f.key)
}

func (e *end) after(key []byte) bool { return e.unbounded || string(key) < e.key }

func newRanges(about subject) *ranges { return &ranges{subject: about} }

// next is the next priority (splitmix64).
func (r *ranges) next() uint32 {
	r.seed += 0x9e3779b97f4a7c15
	z := r.seed
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return uint32(z >> 32)
}

func (s *span) compare(low string, high end) int {
	if c := cmp.Compare(s.low, low); c != 0 {
		return c
	}
	return s.high.compare(high)
}

func (s *span) update() {
	s.reach = s.high
	for _, child := range [2]*span{s.left, s.right} {
		if child != nil && child.reach.compare(s.reach) > 0 {
			s.reach = child.reach
		}
	}
}

func (r *ranges) at(p *where.Probe, _ []byte, make bool) *cell {
	high := end{unbounded: p.Unbounded}
	if !p.Unbounded {
		high.key = string(p.High)
	}
	low := string(p.Low)
	for s := r.root; s != nil; {
		switch c := s.compare(low, high); {
		case c == 0:
			return &s.cell
		case c > 0:
			s = s.left
		default:
			s = s.right
		}
	}
	if !make {
		return nil
	}
	fresh := &span{low: low, high: high, priority: r.next()}
	r.root = r.root.insert(fresh)
	r.count++
	return &fresh.cell
}

func (s *span) insert(fresh *span) *span {
	switch {
	case s == nil || fresh.priority > s.priority:
		fresh.left, fresh.right = s.split(fresh)
		fresh.update()
		return fresh
	case s.compare(fresh.low, fresh.high) > 0:
		s.left = s.left.insert(fresh)
	default:
		s.right = s.right.insert(fresh)
	}
	s.update()
	return s
}

// split parts a tree in what comes before a span and what comes after it.
func (s *span) split(at *span) (before, after *span) {
	if s == nil {
		return nil, nil
	}
	if s.compare(at.low, at.high) > 0 {
		before, s.left = s.left.split(at)
		after = s
	} else {
		s.right, after = s.right.split(at)
		before = s
	}
	s.update()
	return before, after
}

// join is one tree of two, of which the first comes before the second.
func join(before, after *span) *span {
	switch {
	case before == nil:
		return after
	case after == nil:
		return before
	case before.priority > after.priority:
		before.right = join(before.right, after)
		before.update()
		return before
	}
	after.left = join(before, after.left)
	after.update()
	return after
}

func (r *ranges) drop(p *where.Probe, _ []byte) {
	r.root = r.root.drop(string(p.Low), end{key: string(p.High), unbounded: p.Unbounded})
	r.count--
}

func (s *span) drop(low string, high end) *span {
	switch c := s.compare(low, high); {
	case c == 0:
		return join(s.left, s.right)
	case c > 0:
		s.left = s.left.drop(low, high)
	default:
		s.right = s.right.drop(low, high)
	}
	s.update()
	return s
}

// crowd is the number of spans around a key after which nothing is gained by counting on.
const crowd = 256

// cost counts what lies around the low end of a range with two ends. One without is thought to have half of all keys, so that all
// others count.
func (r *ranges) cost(p *where.Probe) int {
	if p.Unbounded || len(p.Low) == 0 {
		return baseCost(p) + 8*r.count
	}
	return baseCost(p) + r.root.around(p.Low, 0)
}

func (s *span) around(key []byte, n int) int {
	for s != nil && n < crowd && s.reach.after(key) {
		n = s.left.around(key, n)
		if string(key) < s.low {
			return n
		}
		if s.high.after(key) {
			n += s.cell.load()
		}
		s = s.right
	}
	return n
}

func (r *ranges) find(l *lookup, v *values) bool {
	keys, of, ok := l.keys(r.form, v)
	if !ok {
		return false
	}
	if of != [2]rowset{} {
		r.root.find(l, &keys, of)
	}
	return true
}

// find visits the spans that have one of the keys. of says which rows have each key.
func (s *span) find(l *lookup, keys *[2][]byte, of [2]rowset) {
	for s != nil {
		for i := range of {
			if of[i] != 0 && !s.reach.after(keys[i]) {
				of[i] = 0
			}
		}
		if of[0]|of[1] == 0 {
			return
		}
		s.left.find(l, keys, of)
		var rows rowset
		for i := range of {
			switch {
			case of[i] == 0:
			case string(keys[i]) < s.low:
				of[i] = 0
			case s.high.after(keys[i]):
				rows |= of[i]
			}
		}
		if rows != 0 {
			l.visit(&s.cell, rows)
		}
		s = s.right
	}
}

func (r *ranges) each(visit func(*cell)) { r.root.each(visit) }

func (s *span) each(visit func(*cell)) {
	for ; s != nil; s = s.right {
		s.left.each(visit)
		visit(&s.cell)
	}
}

func (r *ranges) empty() bool { return r.root == nil }
