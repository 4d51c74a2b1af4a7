package change

import (
	"encoding/binary"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendJSONString appends text as a JSON string, quotes included. Only what JSON demands is escaped, in the forms that
// Postgres uses; bytes that are not UTF-8, which a UTF-8 connection does not deliver, become U+FFFD.
func AppendJSONString(dst, text []byte) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, text)
	return append(dst, '"')
}

// appendEscaped appends the inside of a JSON string.
func appendEscaped(dst, text []byte) []byte {
	for {
		n := plainPrefix(text)
		dst = append(dst, text[:n]...)
		if n == len(text) {
			return dst
		}
		text = text[n:]
		c := text[0]
		if c >= utf8.RuneSelf {
			n := validPrefix(text)
			if n > 0 {
				dst = append(dst, text[:n]...)
				text = text[n:]
				continue
			}
			dst = utf8.AppendRune(dst, utf8.RuneError)
			text = text[1:]
			continue
		}
		dst = appendEscape(dst, c)
		text = text[1:]
	}
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// plainPrefix is the length of the longest prefix of printable ASCII without quote and backslash. It looks at eight bytes
// at a time; the subtractions leave the high bit of a byte that is zero or below the limit, and may leave it in bytes above
// such a one, which only makes the end be looked for byte by byte.
func plainPrefix(text []byte) int {
	n := 0
	for len(text)-n >= 8 {
		w := binary.LittleEndian.Uint64(text[n:])
		quote := w ^ lowBits*'"'
		slash := w ^ lowBits*'\\'
		special := (w - lowBits*0x20) | (quote - lowBits) | (slash - lowBits) | w
		if special&highBits != 0 {
			break
		}
		n += 8
	}
	for n < len(text) {
		c := text[n]
		if c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
		n++
	}
	return n
}

// validPrefix is the length of the longest prefix of valid runes outside of ASCII.
func validPrefix(text []byte) int {
	n := 0
	for n < len(text) && text[n] >= utf8.RuneSelf {
		r, size := utf8.DecodeRune(text[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}
