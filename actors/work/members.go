package work

import (
	"leyden/internal/shape"
	"leyden/internal/subquery"
)

// Members tells the collector what the result of an inner shape's subquery is: the values of Columns. Who follows the inner shape sends
// it before each View, and numbers the results, from 1 on, by the transactions that change them. A result that it has sent before
// says nothing new. It ends with MembersOver.
type Members struct {
	Inner   shape.ID
	Columns []string
	Number  uint64
	Set     subquery.Set
}

// MembersOver tells the collector that nobody follows the inner shape for these columns any more.
type MembersOver struct {
	Inner   shape.ID
	Columns []string
}

// MembersMoved tells the collector how a result has changed; Before and After are known. It is sent before any outer shape is told by
// Moved, and before the inner shape's delivery of the transaction is completed. From then on the collector routes by the values that
// came, and by those that went as long as some shape has not Settled.
type MembersMoved struct {
	Inner   shape.ID
	Columns []string
	Number  uint64
	subquery.Moves
}

// Settled tells the collector, with the number of each dependency's View or Moved, up to which results an outer shape has applied what
// went: neither its views nor those of a move that is under way have a value that the result did not have then. 0 says nothing.
//
// The first one is sent when the shape knows its snapshot, not earlier: until then all changes are for the shape, as it may have to
// do with any of them that the snapshot does not contain. After that it gains a value only by a query that sees all transactions that
// were handed to the collector before the query began.
type Settled struct {
	ID      shape.ID
	Numbers []uint64
}
