// Package jsonb does with values of jsonb and json what Postgres 15 does: it reads them, looks into them, compares, joins and
// cuts them. A jsonb value is held as the text that Postgres prints for it, which is what the replication stream brings, so
// that nothing is decoded and an operator reads no more of a value than it needs. A json value is held as its text too, which
// is any text that is JSON.
//
// The package allocates nothing but for a result that is not a part of its argument. Texts are in UTF-8.
//
// The one invariant: a Value is in canonical form. Keys are ordered by length, then bytes, and distinct; ", " and ": " are the
// only white space; a string has no escapes but those that it must have; a number is printed as a numeric. So equal strings
// have equal texts, and two objects are matched by one walk over both. A Value that is not in this form gives wrong answers
// but no panic.
package jsonb
