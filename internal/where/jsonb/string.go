package jsonb

import (
	"bytes"
)

// Two kinds of escapes are met here: any that JSON has, in texts from outside, and those of the canonical form, each of which
// stands for one byte: \" \\ \b \f \n \r \t and \u00xx for the other control characters.

// hexDigits reads the four digits of a \u escape.
func hexDigits(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c-'0' <= 9:
		return c - '0', true
	case c|0x20-'a' <= 5:
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// checkEscape checks the form of the escape at the start of b and gives its length. What \u stands for is not looked at.
func checkEscape(b []byte) (n int, err error) {
	if len(b) < 2 {
		return 0, badToken()
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, nil
	case 'u':
		if _, ok := hexDigits(b[2:]); !ok {
			return 0, syntax(`"\u" must be followed by four hexadecimal digits.`)
		}
		return 6, nil
	}
	return 0, syntax("Escape sequence is invalid.")
}

// unescape decodes the escape at the start of b, both halves of a surrogate pair, and gives its length.
func unescape(b []byte) (r rune, n int, err error) {
	if n, err = checkEscape(b); err != nil {
		return 0, 0, err
	}
	switch b[1] {
	case 'b':
		return '\b', n, nil
	case 'f':
		return '\f', n, nil
	case 'n':
		return '\n', n, nil
	case 'r':
		return '\r', n, nil
	case 't':
		return '\t', n, nil
	case 'u':
	default:
		return rune(b[1]), n, nil
	}
	r, _ = hexDigits(b[2:])
	switch {
	case r == 0:
		return 0, 0, &Error{codeUnicode, "unsupported Unicode escape sequence", `\u0000 cannot be converted to text.`}
	case r < 0xd800 || r > 0xdfff:
		return r, n, nil
	case r > 0xdbff:
		return 0, 0, loneSurrogate()
	}
	rest := b[n:]
	if len(rest) < 2 || rest[0] != '\\' || rest[1] != 'u' {
		return 0, 0, loneSurrogate()
	}
	low, ok := hexDigits(rest[2:])
	switch {
	case !ok:
		return 0, 0, syntax(`"\u" must be followed by four hexadecimal digits.`)
	case low >= 0xd800 && low <= 0xdbff:
		return 0, 0, syntax("Unicode high surrogate must not follow a high surrogate.")
	case low < 0xdc00 || low > 0xdfff:
		return 0, 0, loneSurrogate()
	}
	return 0x10000 + (r-0xd800)<<10 + (low - 0xdc00), n + 6, nil
}

func loneSurrogate() error { return syntax("Unicode low surrogate must follow a high surrogate.") }

// appendEscaped appends one byte of a string in canonical form.
func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if c < ' ' {
		const hex = "0123456789abcdef"
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
	return append(dst, c)
}

// inner is a string without its quotes.
func inner(token []byte) []byte {
	if len(token) < 2 {
		return nil
	}
	return token[1 : len(token)-1]
}

// rawByte decodes the byte at b[i] of a canonical string and gives the place after it.
func rawByte(b []byte, i int) (byte, int) {
	c := b[i]
	if c != '\\' || i+1 >= len(b) {
		return c, i + 1
	}
	switch c = b[i+1]; c {
	case 'b':
		return '\b', i + 2
	case 'f':
		return '\f', i + 2
	case 'n':
		return '\n', i + 2
	case 'r':
		return '\r', i + 2
	case 't':
		return '\t', i + 2
	case 'u':
		if r, ok := hexDigits(b[i+2:]); ok {
			return byte(r), i + 6
		}
	}
	return c, i + 2
}

// rawLength is the length of a canonical string's value in bytes.
func rawLength(token []byte) int {
	b := inner(token)
	n := len(b)
	if bytes.IndexByte(b, '\\') < 0 {
		return n
	}
	n = 0
	for i := 0; i < len(b); n++ {
		_, i = rawByte(b, i)
	}
	return n
}

// compareStrings orders two canonical strings by the bytes of their values.
func compareStrings(a, b []byte) int {
	a, b = inner(a), inner(b)
	if bytes.IndexByte(a, '\\') < 0 && bytes.IndexByte(b, '\\') < 0 {
		return bytes.Compare(a, b)
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		var x, y byte
		x, i = rawByte(a, i)
		y, j = rawByte(b, j)
		if x != y {
			return int(x) - int(y)
		}
	}
	return (len(a) - i) - (len(b) - j)
}

// compareKeys orders two canonical strings as the keys of an object are ordered.
func compareKeys(a, b []byte) int {
	if len(a) == len(b) && bytes.Equal(a, b) {
		return 0
	}
	if n := rawLength(a) - rawLength(b); n != 0 {
		return n
	}
	return compareStrings(a, b)
}

// isString reports whether a canonical string has text as its value.
func isString(token, text []byte) bool {
	b := inner(token)
	if len(b) < len(text) {
		return false
	}
	if bytes.IndexByte(b, '\\') < 0 {
		return bytes.Equal(b, text)
	}
	i := 0
	for _, c := range text {
		if i >= len(b) {
			return false
		}
		var x byte
		if x, i = rawByte(b, i); x != c {
			return false
		}
	}
	return i == len(b)
}

// stringText gives the value of a canonical string: a part of it if it has no escapes, else the end of buf.
func stringText(buf, token []byte) (text, grown []byte) {
	b := inner(token)
	if bytes.IndexByte(b, '\\') < 0 {
		return b, buf
	}
	start := len(buf)
	for i := 0; i < len(b); {
		var c byte
		c, i = rawByte(b, i)
		buf = append(buf, c)
	}
	return buf[start:len(buf):len(buf)], buf
}
