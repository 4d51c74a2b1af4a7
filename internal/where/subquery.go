package where

// Tables finds the columns of a table that a subquery reads. Its errors are those of the compilation, as they are: one that a
// client is to read is an *Error.
type Tables func(schema, name string) ([]Column, error)

// Subquery is one `SELECT columns FROM table WHERE clause` whose values a clause tests for. Equal ones of one clause are one.
type Subquery struct {
	Schema, Table string
	// Columns is the select list, in its order.
	// It may name a column more than once.
	Columns []string
	// Values says for each column how its values become canonical and how they are written in SQL.
	Values []Membership
	// Where is nil for none. It may have subqueries of its own.
	Where *Clause
}

// Membership is what a type needs to be a value that is looked for in the result of a subquery: equal values have equal canonical
// texts.
type Membership struct {
	// Type is the type as SQL names it, quoted if need be: an array of it is written `'{…}'::type[]`.
	Type string
	// Array says that it is an array itself, Type ending in []: Postgres has no arrays of arrays, and values of it must be written
	// one by one.
	Array bool
	// Canon makes the canonical text.
	Canon Canon
}

// Canon is how the canonical text of a value is made of its text.
type Canon uint8

const (
	CanonText    Canon = iota // it is the text
	CanonNumeric              // without trailing zeros of the fraction, and without a point that ends it
	CanonFloat                // -0 is 0
	CanonPadded               // without trailing blanks
	CanonBool                 // t or f, which some write as true or false
)

// DNF is a clause with subqueries as a disjunction of conjunctions (spec where-and-subqueries §4.4).
type DNF struct {
	Positions []Position
	// Disjuncts holds the positions of each, consecutive and ascending over all.
	Disjuncts [][]int
	// Subqueries are those of the clause.
	Subqueries []Subquery
}

// Position is one condition of one disjunct. It is true iff its leaf is, or, if it is negated, iff NOT leaf is: never when that is
// NULL.
type Position struct {
	Negated bool
	// Subquery is the number of the subquery that the leaf tests for, -1 for a condition of the row alone.
	Subquery int
	// Columns are those of the row that are looked for in the subquery's result, in order.
	Columns []string
	// LHS is the SQL of each of them, with the cast that the clause has on it; Canon says how the canonical text of the column's
	// values is made.
	LHS   []string
	Canon []Canon
	// Leaf is the condition without its negation, nil for a test of membership.
	Leaf *Clause
}
