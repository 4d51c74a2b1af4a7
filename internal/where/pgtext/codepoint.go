package pgtext

import (
	"crypto/md5"
	"encoding/hex"
	"unicode/utf8"
)

// ASCII is the code point of the first character of b, 0 if there is none.
func ASCII(b []byte) int64 {
	if len(b) == 0 {
		return 0
	}
	r, _ := utf8.DecodeRune(b)
	return int64(r)
}

// Chr appends the character with a code point.
func Chr(dst []byte, point int64) ([]byte, error) {
	switch {
	case point == 0:
		return dst, ErrNullCharacter
	case point < 0 || point > utf8.MaxRune || !utf8.ValidRune(rune(point)):
		return dst, ErrCharacter
	}
	return utf8.AppendRune(dst, rune(point)), nil
}

// MD5 appends the hash of b in hexadecimal digits.
func MD5(dst, b []byte) []byte {
	sum := md5.Sum(b)
	return hex.AppendEncode(dst, sum[:])
}
