// Package simulation tests the data plane as a whole: the plain cores of collector, consumers and writer with the real
// filter and the real store on a file system that can lose what was not synced, against a model of Postgres. A seed decides
// what happens in which order: transactions, snapshots, deliveries, syncs, removals, suspended consumers, refreshes and restarts,
// crashes of a consumer, of the streaming subtree, of the process, of Postgres. The status authority is the real one.
//
//	go test ./actors/simulation -run TestSimulation -seed 42
//	go test ./actors/simulation -run TestSimulation -first 1000 -seeds 5000
//	go tool task sim -- -run TestSimulation -for 1h
//
// The one invariant: for every shape, at every moment, its snapshot and its log played back are the rows that the shape has
// in the model at the log's end.
package simulation
