package array

import "math"

// Search is what array_position and its kin look for: a value, or NULL.
type Search struct {
	Value []byte
	Null  bool
}

func (s *Search) matches(value []byte, null bool, t *Type) bool {
	if s.Null || null {
		return s.Null && null
	}
	return t.Equal(value, s.Value)
}

// Position is array_position(v, s): the subscript of the first match; ok is false where it is NULL.
func Position(v Value, s Search, t *Type) (at int32, ok bool, err error) {
	return PositionFrom(v, s, math.MinInt32, false, t)
}

// PositionFrom is array_position(v, s, start).
func PositionFrom(v Value, s Search, start int32, startNull bool, t *Type) (at int32, ok bool, err error) {
	if err := searchable(v); err != nil {
		return 0, false, err
	}
	if v.Dims() == 0 || s.Null && !v.HasNull() {
		return 0, false, nil
	}
	if startNull {
		return 0, false, &Error{codeNull, "initial position must not be null", ""}
	}
	at = v.Dim(0).Lower
	for w := v.Walk(); ; at++ {
		value, null, ok := w.Next()
		if !ok {
			return 0, false, nil
		}
		if at >= start && s.matches(value, null, t) {
			return at, true, nil
		}
	}
}

// Positions appends array_positions(v, s). appendInt makes the values of the array's elements, which are of type int4.
func Positions(dst []byte, v Value, s Search, t *Type, appendInt func(dst []byte, n int32) []byte) ([]byte, error) {
	if err := searchable(v); err != nil {
		return dst, err
	}
	if v.Dims() == 0 {
		return Empty(dst), nil
	}
	start, at, n := len(dst), v.Dim(0).Lower, int32(0)
	dst = AppendHeader(dst, Dim{})
	for w := v.Walk(); ; at++ {
		value, null, ok := w.Next()
		if !ok {
			break
		}
		if s.matches(value, null, t) {
			n++
			opened := len(dst)
			dst = closeElement(appendInt(openElement(dst), at), opened)
		}
	}
	return counted(dst, start, Dim{n, 1}), nil
}

func searchable(v Value) error {
	if v.Dims() > 1 {
		return &Error{codeUnsupported, "searching for elements in multidimensional arrays is not supported", ""}
	}
	return nil
}

// Remove appends array_remove(v, s). The lower bound stays.
func Remove(dst []byte, v Value, s Search, t *Type) ([]byte, error) {
	if v.Dims() > 1 {
		return dst, &Error{codeUnsupported, "removing elements from multidimensional arrays is not supported", ""}
	}
	if v.Dims() == 0 {
		return Empty(dst), nil
	}
	start, d := len(dst), v.Dim(0)
	dst = AppendHeader(dst, d)
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			return counted(dst, start, d), nil
		}
		if s.matches(value, null, t) {
			d.Length--
		} else {
			dst = appendMaybe(dst, value, null)
		}
	}
}

// Replace appends array_replace(v, s, by).
func Replace(dst []byte, v Value, s Search, by []byte, byNull bool, t *Type) []byte {
	dst = append(dst, v[:v.header()]...)
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			return dst
		}
		if s.matches(value, null, t) {
			value, null = by, byNull
		}
		dst = appendMaybe(dst, value, null)
	}
}

// counted ends an array of one dimension that was begun at start, when its length is known.
func counted(dst []byte, start int, d Dim) []byte {
	if d.Length == 0 {
		return Empty(dst[:start])
	}
	AppendHeader(dst[:start], d)
	return dst
}
