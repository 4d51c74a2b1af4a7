// Package collector is the log collector: it takes fragments and relations from the replication stream one at a time, finds
// the shapes that they concern, and sends what each partition of consumers has to do. It keeps the account of what is
// durable, which is the only thing that moves the position acknowledged to Postgres.
//
// It never reads a row, never writes a log and never blocks on a consumer. What the stream says waits in it while a fragment goes
// through the layers of shapes that depend on each other; everything else goes on.
//
// The one invariant: a transaction is at or below the flush boundary only if every shape that it concerns has it on disk,
// or is gone from the disk.
package collector
