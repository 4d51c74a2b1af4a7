package where

// Column is a table column as the where language sees it.
type Column struct {
	Name string
	// Type is the pg_type.typname of the element type for arrays, of the base type for domains, else of the type itself.
	Type string
	Dims int // > 0: an array
	Kind Kind
	// TypeMod is the modifier of the column, -1 for none. For domains over a type with a modifier it is the base type's.
	TypeMod int32
}

// Kind is what sort of type a column has.
type Kind uint8

const (
	Base Kind = iota
	Enum
	Domain
	Composite
	Range
	Multirange
	Pseudo
)

// NonPrimitive reports whether a reference to such a column makes a shape "non primitive in where" (spec http-api §10.1).
func (k Kind) NonPrimitive() bool { return k == Enum || k == Domain || k == Composite }

// Truth is a value of three-valued logic.
type Truth int8

const (
	False Truth = iota
	True
	Null
)

// Clause is a compiled where clause. It is immutable and safe for concurrent use.
type Clause struct {
	sql string
}

// Program is a Clause bound to the column positions of one relation version. It is immutable and safe for concurrent use.
type Program struct{}

// Scratch is the reusable memory of evaluations. The zero value is ready; it must not be used by two evaluations at once.
type Scratch struct{}

// Route is what of a clause can be found through an index: rows for which the clause is true have one of Keys in Column.
type Route struct {
	Column string   // "" when nothing of the clause is indexable
	Keys   [][]byte // key bytes of the constants, without duplicates
	Exact  bool     // the equality is the whole clause
}

// Compile types and folds a where clause. The error is an *Error.
func Compile(text string, params map[string]string, cols []Column) (*Clause, error) {
	return nil, &Error{Field: "where", Location: 0, Reason: "where clauses cannot be compiled"}
}

// Unmarshal reads what MarshalBinary wrote.
func Unmarshal(b []byte) (*Clause, error) { return nil, &Error{Field: "where", Reason: "where clauses cannot be compiled"} }

// MarshalBinary encodes the compiled form.
func (c *Clause) MarshalBinary() ([]byte, error) { return []byte(c.sql), nil }

// SQL is the canonical text: the clause's part of a shape's identity, and what snapshots are queried with.
func (c *Clause) SQL() string { return c.sql }

// Columns are the referenced columns, without duplicates.
func (c *Clause) Columns() []string { return nil }

// Bind resolves the referenced columns to tuple positions: names[i] is the column at position i.
func (c *Clause) Bind(names []string) (*Program, error) { return &Program{}, nil }

// Route gives the indexable equalities.
func (c *Clause) Route() Route { return Route{} }

// Canonical returns what maps the replicated text of column to key bytes, nil when the text is the key.
func (c *Clause) Canonical(column string) func(dst, text []byte) ([]byte, error) { return nil }

// Eval evaluates the clause over a row in text form.
func (p *Program) Eval(row [][]byte, s *Scratch) (Truth, error) { return Null, nil }

// OrderBy compiles a subset's order_by.
func OrderBy(text string, cols []Column) (string, error) {
	return "", &Error{Field: "order_by", Location: -1, Reason: "order_by cannot be compiled"}
}
