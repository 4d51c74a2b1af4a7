package subquery

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
)

// ErrLog reports changes that do not follow from each other: a row comes twice, or one goes that is not there. What was made of
// them is worth nothing.
var ErrLog = errors.New("the changes of a shape do not fit its rows")

// counts says of how many rows each value is. A value of no row is in none of its parts.
type counts struct {
	set Set
	// more has the rows beyond the first of values that have them.
	more tally
	// open is what has changed since the last commit.
	open map[Value]int
}

func newCounts() counts { return counts{more: newTally(), open: map[Value]int{}} }

func (c *counts) add(v Value, rows int) { c.open[v] += rows }

// commit closes what is open. It returns the values that have come and those that have gone, sorted.
func (c *counts) commit() (in, out []Value, err error) {
	for v, by := range c.open {
		if by == 0 {
			continue
		}
		before := 0
		if c.set.Contains(v) {
			before = 1 + c.more.of(v)
		}
		after := before + by
		if after < 0 {
			return nil, nil, fmt.Errorf("%w: %d rows of one value go, there are %d", ErrLog, -by, before)
		}
		c.more.put(v, max(before-1, 0), max(after-1, 0))
		switch {
		case before == 0:
			in = append(in, v)
		case after == 0:
			out = append(out, v)
		}
	}
	c.more.settle()
	c.open = map[Value]int{}
	slices.Sort(in)
	slices.Sort(out)
	c.set = c.set.With(in, out)
	return in, out, nil
}

// tally is a number for each of some values, in a tree as sets have it: there are about as many bytes for a value.
type tally struct {
	tree        *node
	editor      editor
	add, remove []entry // until settle
}

func newTally() tally {
	return tally{editor: editor{seed: maphash.MakeSeed(), tally: true, changed: func(Value, int) {}}}
}

func (t *tally) hash(v Value) uint64 { return maphash.String(t.editor.seed, string(v)) }

// of is the number of v, 0 if it has none.
func (t *tally) of(v Value) int {
	if leaf, at := t.tree.where(t.hash(v), string(v)); at >= 0 {
		return int(leaf.rows[at])
	}
	return 0
}

// put changes the number of v, at most once for a value before settle.
func (t *tally) put(v Value, before, after int) {
	switch hash := t.hash(v); {
	case before == after:
	case after == 0:
		t.remove = append(t.remove, entry{hash: hash, value: v})
	case before == 0:
		t.add = append(t.add, entry{hash: hash, value: v, rows: uint32(after)})
	default:
		leaf, at := t.tree.where(hash, string(v))
		leaf.rows[at] = uint32(after)
	}
}

func (t *tally) settle() {
	sortEntries(t.add)
	sortEntries(t.remove)
	t.tree = t.editor.edit(t.tree, t.add, t.remove, topShift)
	t.add, t.remove = nil, nil
}
