// Package subquery is what shapes whose clause tests for the values of subqueries consist of: values and sets of them, the
// conditions and tags of rows, the moves of values, and the counting of values in an inner shape.
//
// It does no I/O, starts no goroutine and reads no clock, and it never asks SQL what a value is: everything that is compared or
// hashed is a canonical text that was made here.
//
// The one invariant: two values that Postgres finds equal have the same bytes as a Value, wherever they come from, and others
// do not. Membership, tags and the patterns of moves rest on that and on nothing else.
package subquery
