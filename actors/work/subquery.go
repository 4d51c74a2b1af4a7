package work

import (
	"errors"

	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// Why the log of a shape with subqueries can no longer be continued.
var (
	ErrBufferOverflow = errors.New("too many transactions came while rows were read that move in")
	ErrMoveTooLarge   = errors.New("too many rows move in at once")
	// ErrMoveUnprovable ends a shape for a change of a subquery's result that no message could tell its clients exactly.
	ErrMoveUnprovable = errors.New("the result of a negated subquery changed in a way that cannot be told by patterns")
)

// ForShape is a message that the collector passes on to the partition of a shape, behind what it has sent there before.
type ForShape interface{ For() shape.ID }

// Attach has the result of an inner shape, as the values of Columns, told to an outer one: View with what it is, and Moved for each
// change from then on. It is sent to the partition of the inner shape, once the snapshot of that is complete.
type Attach struct {
	Inner, Outer shape.ID
	Dependency   int // of the outer shape: the number of the subquery
	Columns      []string
	Canon        []where.Canon
}

// Detach ends what Attach began, for all dependencies. It may come for what was never attached.
type Detach struct{ Inner, Outer shape.ID }

// View tells an outer shape the result of one of its subqueries.
type View struct {
	ID         shape.ID
	Dependency int
	Number     uint64 // of the result, as in Members
	Set        subquery.Set
}

// Moved tells an outer shape how the result of one of its subqueries changed with a transaction.
type Moved struct {
	ID         shape.ID
	Dependency int
	Number     uint64 // of the result after it, as in MembersMoved
	subquery.Moves
}

// SnapshotRead tells an outer shape that all rows of its first snapshot have been read, and for each subquery whether one of them had a
// NULL among several columns that are looked for in the result.
type SnapshotRead struct {
	ID      shape.ID
	Partial []bool
}

// Begin fixes the views with which the snapshot of an outer shape is taken, as soon as all are there. Answer is called on the
// goroutine of its partition, once, and must not block. It is not called if the shape ends first.
type Begin struct {
	ID     shape.ID
	Run    *Run // set by the collector
	Answer func(views []subquery.Set)
}

// MoveIn is a query for rows that come into an outer shape because a subquery's result has changed.
type MoveIn struct {
	ID            shape.ID
	Number        uint64 // counts the queries of the shape
	Dependency    int
	Before, After []subquery.Set
}

// MoveInKnown tells the database snapshot of a MoveIn. LSN is not below the end of any transaction visible in it.
type MoveInKnown struct {
	ID       shape.ID
	Number   uint64
	Snapshot pg.Snapshot
	LSN      uint64
}

// MoveInRows is the result of a MoveIn: complete JSON objects, and what SnapshotRead tells of them. Err says that there is none, and
// that the shape cannot go on.
type MoveInRows struct {
	ID      shape.ID
	Number  uint64
	Rows    [][]byte
	Partial []bool
	Err     error
}

func (m *Attach) For() shape.ID       { return m.Inner }
func (m *Detach) For() shape.ID       { return m.Inner }
func (m *SnapshotRead) For() shape.ID { return m.ID }
func (m *MoveInKnown) For() shape.ID  { return m.ID }
func (m *MoveInRows) For() shape.ID   { return m.ID }
