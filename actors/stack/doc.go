// Package stack is one database's whole engine: it opens the store, takes the shapes that are there in, runs the tree of
// actors between Postgres and the store, and answers what HTTP asks.
//
// What survives what: shapes, store, catalogue and pools survive the loss of the replication connection, which is made anew
// with growing waits. The streaming subtree (partitions, writer, collector, replication) ends and starts as one, from the
// position of the store; shapes keep their ids and their snapshots go on. A store that fails ends the stack.
//
// It decides nothing about changes, rows or clauses, and knows nothing of HTTP.
//
// The one invariant: streaming goes on only after the slot has been found to be the one that the shapes were fed from, or
// all shapes have been removed.
package stack
