package where

import "strings"

// typeID numbers the types of the language. The numbers are stored in compiled clauses: they never change. That of an array is
// that of its elements with arrayFlag; as in Postgres the number of dimensions is no part of a type.
type typeID uint8

const (
	tUnknown     typeID = 0 // a literal that nothing has given a type yet
	tBool        typeID = 1
	tInt2        typeID = 2
	tInt4        typeID = 3
	tInt8        typeID = 4
	tFloat4      typeID = 5
	tFloat8      typeID = 6
	tNumeric     typeID = 7
	tText        typeID = 8
	tVarchar     typeID = 9
	tBpchar      typeID = 10
	tName        typeID = 11
	tUUID        typeID = 12
	tDate        typeID = 13
	tTime        typeID = 14
	tTimestamp   typeID = 15
	tTimestamptz typeID = 16
	tEnum        typeID = 17
	tComposite   typeID = 18 // only tested for NULL, field by field
	tOpaque      typeID = 19 // any other column: only tested for NULL
	tBytea       typeID = 20
	tJSON        typeID = 21
	tJSONB       typeID = 22
	tTimetz      typeID = 23
	tInterval    typeID = 24
	tChar        typeID = 25 // "char", a single byte
	typeCount    typeID = 26

	arrayFlag typeID = 0x80
)

// The types that only the arguments and results of functions have. They stand for others and are never stored.
const (
	tAny typeID = 0x60 + iota
	tAnyElement
	tAnyArray
	tAnyNonArray
	tAnyEnum
	tAnyCompatible
	tAnyCompatibleArray
	tAnyCompatibleNonArray
)

func (id typeID) array() typeID       { return id | arrayFlag }
func (id typeID) isArray() bool       { return id&arrayFlag != 0 }
func (id typeID) elem() typeID        { return id &^ arrayFlag }
func (id typeID) isPolymorphic() bool { return id > tAny && id <= tAnyCompatibleNonArray }

// known reports whether a stored number is that of a type.
func (id typeID) known() bool {
	e := id.elem()
	return e > tUnknown && e < typeCount && !(id.isArray() && (e == tComposite || e == tOpaque))
}

// named reports whether types of this number have a name of their own.
func (id typeID) named() bool {
	e := id.elem()
	return e == tEnum || e == tComposite || e == tOpaque
}

// opaque reports whether values of the type are only tested for NULL.
func (id typeID) opaque() bool { return id == tComposite || id == tOpaque }

// typ is a type. The name is that of the enum, composite or opaque type, for arrays that of the elements, "" for the rest. Where
// its schema is known it stands before the name, with a zero byte between.
type typ struct {
	id   typeID
	name string
}

func (t typ) array() typ { return typ{t.id.array(), t.name} }
func (t typ) elem() typ  { return typ{t.id.elem(), t.name} }

// rep is how a value of a type is held.
type rep uint8

const (
	repNone  rep = iota // never decoded
	repInt              // value.i
	repFloat            // value.f
	repBytes            // value.b
)

// Categories are those of pg_type.typcategory.
const (
	catArray    = 'A'
	catBool     = 'B'
	catNumber   = 'N'
	catString   = 'S'
	catDateTime = 'D'
	catTimeSpan = 'T'
	catUser     = 'U'
	catEnum     = 'E'
	catInternal = 'Z'
	catPseudo   = 'P'
	catUnknown  = 'X'
)

type typeInfo struct {
	name      string
	category  byte
	preferred bool
}

// info describes a type, as pg_type does. Arrays have the name of their elements.
func (id typeID) info() typeInfo {
	if id.isArray() {
		return typeInfo{id.elem().info().name, catArray, false}
	}
	switch id {
	case tBool:
		return typeInfo{"bool", catBool, true}
	case tInt2:
		return typeInfo{"int2", catNumber, false}
	case tInt4:
		return typeInfo{"int4", catNumber, false}
	case tInt8:
		return typeInfo{"int8", catNumber, false}
	case tFloat4:
		return typeInfo{"float4", catNumber, false}
	case tFloat8:
		return typeInfo{"float8", catNumber, true}
	case tNumeric:
		return typeInfo{"numeric", catNumber, false}
	case tText:
		return typeInfo{"text", catString, true}
	case tVarchar:
		return typeInfo{"varchar", catString, false}
	case tBpchar:
		return typeInfo{"bpchar", catString, false}
	case tName:
		return typeInfo{"name", catString, false}
	case tUUID:
		return typeInfo{"uuid", catUser, false}
	case tDate:
		return typeInfo{"date", catDateTime, false}
	case tTime:
		return typeInfo{"time", catDateTime, false}
	case tTimestamp:
		return typeInfo{"timestamp", catDateTime, false}
	case tTimestamptz:
		return typeInfo{"timestamptz", catDateTime, true}
	case tEnum:
		return typeInfo{"", catEnum, false}
	case tComposite, tOpaque:
		return typeInfo{"", catUser, false}
	case tBytea:
		return typeInfo{"bytea", catUser, false}
	case tJSON:
		return typeInfo{"json", catUser, false}
	case tJSONB:
		return typeInfo{"jsonb", catUser, false}
	case tTimetz:
		return typeInfo{"timetz", catDateTime, false}
	case tInterval:
		return typeInfo{"interval", catTimeSpan, true}
	case tChar:
		return typeInfo{`"char"`, catInternal, false}
	}
	if id >= tAny {
		return typeInfo{"any", catPseudo, false}
	}
	return typeInfo{"unknown", catUnknown, false}
}

// rep is how values of the type are held, without the detour over info.
func (id typeID) rep() rep {
	switch id {
	case tBool, tInt2, tInt4, tInt8, tDate, tTime, tTimestamp, tTimestamptz:
		return repInt
	case tFloat4, tFloat8:
		return repFloat
	case tComposite, tOpaque:
		return repNone
	}
	return repBytes
}

// String renders the type as error messages and SQL do. Enums, composites and what is opaque have no name that SQL can rely on.
func (t typ) String() string {
	name := t.id.info().name
	_, own, _ := t.nameParts()
	switch t.id.elem() {
	case tEnum:
		name = "enum " + own
	case tComposite, tOpaque:
		name = own
	}
	if t.id.isArray() {
		return name + "[]"
	}
	return name
}

func (t typ) nameParts() (schema, name string, qualified bool) {
	if schema, name, ok := strings.Cut(t.name, "\x00"); ok {
		return schema, name, true
	}
	return "", t.name, false
}

// sql is the type as the canonical text says it, false when it has no name there.
func (t typ) sql() (string, bool) {
	if !t.id.named() {
		return t.String(), true
	}
	schema, name, ok := t.nameParts()
	name = quoteName(schema) + "." + quoteName(name)
	if t.id.isArray() {
		name += "[]"
	}
	return name, ok && t.id.elem() == tEnum
}

func (t typ) isUnknown() bool { return t.id == tUnknown }

// named finds the type that SQL calls by name. Types that only columns have are not among them.
func named(name string) (typeID, bool) {
	if name == "char" {
		return tChar, true
	}
	for id := tBool; id < tChar; id++ {
		if in := id.info(); in.name == name && name != "" {
			return id, true
		}
	}
	return tUnknown, false
}

// typeOf is the type that a column has in the language.
func (c *Column) typeOf() typ {
	t := typ{tOpaque, c.Type}
	switch kind := c.kind(); kind {
	case Enum:
		t = typ{tEnum, c.qualified()}
	case Composite:
		t = typ{tComposite, c.Type}
	case Base:
		if id, ok := named(c.Type); ok {
			t = typ{id: id}
		}
	}
	switch {
	case c.Dims == 0:
		return t
	case t.id.opaque():
		return typ{tOpaque, c.Type + "[]"}
	}
	return t.array()
}

// qualified is the name of the type with its schema, if that is known.
func (c *Column) qualified() string {
	if c.TypeSchema == "" {
		return c.Type
	}
	return c.TypeSchema + "\x00" + c.Type
}

// kind is the kind of the type that values have: of a domain, that of the type below it.
func (c *Column) kind() Kind {
	if c.Kind == Domain {
		return c.Below
	}
	return c.Kind
}
