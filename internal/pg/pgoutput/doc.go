// Package pgoutput reads what the pgoutput plugin of Postgres writes: protocol version 1, tuples in text form, whole
// transactions in commit order. The Decoder takes single messages apart without copying; the Fragmenter makes fragments
// of transactions and relation events of them.
//
// It does no I/O, has no clock and knows neither shapes nor positions. It never trusts a length that it reads: malformed
// input gives an error, never a panic.
//
// The one invariant: events are a pure function of the messages and of the Fragmenter's options. The same stream, sent
// again after a reconnect, gives the same fragments with the same offsets; duplicate detection relies on it.
package pgoutput
