package subquery

import (
	"errors"

	"leyden/internal/where"
)

// Program is a DNF bound to the columns of one relation version. It has memory of its own for what it does: it must not be used
// by two goroutines at once.
type Program struct {
	positions []position
	disjuncts [][]int
	tests     []lhs
	leaves    []*where.Program

	truths []where.Truth // of the tests, then of the leaves
	value  []byte
	probe  []byte
}

// position is a condition as the number of its truth. A leaf that several positions have has one.
type position struct {
	truth int
	want  where.Truth
}

// Bind resolves the columns of d: names[i] is the column at position i of a row. A missing column is an error.
func Bind(d *where.DNF, names []string) (*Program, error) {
	p := &Program{disjuncts: d.Disjuncts, positions: make([]position, len(d.Positions))}
	leaves := map[string]int{}
	for i := range d.Positions {
		from := &d.Positions[i]
		to := &p.positions[i]
		to.want = where.True
		if from.Negated {
			to.want = where.False
		}
		if from.Leaf == nil {
			n, err := p.test(from, names)
			if err != nil {
				return nil, err
			}
			to.truth = n
			continue
		}
		n, ok := leaves[from.Leaf.Encoding()]
		if !ok {
			leaf, err := from.Leaf.Bind(names)
			if err != nil {
				return nil, err
			}
			n = len(p.leaves)
			leaves[from.Leaf.Encoding()] = n
			p.leaves = append(p.leaves, leaf)
		}
		to.truth = -1 - n // until it is known how many tests there are
	}
	for i := range p.positions {
		if to := &p.positions[i]; to.truth < 0 {
			to.truth = len(p.tests) - 1 - to.truth
		}
	}
	p.truths = make([]where.Truth, len(p.tests)+len(p.leaves))
	return p, nil
}

// test is the number of the test of a position.
func (p *Program) test(of *where.Position, names []string) (int, error) {
	for i := range p.tests {
		if p.tests[i].same(of) {
			return i, nil
		}
	}
	l, err := newLHS(of, names)
	if err != nil {
		return 0, err
	}
	p.tests = append(p.tests, l)
	return len(p.tests) - 1, nil
}

// Conditions appends to dst for each position whether it is true of a row. views has the values of each subquery. A leaf that
// cannot be evaluated is true for no position, negated or not; failures counts these leaves. The error is where.ErrCaseUnknown:
// nobody here can tell.
func (p *Program) Conditions(row [][]byte, views []Set, s *where.Scratch, dst []bool) (conditions []bool, failures int, err error) {
	for i := range p.tests {
		t := &p.tests[i]
		var ok bool
		if p.value, ok = t.appendValue(p.value[:0], row); !ok {
			p.truths[i] = where.Null
			failures++
			continue
		}
		p.truths[i] = views[t.dependency].Test(p.value, &p.probe)
	}
	for i, leaf := range p.leaves {
		truth, err := leaf.Eval(row, s)
		if err != nil {
			if errors.Is(err, where.ErrCaseUnknown) {
				return dst, failures + 1, err
			}
			truth = where.Null
			failures++
		}
		p.truths[len(p.tests)+i] = truth
	}
	for _, at := range p.positions {
		dst = append(dst, p.truths[at.truth] == at.want)
	}
	return dst, failures, nil
}

// Included reports whether a row with these conditions is in the shape.
func (p *Program) Included(conditions []bool) bool { return included(p.disjuncts, conditions) }

func included(disjuncts [][]int, conditions []bool) bool {
next:
	for _, positions := range disjuncts {
		for _, at := range positions {
			if !conditions[at] {
				continue next
			}
		}
		return true
	}
	return false
}
