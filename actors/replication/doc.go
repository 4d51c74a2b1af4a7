// Package replication follows the database: it owns the walsender connection, keeps it alive, hands on fragments and
// relations in the order of the stream, and tells Postgres how far it may forget.
//
// It converts nothing, routes nothing and stores nothing. It holds no more than the credit it was given plus one
// fragment: without credit it stops reading, so that TCP stops the walsender, while its status messages go on.
//
// The one invariant: a position is acknowledged only when every transaction that commits below it has been confirmed by a
// flush boundary.
package replication
