// Package inspect reads tables from the catalogue of Postgres and keeps what it has read: names, columns, types, primary
// keys, partitions.
//
// It never looks at rows, never keeps the answer "no such table", and runs no goroutine: every load is done by a caller that
// needs it, and by one caller at a time.
//
// The one invariant: a *Table is immutable, and what a call returns was read after the last Clean of that table and the last
// Reset that happened before the call. So whoever cleans a table because of a change in it never sees it as it was before.
package inspect
