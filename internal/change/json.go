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
		n := plainASCII(text)
		dst = append(dst, text[:n]...)
		if n == len(text) {
			return dst
		}
		text = text[n:]
		c := text[0]
		switch {
		case c < utf8.RuneSelf:
			dst = appendEscape(dst, c)
			text = text[1:]
		case utf8.Valid(text):
			return appendValid(dst, text)
		default:
			r, size := utf8.DecodeRune(text)
			dst = utf8.AppendRune(dst, r)
			text = text[size:]
		}
	}
}

// appendValid is appendEscaped for text that is known to be valid.
func appendValid(dst, text []byte) []byte {
	for {
		n := plainText(text)
		dst = append(dst, text[:n]...)
		if n == len(text) {
			return dst
		}
		dst = appendEscape(dst, text[n])
		text = text[n+1:]
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

// plainASCII is the length of the longest prefix of ASCII that needs no escape. It looks at eight bytes at a time, at more
// once these were plain, and at the last ones one by one.
func plainASCII(text []byte) int {
	n := 0
	for len(text)-n >= 8 && endsPlain(text[n:n+8]) == 0 {
		for n += 8; len(text)-n >= 32; n += 32 {
			block := text[n : n+32]
			if endsPlain(block[:8])|endsPlain(block[8:16])|endsPlain(block[16:24])|endsPlain(block[24:]) != 0 {
				break
			}
		}
	}
	for n < len(text) && text[n] < utf8.RuneSelf && !special(text[n]) {
		n++
	}
	return n
}

// endsPlain is not zero when one of eight bytes ends a prefix of plainASCII. Each subtraction sets the high bit of such bytes.
// A borrow out of one may set others behind it, which does no harm.
func endsPlain(text []byte) uint64 {
	w := binary.LittleEndian.Uint64(text)
	return ((w - lowBits*0x20) | ((w ^ lowBits*'"') - lowBits) | ((w ^ lowBits*'\\') - lowBits) | w) & highBits
}

// plainText is the same for text that is known to be valid, in which bytes outside of ASCII need no escape.
func plainText(text []byte) int {
	n := 0
	for len(text)-n >= 8 {
		w := binary.LittleEndian.Uint64(text[n:])
		quote, slash := w^lowBits*'"', w^lowBits*'\\'
		special := (w-lowBits*0x20)&^w | (quote-lowBits)&^quote | (slash-lowBits)&^slash
		if special&highBits != 0 {
			break
		}
		n += 8
	}
	for n < len(text) && !special(text[n]) {
		n++
	}
	return n
}

// special reports whether a byte needs an escape.
func special(c byte) bool { return c < 0x20 || c == '"' || c == '\\' }
