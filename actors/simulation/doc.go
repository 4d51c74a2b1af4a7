// Package simulation tests the data plane as a whole: the plain cores of collector, consumers and writer with the real
// filter and the real store on a file system that can lose what was not synced, against a model of Postgres. A seed decides
// what happens in which order: transactions, snapshots, deliveries, syncs, removals, crashes of a consumer, of the streaming
// subtree, of the process, of Postgres.
//
//	go test ./actors/simulation -run TestSimulation -seed 42
//	LEYDEN_SIM_SEEDS=5000 go test ./actors/simulation -run TestSimulation
//
// The one invariant: for every shape, at every moment, its snapshot and its log played back are the rows that the shape has
// in the model at the log's end.
package simulation
