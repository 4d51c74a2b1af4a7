package pgtext

import "bytes"

// Concat appends a and b.
func Concat(dst, a, b []byte) ([]byte, error) {
	if len(a)+len(b) > MaxLength {
		return dst, ErrTooLong
	}
	return append(append(dst, a...), b...), nil
}

// Replace appends b with every old, from the left, replaced.
func Replace(dst, b, old, with []byte) ([]byte, error) {
	if len(old) == 0 {
		return append(dst, b...), nil
	}
	from := len(dst)
	for {
		at := bytes.Index(b, old)
		if at < 0 {
			break
		}
		dst = append(append(dst, b[:at]...), with...)
		if b = b[at+len(old):]; len(dst)-from+len(b) > MaxLength {
			return dst[:from], ErrTooLong
		}
	}
	return append(dst, b...), nil
}

// Translate appends b with each character that is in old replaced by the one at the same place in with, or dropped if there is
// none.
func Translate(dst, b, old, with []byte) ([]byte, error) {
	from := len(dst)
	for len(b) > 0 {
		n := width(b)
		c := b[:n]
		b = b[n:]
		if at := bytes.Index(old, c); at >= 0 {
			rest := with[skip(with, Length(old[:at])):]
			if c = rest; len(rest) > 0 {
				c = rest[:width(rest)]
			}
		}
		if dst = append(dst, c...); len(dst)-from > MaxLength {
			return dst[:from], ErrTooLong
		}
	}
	return dst, nil
}

// Reverse appends the characters of b from the last to the first.
func Reverse(dst, b []byte) []byte {
	for len(b) > 0 {
		n := lastWidth(b)
		dst = append(dst, b[len(b)-n:]...)
		b = b[:len(b)-n]
	}
	return dst
}

// Repeat appends b n times; not at all if n is negative.
func Repeat(dst, b []byte, n int64) ([]byte, error) {
	if n <= 0 || len(b) == 0 {
		return dst, nil
	}
	if n > MaxLength/int64(len(b)) {
		return dst, ErrTooLong
	}
	for ; n > 0; n-- {
		dst = append(dst, b...)
	}
	return dst, nil
}

// PadLeft appends b, cut to length characters or with as many of fill, repeated, before it.
func PadLeft(dst, b []byte, length int64, fill []byte) ([]byte, error) {
	b, missing := padding(b, length, fill)
	from := len(dst)
	dst, err := appendFill(dst, fill, missing)
	if err != nil || len(dst)-from+len(b) > MaxLength {
		return dst[:from], ErrTooLong
	}
	return append(dst, b...), nil
}

// PadRight is PadLeft with the fill after b.
func PadRight(dst, b []byte, length int64, fill []byte) ([]byte, error) {
	b, missing := padding(b, length, fill)
	from := len(dst)
	dst, err := appendFill(append(dst, b...), fill, missing)
	if err != nil || len(dst)-from > MaxLength {
		return dst[:from], ErrTooLong
	}
	return dst, nil
}

// padding cuts b to the length, or says how many characters it lacks, of which there are none without a fill.
func padding(b []byte, length int64, fill []byte) ([]byte, int64) {
	have := int64(Length(b))
	switch {
	case have >= length:
		return b[:skip(b, int(length))], 0
	case len(fill) == 0:
		return b, 0
	}
	return b, length - have
}

func appendFill(dst, fill []byte, missing int64) ([]byte, error) {
	if missing == 0 {
		return dst, nil
	}
	if missing > MaxLength {
		return dst, ErrTooLong
	}
	each := max(int64(Length(fill)), 1) // a fill that is no UTF-8 may have no character
	dst, err := Repeat(dst, fill, missing/each)
	return append(dst, fill[:skip(fill, int(missing%each))]...), err
}
