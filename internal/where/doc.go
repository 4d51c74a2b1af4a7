// Package where is the language of shape conditions: the part of SQL that Leyden evaluates itself, exactly as Postgres
// would. It parses with Postgres' grammar, types and folds a clause, prints its canonical SQL, evaluates it over rows in
// text form, and tells a router which equalities it contains. It never talks to Postgres and knows of tables nothing but the
// columns that it is given.
//
// The one invariant: one typed tree is the source of the canonical SQL, of the evaluation and of the routing keys, so the
// three cannot disagree. A clause that this package cannot evaluate exactly is not accepted.
package where
