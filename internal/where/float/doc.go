// Package float computes with float4 and float8 as Postgres does: a result that is out of range is an error and not an infinity
// or zero, and only infinite operands yield infinities.
//
// It never computes a power itself: Postgres leaves that to the C library, and so does this package. Two C libraries may differ
// in the last bit of a power; glibc and musl compute it alike.
package float
