package work

// SettleMargin is how far past the end of a snapshot the transaction ids of the stream must be, for certainty that no
// transaction to come is in the snapshot.
//
// A transaction gets into the log before others can see it. So one with an id at or past xmax, that ran while the snapshot was
// taken, may come before one that the snapshot contains. One that began after the snapshot cannot; its id is past all that
// were given out by then: xmax and those, subtransactions included, that were running.
const SettleMargin = 1 << 20
