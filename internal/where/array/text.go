package array

import (
	"bytes"
	"unicode/utf8"
)

// ToString appends array_to_string(v, sep, forNull); NULL elements are left out where forNull is nil.
func ToString(dst []byte, v Value, t *Type, sep, forNull []byte) []byte {
	first := true
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			return dst
		}
		if null && forNull == nil {
			continue
		}
		if !first {
			dst = append(dst, sep...)
		}
		first = false
		if null {
			dst = append(dst, forNull...)
		} else {
			dst = t.Output(dst, value)
		}
	}
}

// Split appends string_to_array(text, sep, null): an array of texts, whose values are their bytes. With a nil sep every character
// is an element, with an empty one the whole text is. Elements equal to null, unless that is nil, are NULL.
func Split(dst, text, sep, null []byte) []byte {
	if len(text) == 0 {
		return Empty(dst)
	}
	start, n := len(dst), int32(0)
	dst = AppendHeader(dst, Dim{})
	for more := true; more; n++ {
		var part []byte
		switch {
		case sep == nil:
			_, size := utf8.DecodeRune(text)
			part, text = text[:size], text[size:]
			more = len(text) > 0
		case len(sep) == 0:
			part, more = text, false
		default:
			part, text, more = bytes.Cut(text, sep)
		}
		dst = appendMaybe(dst, part, null != nil && bytes.Equal(part, null))
	}
	return counted(dst, start, Dim{n, 1})
}
