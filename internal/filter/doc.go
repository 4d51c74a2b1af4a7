// Package filter answers which shapes a change touches. Shapes of the form `column = constant` are found through a hash of the
// column's value, so that a change costs the same among a hundred shapes and a million; the others by evaluating their clause.
// It knows nothing of logs, transactions or consumers, and never decides that a row is in a shape: consumers do.
//
// The one invariant: the answer contains every shape whose log the change could alter. Whatever cannot be decided (a value that
// does not parse, an evaluation that fails, a column that the relation does not have) counts as touching.
package filter
