// Package filter answers which shapes a change touches. What a clause asks of single columns (equality, the beginning of a text, a
// range, NULL) is found through indexes, so that a change costs the same among a hundred shapes and a million that it does not concern;
// what remains of the clauses that are found is evaluated, once for all shapes that share it. It knows nothing of logs,
// transactions or consumers, and never decides that a row is in a shape: consumers do.
//
// A clause that tests for the values of a subquery is found by a row's value in the result of that (spec where-and-subqueries §3.6,
// 3.7). A result has one source here, whatever the number of shapes that ask for it: it is the immutable set that the inner
// shape has, and no copy. Shapes do not have the result, though, but views of it, which follow later. What a source finds is therefore
// what the result has and what it had as long as a view may have it:
//
//   - A value is found before the view of any shape gains it: MembersMoved comes before the shapes are told. A shape that gains a
//     value reads the rows that have it, those of all transactions that were routed before included, so that these need not have
//     been found by it.
//   - A value that went is found until every shape of the source has reported, by Settled, that its view has nothing but what the
//     result had at that time or what came later. Reports are by the number of the transaction: one that was on its way before the
//     value went says nothing of it.
//   - A shape that has not reported yet is found by every value, and so are all shapes of a source whose result is not known, or of
//     which it cannot be told how it follows from the last one.
//
// Tests that are negated, or stand where no index helps, count as true.
//
// The one invariant: the answer contains every shape whose log the change could alter. Whatever cannot be decided (a value that
// does not parse, an evaluation that fails, a column that the relation does not have) counts as touching.
package filter
