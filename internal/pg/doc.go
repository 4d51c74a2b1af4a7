// Package pg holds what every part that talks to Postgres shares: positions in the write-ahead log, and arithmetic on
// transaction ids. It opens no connection; its children do: connect opens them, inspect reads the catalogue, publication
// prepares replication, pgoutput decodes it, snapshot runs queries, pgserver runs servers.
//
// The one invariant: a transaction id from the replication stream, which has 32 bits, is never compared with one of a
// snapshot, which has 64, but modulo 2^32.
package pg
