package array

import (
	"bytes"
	"slices"
)

// AppendKey appends the one string of bytes that all arrays equal to v share, and no other.
func AppendKey(dst []byte, v Value, t *Type) []byte {
	dst = append(dst, v[:v.header()]...)
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		switch {
		case !ok:
			return dst
		case null:
			dst = AppendNull(dst)
		default:
			start := len(dst)
			dst = closeElement(t.Key(openElement(dst), value), start)
		}
	}
}

// AppendElementKeys appends a one-dimensional array of the keys of v's elements, sorted by bytes, each once, without NULLs.
// That is what an index of inclusions keeps of a constant: a contains b, or overlaps it, as the keys of a and b do.
func AppendElementKeys(dst []byte, v Value, t *Type) []byte {
	var all []byte
	var ends []int
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			break
		}
		if !null {
			all = t.Key(all, value)
			ends = append(ends, len(all))
		}
	}
	keys := make([][]byte, len(ends))
	start := 0
	for i, end := range ends {
		keys[i], start = all[start:end], end
	}
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	if len(keys) == 0 {
		return Empty(dst)
	}
	dst = AppendHeader(dst, Dim{int32(len(keys)), 1})
	for _, k := range keys {
		dst = AppendElement(dst, k)
	}
	return dst
}
