package where

import "bytes"

// value is one SQL value. Its type is known from the node that yields it and says which field holds it: i for bool (0, 1),
// integers, days since 2000-01-01 (date), microseconds since then (timestamps) or since midnight (time); f for floats; b for
// the rest:
//
//	texts, enum labels, json, jsonb    the text, of jsonb the one that Postgres prints
//	uuid                               its lower-case hyphenated text
//	numeric                            its decimal text
//	bytea, "char"                      the bytes; a "char" has at most one
//	interval                           months int32, days int32, microseconds int64, big endian
//	timetz                             microseconds int64, zone in seconds west of Greenwich int32, big endian
//	arrays                             the form of package array
//
// b is never modified and may alias the row, the compiled clause or the scratch memory.
type value struct {
	null bool
	i    int64
	f    float64
	b    []byte
}

// family is a way to compare values. The numbers are stored in compiled clauses.
type family uint8

const (
	famInt     family = 1 // bool, integers, dates and times
	famFloat   family = 2 // NaN equals itself and is greater than all else
	famNumeric family = 3
	famBytes   family = 4 // byte order
	famPadded  family = 5 // bpchar: byte order without trailing blanks

	famTimetz   family = 6
	famInterval family = 7
	famJSONB    family = 8
	famArray    family = 9 // element by element
)

func (f family) rep() rep {
	switch f {
	case famInt:
		return repInt
	case famFloat:
		return repFloat
	case famNumeric, famBytes, famPadded, famTimetz, famInterval, famJSONB, famArray:
		return repBytes
	}
	return repNone
}

// compareAs orders two values of type id that are not NULL.
func (f family) compareAs(id typeID, a, b *value) int {
	if f == famArray {
		return compareArrays(id.elem(), a.b, b.b)
	}
	return f.compare(a, b)
}

// compare orders two values that are not NULL and no arrays.
func (f family) compare(a, b *value) int {
	switch f {
	case famInt:
		switch {
		case a.i < b.i:
			return -1
		case a.i > b.i:
			return 1
		}
		return 0
	case famFloat:
		return compareFloat(a.f, b.f)
	case famNumeric:
		return compareNumeric(a.b, b.b)
	case famPadded:
		return bytes.Compare(trimBlanks(a.b), trimBlanks(b.b))
	case famTimetz:
		return compareTimetz(a.b, b.b)
	case famInterval:
		return compareIntervals(a.b, b.b)
	case famJSONB:
		return compareJSONB(a.b, b.b)
	}
	return bytes.Compare(a.b, b.b)
}

// relation is a comparison operator. The numbers are stored in compiled clauses.
type relation uint8

const (
	relEQ relation = 1
	relNE relation = 2
	relLT relation = 3
	relLE relation = 4
	relGT relation = 5
	relGE relation = 6
)

func (r relation) holds(cmp int) bool {
	switch r {
	case relEQ:
		return cmp == 0
	case relNE:
		return cmp != 0
	case relLT:
		return cmp < 0
	case relLE:
		return cmp <= 0
	case relGT:
		return cmp > 0
	}
	return cmp >= 0
}

func (r relation) String() string {
	switch r {
	case relEQ:
		return "="
	case relNE:
		return "<>"
	case relLT:
		return "<"
	case relLE:
		return "<="
	case relGT:
		return ">"
	}
	return ">="
}

// ordered reports whether r asks for more than equality.
func (r relation) ordered() bool { return r >= relLT }
