// Package pgtext has Postgres' functions on text. A text is valid UTF-8, which is what a database of that encoding sends, and
// is counted in characters from 1. What is a part of an operand is returned as a view of it, anything else is appended.
//
// It never compares or orders texts, and never knows a locale.
//
// The one invariant: a result is valid UTF-8 when the operands are, and never longer than MaxLength.
package pgtext
