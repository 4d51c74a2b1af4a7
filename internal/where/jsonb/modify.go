package jsonb

import "fmt"

// Concat appends a || b: two objects are merged, where b's values win; otherwise what is not an array counts as one of a single
// element, and the arrays are joined.
func Concat(dst []byte, a, b Value) []byte {
	x, y := kindOf(a), kindOf(b)
	if x == kindObject && y == kindObject {
		return merge(dst, a, b)
	}
	dst = append(dst, '[')
	start := len(dst)
	dst = appendMembers(dst, start, a, x)
	dst = appendMembers(dst, start, b, y)
	return append(dst, ']')
}

// appendMembers appends the elements of an array, or v as an element, to the members that begin at start.
func appendMembers(dst []byte, start int, v []byte, k kind) []byte {
	if k == kindArray {
		if isEmpty(v) {
			return dst
		}
		v = v[1 : len(v)-1]
	}
	return append(separate(dst, start), v...)
}

// separate appends the comma before a member that is not the first of those that begin at start.
func separate(dst []byte, start int) []byte {
	if len(dst) > start {
		return append(dst, ", "...)
	}
	return dst
}

func merge(dst, a, b []byte) []byte {
	m, n := membersOf(a), membersOf(b)
	dst = append(dst, '{')
	start := len(dst)
	k, v, more := m.pair()
	l, w, other := n.pair()
	for more || other {
		c := 0
		switch {
		case !other:
			c = -1
		case !more:
			c = 1
		default:
			c = compareKeys(k, l)
		}
		dst = separate(dst, start)
		if c < 0 {
			dst = appendPair(dst, k, v)
		} else {
			dst = appendPair(dst, l, w)
			l, w, other = n.pair()
		}
		if c <= 0 {
			k, v, more = m.pair()
		}
	}
	return append(dst, '}')
}

func appendPair(dst, key, value []byte) []byte {
	return append(append(append(dst, key...), ": "...), value...)
}

// Delete appends v - key, or v - keys: an object without the keys, an array without the strings. A nil key is NULL and deletes
// nothing.
func Delete(dst []byte, v Value, keys ...[]byte) ([]byte, error) {
	named := func(token []byte) bool {
		for _, key := range keys {
			if key != nil && isString(token, key) {
				return true
			}
		}
		return false
	}
	switch k := kindOf(v); {
	case k.scalar():
		return dst, parameter("cannot delete from scalar")
	case k == kindObject:
		m := membersOf(v)
		dst = append(dst, '{')
		for start := len(dst); ; {
			key, value, ok := m.pair()
			if !ok {
				return append(dst, '}'), nil
			}
			if !named(key) {
				dst = appendPair(separate(dst, start), key, value)
			}
		}
	}
	m := membersOf(v)
	dst = append(dst, '[')
	for start := len(dst); ; {
		element, ok := m.element()
		if !ok {
			return append(dst, ']'), nil
		}
		if kindOf(element) != kindString || !named(element) {
			dst = append(separate(dst, start), element...)
		}
	}
}

// DeleteElement appends v - i: an array without one element, counted from its end if i is negative.
func DeleteElement(dst []byte, v Value, i int32) ([]byte, error) {
	switch k := kindOf(v); {
	case k.scalar():
		return dst, parameter("cannot delete from scalar")
	case k == kindObject:
		return dst, parameter("cannot delete from object using integer index")
	}
	at := int64(i)
	if at < 0 {
		at += int64(count(v))
	}
	m := membersOf(v)
	dst = append(dst, '[')
	for start := len(dst); ; at-- {
		element, ok := m.element()
		if !ok {
			return append(dst, ']'), nil
		}
		if at != 0 {
			dst = append(separate(dst, start), element...)
		}
	}
}

// DeletePath appends v #- path. An element of the path that is nil is NULL.
func DeletePath(dst []byte, v Value, path [][]byte) ([]byte, error) {
	if kindOf(v).scalar() {
		return dst, parameter("cannot delete path in scalar")
	}
	if isEmpty(v) || len(path) == 0 {
		return append(dst, v...), nil
	}
	return deletePath(dst, v, path, 0)
}

// deletePath copies v, which the first level steps of path have led to.
func deletePath(dst, v []byte, path [][]byte, level int) ([]byte, error) {
	step, last := path[level], level == len(path)-1
	if step == nil {
		return dst, &Error{Code: codeNull, Message: fmt.Sprintf("path element at position %d is null", level+1)}
	}
	switch kindOf(v) {
	default:
		return append(dst, v...), nil
	case kindObject:
		m := membersOf(v)
		dst = append(dst, '{')
		for start := len(dst); ; {
			key, value, ok := m.pair()
			switch {
			case !ok:
				return append(dst, '}'), nil
			case !isString(key, step):
				dst = appendPair(separate(dst, start), key, value)
			case !last:
				var err error
				dst = append(append(separate(dst, start), key...), ": "...)
				if dst, err = deletePath(dst, value, path, level+1); err != nil {
					return dst, err
				}
			}
		}
	case kindArray:
		at, ok := index(step)
		if !ok {
			return dst, &Error{codeSyntax, fmt.Sprintf("path element at position %d is not an integer", level+1), ""}
		}
		i := int64(at)
		if i < 0 {
			i += int64(count(v))
		}
		m := membersOf(v)
		dst = append(dst, '[')
		for start := len(dst); ; i-- {
			element, ok := m.element()
			switch {
			case !ok:
				return append(dst, ']'), nil
			case i != 0:
				dst = append(separate(dst, start), element...)
			case !last:
				var err error
				if dst, err = deletePath(separate(dst, start), element, path, level+1); err != nil {
					return dst, err
				}
			}
		}
	}
}

// StripNulls appends jsonb_strip_nulls(v): without the pairs, at any depth, whose value is null.
func StripNulls(dst []byte, v Value) []byte {
	switch kindOf(v) {
	default:
		return append(dst, v...)
	case kindObject:
		m := membersOf(v)
		dst = append(dst, '{')
		for start := len(dst); ; {
			key, value, ok := m.pair()
			if !ok {
				return append(dst, '}')
			}
			if kindOf(value) != kindNull {
				dst = append(append(separate(dst, start), key...), ": "...)
				dst = StripNulls(dst, value)
			}
		}
	case kindArray:
		m := membersOf(v)
		dst = append(dst, '[')
		for start := len(dst); ; {
			element, ok := m.element()
			if !ok {
				return append(dst, ']')
			}
			dst = StripNulls(separate(dst, start), element)
		}
	}
}
