// Package writer puts what consumers made of fragments into the store, in the order of the stream, and has the store synced.
// It gathers everything that is ready into one batch, gives the credit of applied fragments back, and reports what is
// durable to the collector.
//
// It never changes an item and never decides what belongs to a shape. An error of the store ends it: the streaming subtree
// must be started again from the position of the store.
//
// The one invariant: the store's position is never beyond a transaction that some shape has still to store.
package writer
