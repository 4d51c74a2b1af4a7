// Package shapelog is everything that is on disk: the log and the snapshot of every shape, the catalogue of shapes, the
// position in the replication stream, and small replication state. All of it lives in one Pebble store, so that one batch
// can change any part of it together.
//
// It stores and hands out bytes. It never decodes a row, never talks to Postgres, never decides what belongs to a shape,
// and starts no goroutine but the one that stores a part of a large snapshot, for which its writer waits.
//
// The one invariant: a batch of appends and the stream position that goes with it are in the store together or not at all,
// and what a reader can see of a log ends at the end of a transaction.
//
// One goroutine at a time appends (Apply); any number read, write snapshots, create and remove.
package shapelog
