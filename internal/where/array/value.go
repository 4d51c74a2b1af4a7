package array

import (
	"encoding/binary"
	"math"
	"strconv"
)

// MaxDims is the greatest number of dimensions of an array.
const MaxDims = 6

// maxElements is the greatest number of elements of an array.
const maxElements = 134217727

// Value is an array: one byte with the number of dimensions; for each dimension its length and lower bound, four bytes each,
// little-endian; then the elements in row-major order. An element is a varint, 0 for NULL and else one more than the length of
// its value, and the bytes of the value. A nil Value is no array; the empty array is one zero byte.
type Value []byte

// Dim is one dimension. Its subscripts are Lower to Lower+Length-1.
type Dim struct {
	Length, Lower int32
}

// upper is the last subscript.
func (d Dim) upper() int32 { return d.Lower + d.Length - 1 }

const dimSize = 8

// Empty appends the empty array.
func Empty(dst []byte) []byte { return append(dst, 0) }

// Dims is the number of dimensions, 0 for the empty array.
func (v Value) Dims() int { return int(v[0]) }

// Dim is the i-th dimension, counted from 0.
func (v Value) Dim(i int) Dim {
	at := v[1+dimSize*i:]
	return Dim{int32(binary.LittleEndian.Uint32(at)), int32(binary.LittleEndian.Uint32(at[4:]))}
}

// Cardinality is the number of elements in all dimensions.
func (v Value) Cardinality() int {
	if v.Dims() == 0 {
		return 0
	}
	n := 1
	for i := range v.Dims() {
		n *= int(v.Dim(i).Length)
	}
	return n
}

// sameShape reports whether the dimensions of v from i on are those of w from j on.
func (v Value) sameShape(i int, w Value, j int) bool {
	return string(v[1+dimSize*i:v.header()]) == string(w[1+dimSize*j:w.header()])
}

// header is the length of what comes before the elements.
func (v Value) header() int { return 1 + dimSize*v.Dims() }

// elements are the encoded elements.
func (v Value) elements() []byte { return v[v.header():] }

// Walker visits elements in row-major order.
type Walker struct{ rest []byte }

// Walk starts before the first element.
func (v Value) Walk() Walker { return Walker{v.elements()} }

// Next gives the next element; ok is false after the last.
func (w *Walker) Next() (value []byte, null, ok bool) {
	if len(w.rest) == 0 {
		return nil, false, false
	}
	n, size := uint64(w.rest[0]), 1
	if n >= 0x80 {
		n, size = binary.Uvarint(w.rest)
	}
	if n == 0 {
		w.rest = w.rest[1:]
		return nil, true, true
	}
	end := size + int(n) - 1
	value, w.rest = w.rest[size:end:end], w.rest[end:]
	return value, false, true
}

// HasNull reports whether an element is NULL.
func (v Value) HasNull() bool {
	for w := v.Walk(); ; {
		_, null, ok := w.Next()
		if null || !ok {
			return ok
		}
	}
}

// AppendHeader starts an array. Exactly as many elements as dims have room for must follow; no dimension is of length 0.
func AppendHeader(dst []byte, dims ...Dim) []byte {
	dst = append(dst, byte(len(dims)))
	for _, d := range dims {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(d.Length))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(d.Lower))
	}
	return dst
}

// AppendNull adds a NULL element to an array that is being built.
func AppendNull(dst []byte) []byte { return append(dst, 0) }

// AppendElement adds an element to an array that is being built.
func AppendElement(dst, value []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(value))+1), value...)
}

func appendMaybe(dst, value []byte, null bool) []byte {
	if null {
		return AppendNull(dst)
	}
	return AppendElement(dst, value)
}

// openElement makes room for an element's length; what is appended until closeElement is its value.
func openElement(dst []byte) []byte { return append(dst, 0) }

// closeElement ends the element that was opened when dst was start bytes long.
func closeElement(dst []byte, start int) []byte {
	n := len(dst) - start - 1
	var length [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(length[:], uint64(n)+1)
	for range size - 1 {
		dst = append(dst, 0)
	}
	if size > 1 {
		copy(dst[start+size:], dst[start+1:start+1+n])
	}
	copy(dst[start:], length[:size])
	return dst
}

// checkDims refuses dimensions that Postgres has no room for.
func checkDims(dims []Dim) error {
	n := int64(1)
	for _, d := range dims {
		if n *= int64(d.Length); n > maxElements {
			return &Error{codeLimit, "array size exceeds the maximum allowed (134217727)", ""}
		}
	}
	for _, d := range dims {
		if int64(d.Lower)+int64(d.Length) > math.MaxInt32 {
			return &Error{codeLimit, "array lower bound is too large: " + strconv.Itoa(int(d.Lower)), ""}
		}
	}
	return nil
}

func tooManyDims() error {
	return &Error{codeLimit, "number of array dimensions (7) exceeds the maximum allowed (6)", ""}
}
