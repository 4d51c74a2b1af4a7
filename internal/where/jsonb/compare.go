package jsonb

import "bytes"

// Compare orders values as Postgres' btree does in a database whose collation is C: Object > Array > Boolean > Number > String >
// Null. Arrays and objects are ordered by the number of their members first. A scalar by itself counts as an array of one
// element that comes before any other of that length, so that it is greater than the empty array.
func Compare(a, b Value) int {
	x, y := kindOf(a), kindOf(b)
	switch {
	case x.scalar() && y == kindArray:
		return scalarToArray(b)
	case x == kindArray && y.scalar():
		return -scalarToArray(a)
	}
	return compare(a, b)
}

// scalarToArray orders a scalar and an array, both by themselves.
func scalarToArray(array []byte) int {
	if isEmpty(array) {
		return 1
	}
	return -1
}

func compare(a, b []byte) int {
	x, y := kindOf(a), kindOf(b)
	if x != y {
		return int(x) - int(y)
	}
	switch x {
	case kindString:
		return compareStrings(a, b)
	case kindNumber:
		return compareNumbers(a, b)
	case kindBool:
		return int(a[0]) - int(b[0]) // f, t
	case kindNull:
		return 0
	}
	if bytes.Equal(a, b) {
		return 0
	}
	if c := count(a) - count(b); c != 0 {
		return c
	}
	if x == kindArray {
		return compareArrays(a, b)
	}
	return compareObjects(a, b)
}

func compareArrays(a, b []byte) int {
	m, n := membersOf(a), membersOf(b)
	for {
		v, ok := m.element()
		if !ok {
			return 0
		}
		w, _ := n.element()
		if c := compare(v, w); c != 0 {
			return c
		}
	}
}

// compareObjects compares pair by pair, in the order that they are stored in.
func compareObjects(a, b []byte) int {
	m, n := membersOf(a), membersOf(b)
	for {
		k, v, ok := m.pair()
		if !ok {
			return 0
		}
		l, w, _ := n.pair()
		if c := compareStrings(k, l); c != 0 {
			return c
		}
		if c := compare(v, w); c != 0 {
			return c
		}
	}
}

// Equal is the = operator. It does not depend on the collation.
func Equal(a, b Value) bool { return bytes.Equal(a, b) || Compare(a, b) == 0 }

// AppendKey appends the one text that all values equal to v share, and no other: numbers are without zeros at their end.
func AppendKey(dst []byte, v Value) []byte {
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case c == '"':
			end := skipString(v, i)
			dst = append(dst, v[i:end]...)
			i = end
		case c == '-' || c-'0' <= 9:
			end := skip(v, i)
			n := v[i:end]
			if bytes.IndexByte(n, '.') >= 0 {
				n = bytes.TrimRight(bytes.TrimRight(n, "0"), ".")
			}
			dst = append(dst, n...)
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}
