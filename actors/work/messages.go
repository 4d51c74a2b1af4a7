package work

import (
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Relation tells the collector that a table is described anew. Old is what the stream said of it before, nil for nothing.
type Relation struct{ Old, New *change.Relation }

// AddShape makes the collector route to a shape from the next transaction on. Done is called on the collector's goroutine
// when it does, and must not block.
//
// A new shape is added before its table is published and before its snapshot is taken, so that no committed change falls
// in between; the lookup of the partitions must know it before that.
type AddShape struct {
	ID  shape.ID
	Def *shape.Definition
	// Dependencies are the shapes that must have taken in a change before this one is handed it: one for each subquery of the clause,
	// in their order. Done gets ErrMissingDependencies, and the shape is not routed to, if one of them is not routed to.
	Dependencies []shape.ID
	// Partitioned says that the table is partitioned, Children are its partitions on every level as far as they are known.
	Partitioned bool
	Children    []shape.Table
	// Filtering and Xmax say that transactions are still compared with the shape's snapshot; known for restored shapes only.
	Filtering bool
	Xmax      uint64
	Done      func(error)
}

// StreamReached tells the collector that outside of transactions the stream has got to LSN: everything that commits before it has
// been handed on. It goes with the fragments, in their order.
type StreamReached struct{ LSN uint64 }

// Await has the partition of a shape told by Reached when every transaction that ends at or before LSN has been handed to the
// partitions, and has passed its layers. It is for one time; another of the same shape takes its place. It is forgotten with the
// shape and with the collector.
type Await struct {
	ID  shape.ID
	LSN uint64
}

// Reached tells a shape that the stream has got to where it awaited it.
type Reached struct {
	ID  shape.ID
	LSN uint64 // of the Await
}

// RemoveShape makes the collector forget a shape at once. The shape must have been removed from the store before, durably:
// what it has not stored is no longer waited for. It must come for every shape that was added, sooner or later, and may come
// more than once.
type RemoveShape struct {
	ID   shape.ID
	Done func()
}

// Durable tells the collector how far the store has been synced.
type Durable struct {
	Run *Run
	// Seq is the last work that is durable, with all before it.
	Seq uint64
	// Hold is the lowest commit LSN of a transaction that some shape has not stored, 0 for none.
	Hold uint64
}

// Forget tells the writer that a shape has been removed. Works after Seq do not concern it.
type Forget struct {
	Run *Run
	ID  shape.ID
	Seq uint64
}

// SnapshotKnown tells the consumer of a shape which transactions the shape's snapshot contains. It is sent to the shape's
// partition as soon as the snapshot is known, and again when the streaming subtree has restarted before the snapshot is
// complete. Until then the shape's transactions are held back, and nothing after them is acknowledged. The shape's log knows
// the snapshot before this is sent, so that it is only for a consumer that is awake.
type SnapshotKnown struct {
	ID       shape.ID
	Snapshot pg.Snapshot
}

// FilteringOver tells the consumer of a shape that every transaction that its snapshot could contain has been settled.
type FilteringOver struct {
	Run *Run
	ID  shape.ID
}

// Drop ends the consumers of shapes that are being removed. Done is called when all have ended, on the goroutine of a partition
// or the collector's, and must not block; nothing is appended to the logs of the shapes after that by their consumers.
type Drop struct {
	IDs  []shape.ID
	Done func()
}

// Register tells the collector which shapes come and go (spec engine §5.9). What goes is taken out before what comes is put
// in. Done is called after both, on the collector's goroutine, and must not block.
type Register struct {
	Remove []*RemoveShape
	Add    []*AddShape
	Done   func()
}

// Verify asks a shape whose flush is overdue whether it holds transactions back for a reason (spec engine §5.7). Deferred is
// called by the consumer if so, on its partition's goroutine, and must not block.
type Verify struct {
	ID       shape.ID
	Deferred func()
}

// Holders asks the writer which shapes have not stored what the stream has passed. Answer is called on the writer's goroutine
// and must not block.
type Holders struct {
	Run    *Run
	Answer func([]Holder)
}

// Holder is a shape and the lowest commit LSN that it holds back.
type Holder struct {
	ID  shape.ID
	LSN uint64
}

// Shape is what a consumer is built from.
type Shape struct {
	ID  shape.ID
	Def *shape.Definition
	Log *shapelog.Log
}

// Shapes finds shapes by id. It is called by partitions, from their goroutines, when a message comes for a shape that has no
// consumer; it does not block. ok is false for a shape that does not exist any more.
type Shapes interface {
	Shape(id shape.ID) (s Shape, ok bool)
}
