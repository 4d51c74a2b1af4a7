// Package array holds values of Postgres' array types and does with them what Postgres 15 does: it reads and prints their
// text, compares, searches, cuts and joins them. The element type comes in as a Type. The package never looks into the bytes
// of an element and knows no type of its own.
//
// The one invariant: the number of elements in a Value is the product of the lengths of its dimensions, and a Value without
// dimensions is the empty array. Every function here takes and gives such values, so none has to check them.
package array
