// Package filter answers which shapes a change touches. What a clause asks of single columns (equality, the beginning of a text, a
// range, NULL) is found through indexes, so that a change costs the same among a hundred shapes and a million that it does not concern;
// what remains of the clauses that are found is evaluated, once for all shapes that share it. It knows nothing of logs,
// transactions or consumers, and never decides that a row is in a shape: consumers do.
//
// The one invariant: the answer contains every shape whose log the change could alter. Whatever cannot be decided (a value that
// does not parse, an evaluation that fails, a column that the relation does not have) counts as touching.
package filter
