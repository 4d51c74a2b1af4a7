package decimal

import (
	"bytes"
	"math/big"
)

// The limits of Postgres' format, and the scales between which it chooses that of a quotient, a root or a power.
const (
	maxWhole        = 131072 // digits before the point
	maxScale        = 16383  // digits after it
	minSignificant  = 16     // digits that a computed result has at least
	maxDisplayScale = 1000
	groupDigits     = 4 // Postgres keeps numerics in groups of so many digits, which shows in the scale of its quotients
)

type kind uint8

const (
	finite kind = iota
	infinite
	nan
)

// number is a view of a numeric's text.
type number struct {
	kind  kind
	neg   bool
	whole []byte // without leading zeros
	frac  []byte // as displayed
}

func view(b []byte) (number, error) {
	n := number{}
	if len(b) > 0 && b[0] == '-' {
		n.neg, b = true, b[1:]
	}
	switch {
	case string(b) == "Infinity":
		n.kind = infinite
		return n, nil
	case string(b) == "NaN" && !n.neg:
		n.kind = nan
		return n, nil
	}
	n.whole = b
	if dot := bytes.IndexByte(b, '.'); dot >= 0 {
		n.whole, n.frac = b[:dot], b[dot+1:]
	}
	if len(n.whole)+len(n.frac) == 0 || !allDigits(n.whole) || !allDigits(n.frac) {
		return n, ErrSyntax
	}
	n.whole = trimLeft(n.whole)
	if n.neg && len(n.whole) == 0 && len(trimRight(n.frac)) == 0 {
		n.neg = false
	}
	return n, nil
}

func viewTwo(a, b []byte) (x, y number, err error) {
	if x, err = view(a); err == nil {
		y, err = view(b)
	}
	return x, y, err
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && b[0] == '0' {
		b = b[1:]
	}
	return b
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

func (n *number) scale() int { return len(n.frac) }

// sign is -1, 0 or 1. NaN has none.
func (n *number) sign() int {
	switch {
	case n.neg:
		return -1
	case n.kind == finite && len(n.whole) == 0 && len(trimRight(n.frac)) == 0:
		return 0
	}
	return 1
}

// at is the digit that counts for 10^place.
func (n *number) at(place int) byte {
	if place >= 0 {
		if place < len(n.whole) {
			return n.whole[len(n.whole)-1-place]
		}
	} else if -place <= len(n.frac) {
		return n.frac[-place-1]
	}
	return '0'
}

// coefficient splits a finite number into whole digits and the power of ten that they are divided by, without zeros on either
// side. The digits are appended to buf.
func (n *number) coefficient(buf []byte) (digits []byte, scale int) {
	frac := trimRight(n.frac)
	return trimLeft(append(append(buf, n.whole...), frac...)), len(frac)
}

// small is the coefficient if it fits a word.
func (n *number) small() (c uint64, scale int, ok bool) {
	frac := trimRight(n.frac)
	scale = len(frac)
	if len(n.whole) == 0 {
		frac = trimLeft(frac)
	}
	if len(n.whole)+len(frac) > maxWordDigits {
		return 0, 0, false
	}
	for _, d := range n.whole {
		c = c*10 + uint64(d-'0')
	}
	for _, d := range frac {
		c = c*10 + uint64(d-'0')
	}
	return c, scale, true
}

// large is the coefficient of any size.
func (n *number) large() (*big.Int, int) {
	digits, scale := n.coefficient(nil)
	c := new(big.Int)
	if len(digits) > 0 {
		c.SetString(string(digits), 10)
	}
	return c, scale
}

// appendSpecial writes an infinity, or NaN.
func appendNaN(dst []byte) []byte { return append(dst, "NaN"...) }

func appendInfinity(dst []byte, neg bool) []byte {
	if neg {
		return append(dst, "-Infinity"...)
	}
	return append(dst, "Infinity"...)
}

// place writes digits / 10^scale, displayed with at least that scale.
func place(dst []byte, neg bool, digits []byte, scale, display int) ([]byte, error) {
	digits = trimLeft(digits)
	if len(digits)-scale > maxWhole || display > maxScale {
		return dst, ErrOverflow
	}
	if neg && len(digits) > 0 {
		dst = append(dst, '-')
	}
	whole := max(len(digits)-scale, 0)
	if whole == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, digits[:whole]...)
	if display > 0 {
		dst = append(dst, '.')
		dst = appendZeros(dst, scale-(len(digits)-whole))
		dst = append(dst, digits[whole:]...)
		dst = appendZeros(dst, display-scale)
	}
	return dst, nil
}

func appendZeros(dst []byte, n int) []byte {
	const zeros = "00000000000000000000000000000000"
	for ; n > len(zeros); n -= len(zeros) {
		dst = append(dst, zeros...)
	}
	return append(dst, zeros[:max(n, 0)]...)
}
