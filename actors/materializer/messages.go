package materializer

import (
	"slices"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/subquery"
)

// Feed is what a shape's consumer made of one delivery, or handed in by itself. It is valid while it is received.
type Feed struct {
	// Changes are those of a shape without subqueries, Items those of a shape that has some.
	Changes []Change
	Items   []change.Item
	// Commit says that what was fed so far is what a reader of the shape sees, with the transactions that it is from.
	Commit bool
	XIDs   []uint64
}

// Change is the change of a row that is in the shape before or after it.
type Change struct {
	*change.Change
	InOld, InNew bool
}

// kept is a copy that outlives the message.
func (f *Feed) kept() Feed {
	k := *f
	k.Changes, k.Items, k.XIDs = slices.Clone(f.Changes), slices.Clone(f.Items), slices.Clone(f.XIDs)
	return k
}

// Look asks a materializer how it is, for operators. It is answered before the sending returns.
type Look struct {
	Ready     bool // it has read the log
	Values    int
	Followers int // outer shapes, each as often as it has the subquery
	Ended     error
}

// Built is what a materializer begins with, when it has read the log. It comes to the partition of the shape, which passes it on.
type Built struct {
	inner shape.ID
	key   string
	core  *subquery.Materializer
	err   error
}

// For names the shape to whose partition the message goes.
func (b *Built) For() shape.ID { return b.inner }

// Key names the columns that a materializer takes the values from: a shape has one for each order of them that somebody asks for.
func (b *Built) Key() string { return b.key }
