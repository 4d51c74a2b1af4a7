package jsonb

import "bytes"

// What a numeric has room for.
const (
	maxWhole = 131072 // digits before the point
	maxScale = 16383  // digits after it
)

// numberLength is the length of the JSON number at the start of b, 0 if there is none.
func numberLength(b []byte) int {
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	whole := digits(b[i:])
	if whole == 0 || whole > 1 && b[i] == '0' {
		return 0
	}
	i += whole
	if i < len(b) && b[i] == '.' {
		n := digits(b[i+1:])
		if n == 0 {
			return 0
		}
		i += 1 + n
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		j := i + 1
		if j < len(b) && (b[j] == '+' || b[j] == '-') {
			j++
		}
		n := digits(b[j:])
		if n == 0 {
			return 0
		}
		i = j + n
	}
	return i
}

// digits counts the digits at the start of b.
func digits(b []byte) int {
	for i, c := range b {
		if c-'0' > 9 {
			return i
		}
	}
	return len(b)
}

// appendNumber appends a JSON number as numeric prints it: without an exponent, with the scale that the text has.
func appendNumber(dst, token []byte) ([]byte, error) {
	neg := token[0] == '-'
	if neg {
		token = token[1:]
	}
	exp := 0
	if e := bytes.IndexAny(token, "eE"); e >= 0 {
		var ok bool
		if exp, ok = exponent(token[e+1:]); !ok {
			return dst, overflow()
		}
		token = token[:e]
	}
	whole, frac, _ := bytes.Cut(token, []byte("."))
	scale := max(0, len(frac)-exp)
	zero := len(bytes.Trim(whole, "0")) == 0 && len(bytes.Trim(frac, "0")) == 0
	if scale > maxScale {
		return dst, overflow()
	}
	if zero {
		return appendDigits(append(dst, '0'), nil, nil, 0, scale), nil
	}
	// The digits before the point after the exponent has moved it, without leading zeros.
	point := len(whole) + exp
	lead := 0
	for lead < len(whole)+len(frac) && digitAt(whole, frac, lead) == '0' {
		lead++
	}
	if point-lead > maxWhole {
		return dst, overflow()
	}
	if neg {
		dst = append(dst, '-')
	}
	if lead >= point {
		dst = append(dst, '0')
	}
	for i := lead; i < point; i++ {
		dst = append(dst, digitAt(whole, frac, i))
	}
	return appendDigits(dst, whole, frac, point, scale), nil
}

// appendDigits appends the point and scale digits after it.
func appendDigits(dst, whole, frac []byte, point, scale int) []byte {
	if scale > 0 {
		dst = append(dst, '.')
	}
	for i := range scale {
		dst = append(dst, digitAt(whole, frac, point+i))
	}
	return dst
}

// digitAt is the i-th digit of whole and frac, 0 around them.
func digitAt(whole, frac []byte, i int) byte {
	switch {
	case i < 0:
	case i < len(whole):
		return whole[i]
	case i < len(whole)+len(frac):
		return frac[i-len(whole)]
	}
	return '0'
}

// exponent reads an exponent; ok is false beyond what Postgres considers.
func exponent(b []byte) (n int, ok bool) {
	neg := b[0] == '-'
	if neg || b[0] == '+' {
		b = b[1:]
	}
	for _, c := range b {
		if n = n*10 + int(c-'0'); n >= 1<<30-1 {
			return 0, false
		}
	}
	if neg {
		n = -n
	}
	return n, true
}

func overflow() error { return &Error{Code: codeRange, Message: "value overflows numeric format"} }

// compareNumbers orders two canonical numbers by value.
func compareNumbers(a, b []byte) int {
	aNeg, aWhole, aFrac := splitNumber(a)
	bNeg, bWhole, bFrac := splitNumber(b)
	if aNeg != bNeg {
		if aNeg {
			return -1
		}
		return 1
	}
	c := len(aWhole) - len(bWhole)
	if c == 0 {
		c = bytes.Compare(aWhole, bWhole)
	}
	if c == 0 {
		c = bytes.Compare(aFrac, bFrac)
	}
	if aNeg {
		return -c
	}
	return c
}

// splitNumber takes the zeros that do not count off a canonical number.
func splitNumber(b []byte) (neg bool, whole, frac []byte) {
	if neg = len(b) > 0 && b[0] == '-'; neg {
		b = b[1:]
	}
	whole = b
	if dot := bytes.IndexByte(b, '.'); dot >= 0 {
		whole, frac = b[:dot], b[dot+1:]
		for len(frac) > 0 && frac[len(frac)-1] == '0' {
			frac = frac[:len(frac)-1]
		}
	}
	for len(whole) > 0 && whole[0] == '0' {
		whole = whole[1:]
	}
	return neg, whole, frac
}
