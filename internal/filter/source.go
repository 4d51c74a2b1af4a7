package filter

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"leyden/internal/shape"
	"leyden/internal/subquery"
)

// source is the result of an inner shape's subquery, for all shapes that ask for it. Its contents are the values that it has, and
// those that it had and that a shape may still have in its view.
type source struct {
	of     resultOf
	users  int // dependencies of shapes
	joined int // of them, those that have reported
	groups []*group

	followed bool // somebody tells of the result
	known    bool
	first    uint64 // the number that it is known from
	number   uint64 // of the last transaction that changed the result
	set      subquery.Set
	gone     map[subquery.Value]uint64 // when they went
	went     []departure               // in order
}

// resultOf names a result: two select lists of one inner shape have two.
type resultOf struct {
	inner   shape.ID
	columns string
}

// departure is the values that a transaction has taken out of the result, and how many shapes may still have them in their views: those
// that have not reported at all, which are found by all rows, must find them when they have. What comes later is waited for by all
// shapes that wait for what went earlier.
type departure struct {
	number uint64
	values []subquery.Value
	waits  int
}

func (s *source) has(v []byte) bool {
	if s.set.Has(v) {
		return true
	}
	if len(s.gone) == 0 {
		return false
	}
	_, gone := s.gone[subquery.Value(v)]
	return gone
}

func (s *source) size() int { return s.set.Len() + len(s.gone) }

// all yields the contents, each value once.
func (s *source) all() iter.Seq[subquery.Value] {
	return func(yield func(subquery.Value) bool) {
		for v := range s.set.All() {
			if !yield(v) {
				return
			}
		}
		for v := range s.gone {
			if !yield(v) {
				return
			}
		}
	}
}

// begin takes in the whole result. All shapes of the source must be fresh.
func (s *source) begin(number uint64, set subquery.Set) {
	s.forget()
	s.known, s.first, s.number, s.set = true, number, number, set
	for _, g := range s.groups {
		g.place()
		g.loosen()
	}
}

// forget makes the contents unknown.
func (s *source) forget() {
	for _, g := range s.groups {
		g.displace()
		g.renew()
		g.loosen()
	}
	s.known, s.first, s.number, s.set, s.gone, s.went, s.joined = false, 0, 0, subquery.Empty, nil, nil, 0
}

// change takes in what came and went with a transaction.
func (s *source) change(number uint64, m *subquery.Moves) {
	for _, v := range m.In {
		if _, still := s.gone[v]; still {
			delete(s.gone, v)
			continue
		}
		for _, g := range s.groups {
			g.gained(v)
		}
	}
	for _, v := range m.Out {
		if s.gone == nil {
			s.gone = map[subquery.Value]uint64{}
		}
		s.gone[v] = number
	}
	s.number, s.set = number, m.After
	if len(m.Out) > 0 {
		s.went = append(s.went, departure{number: number, values: m.Out, waits: s.users})
	}
	s.release()
	for _, g := range s.groups {
		g.place()
	}
}

// report takes in that a view has nothing but values that the result had at number or that came later; before is what was reported
// last, 0 for nothing.
func (s *source) report(before, number uint64) {
	if before == 0 {
		s.joined++
	}
	s.wait(before, number, -1)
	s.release()
}

// enter takes in a view of which nothing is known: it may have what is in the contents now, and all that will be.
func (s *source) enter() {
	s.users++
	s.wait(0, math.MaxUint64, 1)
}

// leave takes in that a view is gone, after what was reported last.
func (s *source) leave(before uint64) {
	s.users--
	if before > 0 {
		s.joined--
	}
	s.wait(before, math.MaxUint64, -1)
	s.release()
}

// wait counts one shape more or less that waits for what went after from, up to to.
func (s *source) wait(from, to uint64, by int) {
	first, _ := slices.BinarySearchFunc(s.went, from+1, func(d departure, number uint64) int { return cmp.Compare(d.number, number) })
	for i := first; i < len(s.went) && s.went[i].number <= to; i++ {
		s.went[i].waits += by
	}
}

// release gives up what no view has any more.
func (s *source) release() {
	for len(s.went) > 0 && s.went[0].waits == 0 {
		w := s.went[0]
		s.went[0] = departure{}
		s.went = s.went[1:]
		for _, v := range w.values {
			if s.gone[v] != w.number {
				continue // it came back
			}
			for _, g := range s.groups {
				g.lost(v)
			}
			delete(s.gone, v)
		}
	}
	if len(s.went) == 0 {
		s.went, s.gone = nil, nil
	}
}
