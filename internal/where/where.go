package where

// Column is a table column as the where language sees it.
type Column struct {
	Name string
	// Type is the pg_type.typname of the element type for arrays, of the base type for domains, else of the type itself.
	Type string
	Dims int // > 0: an array
	Kind Kind
	// Below is, for domains, what sort of type is below all domains.
	Below Kind
	// OfDomains says that it is an array whose elements are of a domain, and not of a domain over an array.
	OfDomains bool
	// TypeSchema is the schema of an enum; "" when it is not known, and then constants of it have no type in the canonical text.
	TypeSchema string
	// Labels are those of an enum, in the order of the catalogue, joined by zero bytes; "" when they are not known.
	Labels string
	// Collation is the column's own: "" when it is the database's, C when it is of that order and those letters, else any name.
	Collation string
	// Nondeterministic says that equal texts need not be the same bytes: nothing but NULL is compared.
	Nondeterministic bool
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
