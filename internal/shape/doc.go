// Package shape holds what names and defines a shape: its definition and identity, its public handle, its id inside the
// process, and positions in its log. It is pure data: it never touches the network, the disk or a clock.
//
// The one invariant: an ID and a Handle are different types and nothing takes either. Ids stay in the process; handles are
// what clients, logs on disk and log lines know.
package shape
