// Package judge lets Postgres judge the where language. It makes schemas' rows and expressions from a seed, evaluates each
// expression over each row here and there, and reports where the two disagree, shrunk to the smallest case it can find.
//
// What there is to try is read from Postgres' own catalogue: operators, functions and casts over the types of the language, and
// a list of the forms of the grammar. What the compiler accepts of it is generated, so what the language learns is tried without
// a change here; what it does not accept is the coverage table.
//
// It never decides itself what an expression is worth. The one invariant is the rule of agreement, see Verdict: no clause is
// true or false here for a row for which Postgres has another value, and none fails here for which Postgres has one.
package judge
