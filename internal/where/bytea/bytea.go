package bytea

import (
	"bytes"
	"encoding/hex"
	"errors"
)

var (
	ErrSyntax         = errors.New("invalid input syntax for type bytea")
	ErrEncoding       = errors.New("unrecognized encoding")
	ErrEncoded        = errors.New("invalid encoded data")
	ErrNegativeLength = errors.New("negative substring length not allowed")
)

// Input appends the bytes of the text form: \x and hexadecimal digits, or the escape format.
func Input(dst, text []byte) ([]byte, error) {
	from := len(dst)
	var err error
	if bytes.HasPrefix(text, []byte(`\x`)) {
		dst, err = decodeHex(dst, text[2:])
	} else {
		dst, err = decodeEscape(dst, text)
	}
	if err != nil {
		return dst[:from], ErrSyntax
	}
	return dst, nil
}

// Output appends the text form that the setting bytea_output = hex asks for.
func Output(dst, b []byte) []byte {
	return hex.AppendEncode(append(dst, `\x`...), b)
}

// Substring is the part of b that begins with byte start, counted from 1, and has length bytes. Both numbers are of type int4.
func Substring(b []byte, start, length int64) ([]byte, error) {
	if length < 0 {
		return nil, ErrNegativeLength
	}
	end := min(max(start+length, 1), int64(len(b))+1)
	return b[min(max(start, 1), end)-1 : end-1], nil
}

// From is the part of b that begins with byte start.
func From(b []byte, start int64) []byte {
	return b[min(max(start, 1), int64(len(b))+1)-1:]
}

// TrimLeft drops the bytes at the beginning of b that are in set.
func TrimLeft(b, set []byte) []byte {
	for len(b) > 0 && bytes.IndexByte(set, b[0]) >= 0 {
		b = b[1:]
	}
	return b
}

// TrimRight drops the bytes at the end of b that are in set.
func TrimRight(b, set []byte) []byte {
	for len(b) > 0 && bytes.IndexByte(set, b[len(b)-1]) >= 0 {
		b = b[:len(b)-1]
	}
	return b
}
