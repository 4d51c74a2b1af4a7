package pgtext

import (
	"bytes"
	"math"
)

// From is the part of b that begins with the character start: substring with two arguments.
func From(b []byte, start int64) []byte {
	return b[skip(b, int(start-1)):]
}

// Substring is the part of b that begins with the character start, which may lie before the first one, and has length
// characters. Both numbers are of type int4.
func Substring(b []byte, start, length int64) ([]byte, error) {
	if length < 0 {
		return nil, ErrNegativeLength
	}
	end := start + length
	if end > math.MaxInt32 {
		return From(b, start), nil
	}
	first := max(start, 1)
	if end <= first {
		return b[:0], nil
	}
	b = From(b, first)
	return b[:skip(b, int(end-first))], nil
}

// Left is the first n characters of b, or all but the last -n.
func Left(b []byte, n int64) []byte {
	if n < 0 {
		n += int64(Length(b))
	}
	return b[:skip(b, int(n))]
}

// Right is the last n characters of b, or all but the first -n.
func Right(b []byte, n int64) []byte {
	switch {
	case n == math.MinInt32: // which Postgres cannot negate
		return b
	case n < 0:
		return b[skip(b, int(-n)):]
	}
	return b[skip(b, Length(b)-int(n)):]
}

// Position is the number of the first character of sub in b: 0 if it is not there, 1 if it is empty.
func Position(b, sub []byte) int {
	at := bytes.Index(b, sub)
	if at < 0 {
		return 0
	}
	return Length(b[:at]) + 1
}

// SplitPart is the part of b number n between separators, counted from the last if n is negative.
func SplitPart(b, separator []byte, n int64) ([]byte, error) {
	if n == 0 {
		return nil, ErrField
	}
	if len(separator) == 0 {
		if n == 1 || n == -1 {
			return b, nil
		}
		return b[:0], nil
	}
	if n < 0 {
		// Separators that overlap are told apart from the left.
		if n += int64(bytes.Count(b, separator)) + 2; n <= 0 {
			return b[:0], nil
		}
	}
	for ; ; n-- {
		at := bytes.Index(b, separator)
		switch {
		case n == 1 && at < 0:
			return b, nil
		case n == 1:
			return b[:at], nil
		case at < 0:
			return b[:0], nil
		}
		b = b[at+len(separator):]
	}
}

// TrimLeft drops the characters at the beginning of b that are in set.
func TrimLeft(b, set []byte) []byte {
	for len(b) > 0 {
		n := width(b)
		if !bytes.Contains(set, b[:n]) {
			break
		}
		b = b[n:]
	}
	return b
}

// TrimRight drops the characters at the end of b that are in set.
func TrimRight(b, set []byte) []byte {
	for len(b) > 0 {
		n := lastWidth(b)
		if !bytes.Contains(set, b[len(b)-n:]) {
			break
		}
		b = b[:len(b)-n]
	}
	return b
}

// Trim drops the characters at both ends of b that are in set.
func Trim(b, set []byte) []byte { return TrimRight(TrimLeft(b, set), set) }
