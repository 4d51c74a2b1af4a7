package snapshot

import (
	"bytes"
	"strconv"

	"leyden/internal/subquery"
)

// appendMember appends the test for values. An array of values is what an index is used with, and hashed. Several columns are
// as many arrays, and so are values that are arrays: an array of these would be one of more dimensions.
func (m *membership) appendMember(dst []byte, c *condition, set subquery.Set) []byte {
	types := m.DNF.Subqueries[c.subquery].Values
	literals := m.literals(set, len(types))
	dst = appendLeft(dst, c)
	if len(types) == 1 && !types[0].Array {
		dst = append(dst, " = ANY ("...)
		dst = append(dst, literals[0]...)
		dst = append(dst, "::"...)
		dst = append(dst, types[0].Type...)
		return append(dst, "[])"...)
	}
	dst = append(dst, " IN (SELECT "...)
	for i, t := range types {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendName(dst, i)
		if t.Array {
			dst = append(dst, "::"...)
			dst = append(dst, t.Type...)
		}
	}
	dst = append(dst, " FROM ROWS FROM ("...)
	for i, t := range types {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, "pg_catalog.unnest("...)
		dst = append(dst, literals[i]...)
		dst = append(dst, "::"...)
		if t.Array {
			dst = append(dst, "pg_catalog.text"...)
		} else {
			dst = append(dst, t.Type...)
		}
		dst = append(dst, "[])"...)
	}
	dst = append(dst, ") AS v("...)
	for i := range types {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendName(dst, i)
	}
	return append(dst, "))"...)
}

// appendName appends the name of a column of values.
func appendName(dst []byte, i int) []byte { return strconv.AppendInt(append(dst, 'v'), int64(i), 10) }

// valuesOf names literals: sets of nothing are the same whatever their columns are.
type valuesOf struct {
	set     subquery.Set
	columns int
}

// literals are the columns of values as array literals. They are made once for all conditions that test for the same.
func (m *membership) literals(set subquery.Set, columns int) []string {
	key := valuesOf{set, columns}
	if made := m.values[key]; made != nil {
		return made
	}
	arrays := make([][]byte, columns)
	for i := range arrays {
		arrays[i] = append(arrays[i], '{')
	}
	for v := range set.All() {
		i := 0
		for text, ok := range v.Cells() {
			if len(arrays[i]) > 1 {
				arrays[i] = append(arrays[i], ',')
			}
			arrays[i] = appendElement(arrays[i], text, ok)
			i++
		}
	}
	made := make([]string, columns)
	for i, array := range arrays {
		made[i] = quoted(append(array, '}'))
	}
	m.values[key] = made
	return made
}

// appendElement appends an element of an array's text, NULL if it is not there.
func appendElement(dst []byte, text string, there bool) []byte {
	switch {
	case !there:
		return append(dst, "NULL"...)
	case plain(text):
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"')
}

// plain reports whether an element needs no quotes: numbers, moments without a time, uuids. It cannot spell NULL.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') && c != '-' && c != '.' {
			return false
		}
	}
	return text != ""
}

// quoted is text as a literal of SQL, with the same meaning whatever standard_conforming_strings is.
func quoted(text []byte) string {
	b := make([]byte, 0, len(text)+8)
	escapes := bytes.IndexByte(text, '\\') >= 0
	if escapes {
		b = append(b, 'E')
	}
	b = append(b, '\'')
	for _, c := range text {
		if c == '\'' || c == '\\' {
			b = append(b, c)
		}
		b = append(b, c)
	}
	return string(append(b, '\''))
}
