// Package materializer is the actor that knows the result of a subquery: how many rows of an inner shape have each value. It begins
// with what the shape's log has, follows the shape's consumer, and tells the outer shapes which values came and went with each
// transaction.
//
// It never reads the log of a shape while that is followed, and never decides what a row is.
//
// The one invariant: an outer shape is told of a transaction before the inner shape's delivery of it is completed, and therefore
// before it gets its own.
package materializer
