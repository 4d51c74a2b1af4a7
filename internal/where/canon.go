package where

import "bytes"

// membershipOf says how values of a type are looked for, false for types whose equality is not that of a text that can be made of
// them: an interval of a month equals one of 30 days, and whether two ranges, composites or texts of some collations are equal only
// Postgres knows. Enums are among them once their schema is known.
func membershipOf(t typ) (m Membership, ok bool) {
	m.Type, ok = t.sql()
	if !ok {
		return m, false
	}
	m.Array = t.id.isArray()
	switch t.id.elem() {
	case tInt2, tInt4, tInt8, tText, tVarchar, tName, tUUID, tDate, tTime, tTimestamp, tTimestamptz, tBytea, tEnum:
		return m, true
	case tBool:
		if !m.Array {
			m.Canon = CanonBool
		}
		return m, true
	case tNumeric:
		m.Canon = CanonNumeric
	case tFloat4, tFloat8:
		m.Canon = CanonFloat
	case tBpchar:
		m.Canon = CanonPadded
	case tChar:
	default:
		return m, false
	}
	return m, !m.Array
}

// Append appends the canonical text of a value's text.
func (k Canon) Append(dst, text []byte) []byte {
	switch k {
	case CanonNumeric:
		if bytes.IndexByte(text, '.') >= 0 {
			text = bytes.TrimRight(text, "0")
			text = bytes.TrimSuffix(text, []byte("."))
		}
	case CanonFloat:
		if string(text) == "-0" {
			text = text[1:]
		}
	case CanonPadded:
		text = trimBlanks(text)
	case CanonBool:
		if s := string(text); s == "true" || s == "false" {
			text = text[:1]
		}
	}
	return append(dst, text...)
}
