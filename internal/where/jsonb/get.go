package jsonb

import "math"

// Field is v -> key: the value under a key of an object. ok is false where it is NULL.
func Field(v Value, key []byte) (field Value, ok bool) {
	if kindOf(v) != kindObject {
		return nil, false
	}
	for m := membersOf(v); ; {
		k, value, ok := m.pair()
		if !ok || len(k)-2 > len(key) && rawLength(k) > len(key) {
			return nil, false
		}
		if isString(k, key) {
			return value, true
		}
	}
}

// Element is v -> i: an element of an array, counted from its end if i is negative. A scalar is an array of one here.
func Element(v Value, i int32) (element Value, ok bool) {
	switch kindOf(v) {
	case kindObject:
		return nil, false
	case kindArray:
		return nth(v, int64(i))
	}
	return v, i == 0 || i == -1
}

func nth(v []byte, i int64) (element Value, ok bool) {
	if i < 0 {
		if i += int64(count(v)); i < 0 {
			return nil, false
		}
	}
	for m := membersOf(v); ; i-- {
		element, ok := m.element()
		if !ok || i == 0 {
			return element, ok
		}
	}
}

// Path is v #> path. An element of the path that is nil is NULL.
func Path(v Value, path [][]byte) (found Value, ok bool) {
	for _, step := range path {
		if step == nil {
			return nil, false
		}
	}
	for _, step := range path {
		switch kindOf(v) {
		case kindObject:
			v, ok = Field(v, step)
		case kindArray:
			var i int32
			if i, ok = index(step); ok {
				v, ok = nth(v, int64(i))
			}
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return v, true
}

// index reads a step of a path as the subscript of an array, as strtol does.
func index(step []byte) (i int32, ok bool) {
	for len(step) > 0 && (step[0] == ' ' || step[0] >= '\t' && step[0] <= '\r') {
		step = step[1:]
	}
	neg := false
	if len(step) > 0 && (step[0] == '-' || step[0] == '+') {
		neg, step = step[0] == '-', step[1:]
	}
	if len(step) == 0 {
		return 0, false
	}
	n := int64(0)
	for _, c := range step {
		if c-'0' > 9 {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > -math.MinInt32 {
			return 0, false
		}
	}
	if neg {
		n = -n
	}
	return int32(n), n <= math.MaxInt32
}

// Text is what ->> and #>> make of what -> and #> find: the value of a string, no text for null, else the value's own text. The
// text is a part of v if it can be, else the end of buf.
func Text(buf []byte, v Value) (text, grown []byte, null bool) {
	switch kindOf(v) {
	case kindNull:
		return nil, buf, true
	case kindString:
		text, buf = stringText(buf, v)
		return text, buf, false
	}
	return v, buf, false
}

// Exists is v ? key: an object has the key, an array has the string as an element, a scalar is the string.
func Exists(v Value, key []byte) bool {
	switch kindOf(v) {
	case kindObject:
		_, ok := Field(v, key)
		return ok
	case kindArray:
		for m := membersOf(v); ; {
			element, ok := m.element()
			if !ok {
				return false
			}
			if kindOf(element) == kindString && isString(element, key) {
				return true
			}
		}
	case kindString:
		return isString(v, key)
	}
	return false
}
