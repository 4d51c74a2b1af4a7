package subquery

import "slices"

// Moves is how the values of an inner shape have changed with a commit.
type Moves struct {
	In, Out []Value
	// XIDs are the transactions that caused it, sorted. There may be none.
	XIDs []uint64
	// Before and After are all values, so that a view can become the very set that the inner shape has. They are the same for
	// whoever does not know them.
	Before, After Set
}

// Batch is what is taken from a Queue at once: values of one dependency that all come or all go.
type Batch struct {
	Dependency int
	In         bool
	Values     []Value
	XIDs       []uint64
}

// Queue holds the moves of an outer shape's dependencies until they are applied to its views (spec where-and-subqueries §4.7.4).
// For each value it has at most one move, and none that would not change the view. The zero value is empty.
type Queue struct {
	pending []pending // of each dependency
}

// pending are the moves of one dependency.
type pending struct {
	moves []move // in the order of the last move of each value
	at    map[Value]int
	live  [2]int // how many go, how many come
	xids  [2][]uint64
	// latest is what the view becomes with all of them, if they follow from it without a gap.
	latest  Set
	follows bool
}

type move struct {
	value Value
	in    bool
	dead  bool // a later move is in its place, or cancelled it
}

func side(in bool) int {
	if in {
		return 1
	}
	return 0
}

// Enqueue adds moves of a dependency. base is the view as it is, or while rows are queried as it will be: it changes between two
// calls only by what Pop returned.
func (q *Queue) Enqueue(dependency int, m Moves, base Set) {
	for len(q.pending) <= dependency {
		q.pending = append(q.pending, pending{at: map[Value]int{}})
	}
	p := &q.pending[dependency]
	if len(p.at) == 0 {
		p.latest, p.follows = base, true
	}
	p.follows = p.follows && p.latest == m.Before && m.Before != m.After
	p.latest = m.After
	p.add(m.Out, false, m.XIDs, base)
	p.add(m.In, true, m.XIDs, base)
	for i := range p.live {
		if p.live[i] == 0 {
			p.xids[i] = nil
		}
	}
	if len(p.moves) > 2*len(p.at)+16 {
		p.compact()
	}
}

func (p *pending) add(values []Value, in bool, xids []uint64, base Set) {
	if len(values) == 0 {
		return
	}
	for _, v := range values {
		if at, ok := p.at[v]; ok {
			p.moves[at].dead = true
			p.live[side(p.moves[at].in)]--
			delete(p.at, v)
		}
		if base.Contains(v) == in {
			continue
		}
		p.at[v] = len(p.moves)
		p.moves = append(p.moves, move{value: v, in: in})
		p.live[side(in)]++
	}
	p.xids[side(in)] = join(p.xids[side(in)], xids)
}

// join is the sorted union.
func join(a, b []uint64) []uint64 {
	if len(b) == 0 {
		return a
	}
	a = append(a, b...)
	slices.Sort(a)
	return slices.Compact(a)
}

func (p *pending) compact() {
	p.moves = slices.DeleteFunc(p.moves, func(m move) bool { return m.dead })
	for i := range p.moves {
		p.at[p.moves[i].value] = i
	}
}

// Empty reports whether there is nothing to pop.
func (q *Queue) Empty() bool {
	for i := range q.pending {
		if len(q.pending[i].at) > 0 {
			return false
		}
	}
	return true
}

// Leaves reports whether values of a dependency are to go that a view may still have.
func (q *Queue) Leaves(dependency int) bool {
	return dependency < len(q.pending) && q.pending[dependency].live[side(false)] > 0
}

// Settled is the dependency's own set if its view has the same values: nothing is pending, and the moves have followed from each
// other. Whoever takes it for the view shares its memory with the inner shape and with all others that do.
func (q *Queue) Settled(dependency int) (Set, bool) {
	if dependency >= len(q.pending) {
		return Set{}, false
	}
	p := &q.pending[dependency]
	return p.latest, p.follows && len(p.at) == 0
}

// Pop takes all that goes of the lowest dependency of which something does; if nothing goes any more, all that comes of the
// lowest one.
func (q *Queue) Pop() (Batch, bool) {
	for _, in := range []bool{false, true} {
		for i := range q.pending {
			if p := &q.pending[i]; p.live[side(in)] > 0 {
				return Batch{Dependency: i, In: in, Values: p.take(in), XIDs: p.drain(in)}, true
			}
		}
	}
	return Batch{}, false
}

func (p *pending) take(in bool) []Value {
	values := make([]Value, 0, p.live[side(in)])
	rest := p.moves[:0]
	for _, m := range p.moves {
		switch {
		case m.dead:
		case m.in == in:
			values = append(values, m.value)
			delete(p.at, m.value)
		default:
			p.at[m.value] = len(rest)
			rest = append(rest, m)
		}
	}
	clear(p.moves[len(rest):])
	p.moves = rest
	p.live[side(in)] = 0
	return values
}

func (p *pending) drain(in bool) []uint64 {
	xids := p.xids[side(in)]
	p.xids[side(in)] = nil
	return xids
}
