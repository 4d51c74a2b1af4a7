// Package integer computes with Postgres' integer types. A value is an int64, and the number of bits of its type, 16, 32 or 64,
// says where it ends: what does not fit is an error, never another number.
package integer
