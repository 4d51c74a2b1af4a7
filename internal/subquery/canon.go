package subquery

import (
	"bytes"

	"leyden/internal/where"
)

// appendCanonical appends the canonical text of a value.
func appendCanonical(dst []byte, canon where.Canon, text []byte) []byte {
	switch canon {
	case where.CanonNumeric:
		if bytes.IndexByte(text, '.') >= 0 {
			text = bytes.TrimSuffix(bytes.TrimRight(text, "0"), []byte("."))
		}
	case where.CanonFloat:
		if string(text) == "-0" {
			text = text[1:]
		}
	case where.CanonPadded:
		text = bytes.TrimRight(text, " ")
	}
	return append(dst, text...)
}
