package array

import (
	"fmt"
	"math"
)

// Cat appends array_cat(a, b), which is a || b of two arrays. A nil array is NULL, and when both are it gives nil.
func Cat(dst []byte, a, b Value) ([]byte, error) {
	switch {
	case a == nil && b == nil:
		return nil, nil
	case b == nil || a != nil && b.Dims() == 0:
		return append(dst, a...), nil
	case a == nil || a.Dims() == 0:
		return append(dst, b...), nil
	}
	var dims [MaxDims]Dim
	n := max(a.Dims(), b.Dims())
	switch a.Dims() - b.Dims() {
	case 0:
		if !a.sameShape(1, b, 1) {
			return dst, incompatible("Arrays with differing element dimensions are not compatible for concatenation.")
		}
		a.readDims(&dims)
		dims[0].Length += b.Dim(0).Length
	case -1:
		if !a.sameShape(0, b, 1) {
			return dst, incompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		b.readDims(&dims)
		dims[0].Length++
	case 1:
		if !b.sameShape(0, a, 1) {
			return dst, incompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		a.readDims(&dims)
		dims[0].Length++
	default:
		return dst, incompatible(fmt.Sprintf("Arrays of %d and %d dimensions are not compatible for concatenation.", a.Dims(), b.Dims()))
	}
	if err := checkDims(dims[:n]); err != nil {
		return dst, err
	}
	dst = AppendHeader(dst, dims[:n]...)
	dst = append(dst, a.elements()...)
	return append(dst, b.elements()...), nil
}

func (v Value) readDims(dims *[MaxDims]Dim) {
	for i := range v.Dims() {
		dims[i] = v.Dim(i)
	}
}

// Append appends array_append(a, elem), which is a || elem. A nil array is NULL and taken for the empty one.
func Append(dst []byte, a Value, elem []byte, null bool) ([]byte, error) {
	d, err := grown(a)
	if err != nil {
		return dst, err
	}
	if a != nil && a.Dims() > 0 && int64(d.Lower)+int64(d.Length)-1 > math.MaxInt32 {
		return dst, &Error{codeRange, "integer out of range", ""}
	}
	if err := checkDims([]Dim{d}); err != nil {
		return dst, err
	}
	dst = AppendHeader(dst, d)
	if d.Length > 1 {
		dst = append(dst, a.elements()...)
	}
	return appendMaybe(dst, elem, null), nil
}

// Prepend appends array_prepend(elem, a), which is elem || a. The lower bound of a stays.
func Prepend(dst []byte, elem []byte, null bool, a Value) ([]byte, error) {
	d, err := grown(a)
	if err != nil {
		return dst, err
	}
	if a != nil && a.Dims() > 0 && d.Lower == math.MinInt32 {
		return dst, &Error{codeRange, "integer out of range", ""}
	}
	dst = appendMaybe(AppendHeader(dst, d), elem, null)
	if d.Length > 1 {
		dst = append(dst, a.elements()...)
	}
	return dst, nil
}

// grown is the dimension of a after one more element.
func grown(a Value) (Dim, error) {
	if a == nil || a.Dims() == 0 {
		return Dim{1, 1}, nil
	}
	if a.Dims() > 1 {
		return Dim{}, &Error{codeData, "argument must be empty or one-dimensional array", ""}
	}
	d := a.Dim(0)
	d.Length++
	return d, nil
}

// Nest appends ARRAY[parts...] of parts that are arrays themselves, nil for NULL. It is empty if all of them are empty or NULL.
func Nest(dst []byte, parts []Value) ([]byte, error) {
	var first Value
	empty := false
	for _, p := range parts {
		switch {
		case p == nil || p.Dims() == 0:
			empty = true
		case first == nil:
			first = p
			if p.Dims() == MaxDims {
				return dst, tooManyDims()
			}
		case p.Dims() != first.Dims() || !p.sameShape(0, first, 0):
			return dst, unequalParts()
		}
	}
	if first == nil {
		return Empty(dst), nil
	}
	if empty {
		return dst, unequalParts()
	}
	var dims [MaxDims]Dim
	dims[0] = Dim{int32(len(parts)), 1}
	for i := range first.Dims() {
		dims[i+1] = first.Dim(i)
	}
	if err := checkDims(dims[:first.Dims()+1]); err != nil {
		return dst, err
	}
	dst = AppendHeader(dst, dims[:first.Dims()+1]...)
	for _, p := range parts {
		dst = append(dst, p.elements()...)
	}
	return dst, nil
}

func unequalParts() error {
	return &Error{codeSubscript, "multidimensional arrays must have array expressions with matching dimensions", ""}
}
