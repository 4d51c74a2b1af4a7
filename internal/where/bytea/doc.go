// Package bytea has Postgres' functions on binary strings: their text forms, encode and decode. A value is the bytes
// themselves.
//
// The one invariant: what Encode and Output write, Decode and Input read back to the same bytes.
package bytea
