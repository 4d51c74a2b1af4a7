// Package pgserver runs private Postgres servers: for tests, and for a developer who has none. A server listens on
// 127.0.0.1 only, trusts every local connection, and writes enough WAL for logical replication.
//
// It never touches a server that it did not start, and it is never used against a database that anybody else depends on.
//
// The one invariant: no server outlives the process that started it, however that process ends. On Linux the kernel sends
// the server a signal when its parent dies; elsewhere a small shell waits for the end of a pipe and sends it.
package pgserver
