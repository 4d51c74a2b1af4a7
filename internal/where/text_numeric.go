package where

import (
	"bytes"
	"math"
	"strconv"
)

// A numeric is held as decimal text: [-]digits[.digits], NaN, Infinity or -Infinity. That is what Postgres sends, it is exact,
// and two of them compare digit by digit without being converted.

// maxNumericDigits bounds the digits that the exponent of a literal may add.
const maxNumericDigits = 2000

type decimalKind uint8

const (
	negInfinite decimalKind = iota
	finite
	posInfinite
	notANumber
)

// numericView is a view of a numeric's text.
type numericView struct {
	kind        decimalKind
	neg         bool
	whole, frac []byte // without leading zeros in whole and trailing zeros in frac
}

func (d *numericView) zero() bool { return len(d.whole) == 0 && len(d.frac) == 0 }

// viewDecimal splits the text of a numeric.
func viewDecimal(b []byte) (numericView, bool) {
	if len(b) == 0 {
		return numericView{}, false
	}
	d := numericView{kind: finite}
	switch b[0] {
	case 'N':
		return numericView{kind: notANumber}, string(b) == "NaN"
	case 'I':
		return numericView{kind: posInfinite}, string(b) == "Infinity"
	case '-':
		if len(b) > 1 && b[1] == 'I' {
			return numericView{kind: negInfinite}, string(b) == "-Infinity"
		}
		d.neg, b = true, b[1:]
	}
	d.whole = b
	if dot := bytes.IndexByte(b, '.'); dot >= 0 {
		d.whole, d.frac = b[:dot], b[dot+1:]
	}
	if len(d.whole) == 0 && len(d.frac) == 0 || !allDigits(d.whole) || !allDigits(d.frac) {
		return numericView{}, false
	}
	for len(d.whole) > 0 && d.whole[0] == '0' {
		d.whole = d.whole[1:]
	}
	for len(d.frac) > 0 && d.frac[len(d.frac)-1] == '0' {
		d.frac = d.frac[:len(d.frac)-1]
	}
	if d.zero() {
		d.neg = false
	}
	return d, true
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// compareNumeric orders as Postgres does: -Infinity, finite, Infinity, NaN; NaN equals itself. Both texts have been checked.
func compareNumeric(x, y []byte) int {
	a, _ := viewDecimal(x)
	b, _ := viewDecimal(y)
	switch {
	case a.kind != b.kind:
		return int(a.kind) - int(b.kind)
	case a.kind != finite:
		return 0
	case a.neg != b.neg:
		if a.neg {
			return -1
		}
		return 1
	}
	c := len(a.whole) - len(b.whole)
	if c == 0 {
		c = bytes.Compare(a.whole, b.whole)
	}
	if c == 0 {
		c = bytes.Compare(a.frac, b.frac)
	}
	if a.neg {
		return -c
	}
	return c
}

// inputNumeric is the input function of numeric. The result keeps the scale that the text asks for.
func inputNumeric(text []byte) ([]byte, error) {
	b := trimSpace(text)
	if f, ok := specialFloat(b); ok {
		return appendFloat(nil, f, 64), nil
	}
	if _, err := checkDecimal(b); err != nil {
		return nil, err
	}
	neg := b[0] == '-'
	if neg || b[0] == '+' {
		b = b[1:]
	}
	exp := int64(0)
	if e := bytes.IndexAny(b, "eE"); e >= 0 {
		n, err := parseInt(b[e+1:])
		if err != nil || n > maxNumericDigits || n < -maxNumericDigits {
			return nil, errRange
		}
		exp, b = n, b[:e]
	}
	whole, frac := b, []byte(nil)
	if dot := bytes.IndexByte(b, '.'); dot >= 0 {
		whole, frac = b[:dot], b[dot+1:]
	}
	return placeDecimal(neg, whole, frac, int(exp)), nil
}

// placeDecimal prints whole.frac × 10^exp.
func placeDecimal(neg bool, whole, frac []byte, exp int) []byte {
	digits := append(append([]byte(nil), whole...), frac...)
	point := len(whole) + exp
	if point < 0 {
		digits = append(bytes.Repeat([]byte{'0'}, -point), digits...)
		point = 0
	}
	if point > len(digits) {
		digits = append(digits, bytes.Repeat([]byte{'0'}, point-len(digits))...)
	}
	whole, frac = bytes.TrimLeft(digits[:point], "0"), digits[point:]
	var out []byte
	if neg && (len(whole) > 0 || len(bytes.Trim(frac, "0")) > 0) {
		out = append(out, '-')
	}
	if len(whole) == 0 {
		out = append(out, '0')
	}
	out = append(out, whole...)
	if len(frac) > 0 {
		out = append(append(out, '.'), frac...)
	}
	return out
}

// numericToInt rounds half away from zero.
func numericToInt(b []byte, id typeID) (int64, error) {
	d, _ := viewDecimal(b)
	if d.kind != finite || len(d.whole) > 19 {
		return 0, errRange
	}
	var n uint64
	for _, c := range d.whole {
		n = n*10 + uint64(c-'0') // at most 19 digits
	}
	if len(d.frac) > 0 && d.frac[0] >= '5' {
		n++
	}
	var i int64
	switch {
	case d.neg && n <= 1<<63:
		i = -int64(n)
	case !d.neg && n <= math.MaxInt64:
		i = int64(n)
	default:
		return 0, errRange
	}
	return i, checkInt(i, id)
}

// floatToNumeric keeps as many digits as the float type guarantees: 6 or 15.
func floatToNumeric(dst []byte, f float64, digits int) []byte {
	if f != f || math.IsInf(f, 0) {
		return appendFloat(dst, f, 64)
	}
	var tmp [32]byte
	e := strconv.AppendFloat(tmp[:0], f, 'e', digits-1, 64)
	exp := decimalExponent(e)
	mantissa := e[:bytes.IndexByte(e, 'e')]
	neg := mantissa[0] == '-'
	if neg {
		mantissa = mantissa[1:]
	}
	whole, frac := mantissa[:1], bytes.TrimRight(mantissa[1:], ".0")
	if len(frac) > 0 {
		frac = frac[1:] // the point
	}
	if len(frac) == 0 || exp >= len(frac) {
		all := append(append([]byte(nil), whole...), frac...)
		return append(dst, placeDecimal(neg, all, nil, exp-len(frac))...)
	}
	return append(dst, placeDecimal(neg, whole, frac, exp)...)
}
