package work

import "sync/atomic"

// Metrics are the counters of the data plane. They only grow, but for the gauges named so.
type Metrics struct {
	Fragments    atomic.Uint64 // fragments that the collector took
	Duplicates   atomic.Uint64 // fragments that were sent again and dropped
	Changes      atomic.Uint64 // changes in the fragments that it took
	Transactions atomic.Uint64 // commits that it took
	Works        atomic.Uint64 // fragments that concerned some shape
	Deliveries   atomic.Uint64 // pairs of a work and a shape
	Encodings    atomic.Uint64 // changes encoded, each once for all shapes that emit it alike
	Items        atomic.Uint64 // log items applied
	Bytes        atomic.Uint64 // JSON bytes applied
	Batches      atomic.Uint64 // writes to the store
	Syncs        atomic.Uint64 // syncs of the store
	Lates        atomic.Uint64 // buffers of held transactions that were applied
	Undecided    atomic.Uint64 // values and clauses that could not be decided, and therefore touched their shapes
	Invalidated  atomic.Uint64 // shapes whose log could not be continued
	Stalled      atomic.Uint64 // shapes given up because they kept the position and made no progress
	Spawned      atomic.Uint64 // consumers started
	Passivated   atomic.Uint64 // consumers that went to sleep
	Moves        atomic.Uint64 // values of subqueries' results that came or went, for each shape that was told
	MoveQueries  atomic.Uint64 // queries for rows that move in
	MovedRows    atomic.Uint64 // rows that moved in
	Awake        atomic.Int64  // gauge: consumers
	Materialized atomic.Int64  // gauge: results of subqueries that are followed
	HeldBytes    atomic.Int64  // gauge: JSON bytes held back by shapes that wait for their snapshot
	Outstanding  atomic.Int64  // gauge: works that are not yet applied
	Hold         atomic.Uint64 // gauge: lowest commit LSN that a shape holds back, 0 for none
}
