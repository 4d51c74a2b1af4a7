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
	c, _, _ := compareAt(a, 0, b, 0)
	return c
}

// compareAt orders the values at a[i] and b[j], and gives the places after them. The number of members of containers decides first,
// which is known only at their ends: a difference before is kept until then, so that all is read once, however deep it is nested.
func compareAt(a []byte, i int, b []byte, j int) (c, afterA, afterB int) {
	x, y := kindOf(a[i:]), kindOf(b[j:])
	if x == y {
		switch x {
		case kindArray:
			return compareArrays(a, i, b, j)
		case kindObject:
			return compareObjects(a, i, b, j)
		}
	}
	afterA, afterB = skip(a, i), skip(b, j)
	switch {
	case x != y:
		c = int(x) - int(y)
	case x == kindString:
		c = compareStrings(a[i:afterA], b[j:afterB])
	case x == kindNumber:
		c = compareNumbers(a[i:afterA], b[j:afterB])
	case x == kindBool:
		c = int(a[i]) - int(b[j]) // f, t
	}
	return c, afterA, afterB
}

// first gives the place of a container's first member, or the place after the container.
func first(b []byte, i int) (int, bool) {
	i++
	if i < len(b) && b[i] != ']' && b[i] != '}' {
		return i, true
	}
	return min(i+1, len(b)), false
}

// next gives the place of the member after one that ends at i, or the place after the container.
func next(b []byte, i int) (int, bool) {
	if i < len(b) && b[i] == ',' {
		return min(i+len(", "), len(b)), true
	}
	return min(i+1, len(b)), false
}

// keyAt gives the key at b[i] and the place of its value.
func keyAt(b []byte, i int) (key []byte, value int) {
	end := skipString(b, i)
	return b[i:end], min(end+len(": "), len(b))
}

// rest is the place after a container of whose members the next is at i.
func rest(b []byte, i int, object bool) int {
	for more := true; more; {
		if object {
			_, i = keyAt(b, i)
		}
		i, more = next(b, skip(b, i))
	}
	return i
}

func compareArrays(a []byte, i int, b []byte, j int) (c, afterA, afterB int) {
	i, moreA := first(a, i)
	j, moreB := first(b, j)
	for moreA && moreB {
		if c == 0 {
			c, i, j = compareAt(a, i, b, j)
		} else {
			i, j = skip(a, i), skip(b, j)
		}
		i, moreA = next(a, i)
		j, moreB = next(b, j)
	}
	return longer(c, a, i, moreA, b, j, moreB, false)
}

// compareObjects compares pair by pair, in the order that they are stored in.
func compareObjects(a []byte, i int, b []byte, j int) (c, afterA, afterB int) {
	i, moreA := first(a, i)
	j, moreB := first(b, j)
	for moreA && moreB {
		var k, l []byte
		k, i = keyAt(a, i)
		l, j = keyAt(b, j)
		if c == 0 {
			c = compareStrings(k, l)
		}
		if c == 0 {
			c, i, j = compareAt(a, i, b, j)
		} else {
			i, j = skip(a, i), skip(b, j)
		}
		i, moreA = next(a, i)
		j, moreB = next(b, j)
	}
	return longer(c, a, i, moreA, b, j, moreB, true)
}

// longer ends a comparison of containers: if one has more members it is the greater, otherwise c decides.
func longer(c int, a []byte, i int, moreA bool, b []byte, j int, moreB, object bool) (int, int, int) {
	switch {
	case moreA:
		return 1, rest(a, i, object), j
	case moreB:
		return -1, i, rest(b, j, object)
	}
	return c, i, j
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
