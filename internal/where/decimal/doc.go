// Package decimal computes with numerics, digit by digit as Postgres does. A numeric is its text, [-]digits[.digits], NaN,
// Infinity or -Infinity, and every operation appends the text that Postgres prints for the result, display scale included.
//
// It never computes in floating point but where Postgres does, to choose how many digits a result has. Small numbers are computed
// without allocating.
//
// The one invariant: a result is a text that this package accepts, and one that Postgres could store.
package decimal
