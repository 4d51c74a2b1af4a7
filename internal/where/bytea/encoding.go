package bytea

import (
	"encoding/base64"
	"encoding/hex"
)

// encoding is what encode and decode know by name, in any case.
type encoding uint8

const (
	encodingNone encoding = iota
	encodingHex
	encodingBase64
	encodingEscape
)

func named(name []byte) encoding {
	var lower [6]byte
	if len(name) > len(lower) {
		return encodingNone
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(name)]) {
	case "hex":
		return encodingHex
	case "base64":
		return encodingBase64
	case "escape":
		return encodingEscape
	}
	return encodingNone
}

// base64Line is how many characters encode puts on a line.
const base64Line = 76

// Encode appends b as text in the named encoding.
func Encode(dst, b, name []byte) ([]byte, error) {
	switch named(name) {
	case encodingHex:
		return hex.AppendEncode(dst, b), nil
	case encodingBase64:
		const bytesPerLine = base64Line / 4 * 3
		for ; len(b) >= bytesPerLine; b = b[bytesPerLine:] {
			dst = append(base64.StdEncoding.AppendEncode(dst, b[:bytesPerLine]), '\n')
		}
		return base64.StdEncoding.AppendEncode(dst, b), nil
	case encodingEscape:
		return encodeEscape(dst, b), nil
	}
	return dst, ErrEncoding
}

// Decode appends the bytes that a text in the named encoding stands for.
func Decode(dst, text, name []byte) ([]byte, error) {
	from := len(dst)
	var err error
	switch named(name) {
	case encodingHex:
		dst, err = decodeHex(dst, text)
	case encodingBase64:
		dst, err = decodeBase64(dst, text)
	case encodingEscape:
		dst, err = decodeEscape(dst, text)
	default:
		err = ErrEncoding
	}
	if err != nil {
		return dst[:from], err
	}
	return dst, nil
}

// decodeHex takes white space between the pairs of digits.
func decodeHex(dst, text []byte) ([]byte, error) {
	for i := 0; i < len(text); i++ {
		if blank(text[i]) {
			continue
		}
		high, ok := hexDigit(text[i])
		if i++; !ok || i == len(text) {
			return dst, ErrEncoded
		}
		low, ok := hexDigit(text[i])
		if !ok {
			return dst, ErrEncoded
		}
		dst = append(dst, high<<4|low)
	}
	return dst, nil
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// encodeEscape writes zero bytes and those beyond ASCII as \ and three octal digits.
func encodeEscape(dst, b []byte) []byte {
	for _, c := range b {
		switch {
		case c == 0 || c >= 0x80:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		case c == '\\':
			dst = append(dst, '\\', '\\')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func decodeEscape(dst, text []byte) ([]byte, error) {
	for len(text) > 0 {
		switch {
		case text[0] != '\\':
			dst, text = append(dst, text[0]), text[1:]
		case len(text) >= 4 && octal(text[1], '3') && octal(text[2], '7') && octal(text[3], '7'):
			dst, text = append(dst, (text[1]-'0')<<6|(text[2]-'0')<<3|(text[3]-'0')), text[4:]
		case len(text) >= 2 && text[1] == '\\':
			dst, text = append(dst, '\\'), text[2:]
		default:
			return dst, ErrEncoded
		}
	}
	return dst, nil
}

func octal(c, last byte) bool { return c >= '0' && c <= last }

// decodeBase64 takes white space anywhere, and padding only where a group of four needs it.
func decodeBase64(dst, text []byte) ([]byte, error) {
	var group uint32
	at, padded := 0, 0
	for _, c := range text {
		if blank(c) {
			continue
		}
		var six uint32
		switch {
		case c == '=':
			// The first of the padding is the third or fourth of its group.
			if padded == 0 {
				if at != 2 && at != 3 {
					return dst, ErrEncoded
				}
				padded = 4 - at
			}
		default:
			v, ok := base64Digit(c)
			if !ok {
				return dst, ErrEncoded
			}
			six = uint32(v)
		}
		group = group<<6 | six
		if at++; at == 4 {
			dst = append(dst, byte(group>>16))
			if padded < 2 {
				dst = append(dst, byte(group>>8))
			}
			if padded < 1 {
				dst = append(dst, byte(group))
			}
			group, at = 0, 0
		}
	}
	if at != 0 {
		return dst, ErrEncoded
	}
	return dst, nil
}

func base64Digit(c byte) (byte, bool) {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A', true
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26, true
	case c >= '0' && c <= '9':
		return c - '0' + 52, true
	case c == '+':
		return 62, true
	case c == '/':
		return 63, true
	}
	return 0, false
}
