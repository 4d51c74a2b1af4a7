package where

// typeID numbers the types of the language. The numbers are stored in compiled clauses: they never change.
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
	typeCount    typeID = 20
)

// typ is a type. The name is that of the enum, composite or opaque type, "" for the rest.
type typ struct {
	id   typeID
	name string
}

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
	catBool     = 'B'
	catNumber   = 'N'
	catString   = 'S'
	catDateTime = 'D'
	catUser     = 'U'
	catEnum     = 'E'
	catUnknown  = 'X'
)

type typeInfo struct {
	name      string
	category  byte
	preferred bool
}

// info describes a type, as pg_type does.
func (id typeID) info() typeInfo {
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

// String renders the type as error messages do.
func (t typ) String() string {
	switch t.id {
	case tEnum:
		return "enum " + t.name
	case tComposite, tOpaque:
		return t.name
	}
	return t.id.info().name
}

func (t typ) isUnknown() bool { return t.id == tUnknown }

// named finds the type that SQL calls by name. Types that only columns have are not among them.
func named(name string) (typeID, bool) {
	for id := tBool; id <= tTimestamptz; id++ {
		if id.info().name == name {
			return id, true
		}
	}
	return tUnknown, false
}

// typeOf is the type that a column has in the language.
func (c *Column) typeOf() typ {
	switch {
	case c.Dims > 0:
		return typ{tOpaque, c.Type + "[]"}
	case c.Kind == Enum:
		return typ{tEnum, c.Type}
	case c.Kind == Composite:
		return typ{tComposite, c.Type}
	case c.Kind == Base || c.Kind == Domain:
		if id, ok := named(c.Type); ok {
			return typ{id: id}
		}
	}
	return typ{tOpaque, c.Type}
}
