package array

import "encoding/binary"

// Valid reports whether b is a Value whose elements are values of their type, for bytes that come from elsewhere.
func Valid(b []byte, valid func(element []byte) bool) bool {
	if len(b) == 0 || b[0] > MaxDims || len(b) < Value(b).header() {
		return false
	}
	v := Value(b)
	if v.Dims() == 0 {
		return len(b) == 1
	}
	var dims [MaxDims]Dim
	v.readDims(&dims)
	for _, d := range dims[:v.Dims()] {
		if d.Length < 1 {
			return false
		}
	}
	if checkDims(dims[:v.Dims()]) != nil {
		return false
	}
	n := 0
	for rest := v.elements(); len(rest) > 0; n++ {
		length, size := binary.Uvarint(rest)
		if size <= 0 || length > uint64(len(rest)-size)+1 {
			return false
		}
		rest = rest[size:]
		if length > 0 {
			if !valid(rest[:length-1]) {
				return false
			}
			rest = rest[length-1:]
		}
	}
	return n == v.Cardinality()
}
