// Package snapshot reads the rows of a shape, or a subset of them, in one transaction of its own, and writes each as the
// JSON of an insert message. What a row looks like is decided here and not in SQL: values are in the form that the
// replication stream has, so that a key is the same in snapshot and log.
//
// It keeps no rows, cuts no chunks and waits for no connection: the caller has one, and the sink takes each row as it comes.
//
// The one invariant: every row comes from the database snapshot that the sink was told before.
package snapshot
