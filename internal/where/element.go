package where

import (
	"encoding/binary"
	"math"
)

// The elements of arrays are held as bytes: what is held in value.i as a varint, what is in value.f as its bits, big endian, and
// the rest as in value.b.

// appendElement appends what an array has of a value of type id.
func appendElement(dst []byte, id typeID, v *value) []byte {
	switch id.rep() {
	case repInt:
		return binary.AppendVarint(dst, v.i)
	case repFloat:
		f := v.f
		if f != f {
			f = math.NaN() // of one kind: equal arrays have equal bytes
		}
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
	}
	return append(dst, v.b...)
}

// readElement is the inverse. It reports false for bytes that no value of the type has; what is in value.b has been checked before, see
// validArray.
func readElement(id typeID, b []byte, out *value) bool {
	out.null = false
	switch id.rep() {
	case repInt:
		n, size := binary.Varint(b)
		out.i = n
		return size == len(b) && size > 0 && (id != tBool || n == 0 || n == 1)
	case repFloat:
		if len(b) != 8 {
			return false
		}
		out.f = math.Float64frombits(binary.BigEndian.Uint64(b))
		return true
	case repNone:
		return false
	}
	out.b = b
	return true
}
