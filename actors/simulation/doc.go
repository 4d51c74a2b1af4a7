// Package simulation tests the data plane as a whole: the plain cores of collector, consumers and writer with the real
// filter and the real store on a file system that can lose what was not synced, against a model of Postgres. A seed decides
// what happens in which order: transactions, snapshots, deliveries, syncs, removals, suspended consumers, refreshes and restarts,
// crashes of a consumer, of the streaming subtree, of the process, of Postgres. The status authority is the real one.
//
// Every third seed has shapes with subqueries too, over inner shapes that others may have. There the actors of consumers and
// materializers run, on the goroutine of the world; what a partition and the making of shapes do for them is played here.
//
//	go test ./actors/simulation -run TestSimulation -seed 42
//	go test ./actors/simulation -run TestSimulation -first 1000 -seeds 5000
//	go tool task sim -- -run TestSimulation -for 1h
//
// The one invariant: for every shape, at every moment, its snapshot and its log played back are the rows that the shape has
// in the model at the log's end. For a shape with subqueries, whose log is ahead of these at times and behind at others: whenever nothing
// is under way for it, a client that goes by tags has the rows that the query gives where the stream is. When all shapes are removed,
// nothing is left of them.
package simulation
