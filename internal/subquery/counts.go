package subquery

import (
	"errors"
	"fmt"
	"slices"
)

// ErrLog reports changes that do not follow from each other: a row comes twice, or one goes that is not there. What was made of
// them is worth nothing.
var ErrLog = errors.New("the changes of a shape do not fit its rows")

// counts says of how many rows each value is. A value of no row is in none of its parts.
type counts struct {
	set Set
	// more has the rows beyond the first of values that have them.
	more map[Value]int
	// open is what has changed since the last commit.
	open map[Value]int
}

func newCounts() counts { return counts{more: map[Value]int{}, open: map[Value]int{}} }

func (c *counts) add(v Value, rows int) { c.open[v] += rows }

// commit closes what is open. It returns the values that have come and those that have gone, sorted.
func (c *counts) commit() (in, out []Value, err error) {
	for v, by := range c.open {
		if by == 0 {
			continue
		}
		before := 0
		if c.set.Contains(v) {
			before = 1 + c.more[v]
		}
		after := before + by
		switch {
		case after < 0:
			return nil, nil, fmt.Errorf("%w: %d rows of one value go, there are %d", ErrLog, -by, before)
		case after > 1:
			c.more[v] = after - 1
		case before > 1:
			delete(c.more, v)
		}
		switch {
		case before == 0:
			in = append(in, v)
		case after == 0:
			out = append(out, v)
		}
	}
	c.open = map[Value]int{}
	slices.Sort(in)
	slices.Sort(out)
	c.set = c.set.With(in, out)
	return in, out, nil
}
