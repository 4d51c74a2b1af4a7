package decimal

import "math/big"

// Div appends a / b, rounded half away from zero to the scale that Postgres chooses for a quotient.
func Div(dst, a, b []byte) ([]byte, error) {
	x, y, err := viewTwo(a, b)
	if err != nil {
		return dst, err
	}
	if x.kind != finite || y.kind != finite {
		return specialQuotient(dst, &x, &y)
	}
	if y.sign() == 0 {
		return dst, ErrDivision
	}
	return quotient(dst, &x, &y, quotientScale(&x, &y), true)
}

// DivTrunc appends the whole part of a / b: the function div.
func DivTrunc(dst, a, b []byte) ([]byte, error) {
	x, y, err := viewTwo(a, b)
	if err != nil {
		return dst, err
	}
	if x.kind != finite || y.kind != finite {
		return specialQuotient(dst, &x, &y)
	}
	if y.sign() == 0 {
		return dst, ErrDivision
	}
	return quotient(dst, &x, &y, 0, false)
}

func specialQuotient(dst []byte, x, y *number) ([]byte, error) {
	switch {
	case x.kind == nan || y.kind == nan || x.kind == infinite && y.kind == infinite:
		return appendNaN(dst), nil
	case y.kind == infinite:
		return append(dst, '0'), nil
	case y.sign() == 0:
		return dst, ErrDivision
	}
	return appendInfinity(dst, x.neg != y.neg), nil
}

// quotientScale gives a quotient 16 significant digits, as far as the first groups of four digits tell its size, and not fewer
// digits after the point than either operand.
func quotientScale(x, y *number) int {
	wx, fx := x.firstGroup()
	wy, fy := y.firstGroup()
	weight := wx - wy
	if fx <= fy {
		weight--
	}
	scale := max(minSignificant-weight*groupDigits, x.scale(), y.scale(), 0)
	return min(scale, maxDisplayScale)
}

// firstGroup finds the first four digits, counted in fours from the point, that are not all zero. The weight is 0 for those
// just before the point.
func (n *number) firstGroup() (weight, value int) {
	top := len(n.whole) - 1
	if top < 0 {
		rest := trimLeft(n.frac)
		if len(rest) == 0 {
			return 0, 0
		}
		top = -(len(n.frac) - len(rest)) - 1
	}
	weight = top >> 2
	for p := weight*groupDigits + groupDigits - 1; p >= weight*groupDigits; p-- {
		value = value*10 + int(n.at(p)-'0')
	}
	return weight, value
}

// quotient divides to the scale and rounds half away from zero, or cuts.
func quotient(dst []byte, x, y *number, scale int, round bool) ([]byte, error) {
	neg := x.neg != y.neg
	if out, ok, err := smallQuotient(dst, neg, x, y, scale, round); ok {
		return out, err
	}
	cx, sx := x.large()
	cy, sy := y.large()
	if shift := scale + sy - sx; shift >= 0 {
		cx.Mul(cx, bigPow10(shift))
	} else {
		cy.Mul(cy, bigPow10(-shift))
	}
	q := divideBig(cx, cy, round)
	return place(dst, neg, q.Append(nil, 10), scale, scale)
}

// divideBig leaves the quotient in x.
func divideBig(x, y *big.Int, round bool) *big.Int {
	r := new(big.Int)
	x.QuoRem(x, y, r)
	if round && r.Lsh(r, 1).Cmp(y) >= 0 {
		x.Add(x, big.NewInt(1))
	}
	return x
}

// smallQuotient divides 128 by 64 bits, if the operands fit.
func smallQuotient(dst []byte, neg bool, x, y *number, scale int, round bool) ([]byte, bool, error) {
	cx, sx, ok := x.small()
	if !ok {
		return dst, false, nil
	}
	cy, sy, ok := y.small()
	shift := scale + sy - sx
	if !ok || shift < 0 {
		return dst, false, nil
	}
	d, ok := double{lo: cx}.shift(shift)
	if !ok {
		return dst, false, nil
	}
	q, r := d.divWord(cy)
	var buf [40]byte
	digits := q.digits(&buf)
	if round && r >= cy-r {
		if len(digits) == len(buf) {
			return dst, false, nil
		}
		digits = buf[len(buf)-len(digits)-1:]
		digits[0] = '0'
		increment(digits)
	}
	dst, err := place(dst, neg, digits, scale, scale)
	return dst, true, err
}

// Mod appends the remainder of the division that DivTrunc does. It has the sign of a.
func Mod(dst, a, b []byte) ([]byte, error) {
	x, y, err := viewTwo(a, b)
	switch {
	case err != nil:
		return dst, err
	case x.kind == nan || y.kind == nan:
		return appendNaN(dst), nil
	case y.kind == finite && y.sign() == 0:
		return dst, ErrDivision
	case x.kind == infinite:
		return appendNaN(dst), nil
	case y.kind == infinite:
		return x.append(dst)
	}
	display := max(x.scale(), y.scale())
	cx, sx, fitsX := x.small()
	cy, sy, fitsY := y.small()
	scale := max(sx, sy)
	if fitsX && fitsY && scale-sy <= maxWordDigits {
		if d, ok := (double{lo: cx}).shift(scale - sx); ok {
			if m, ok := (double{lo: cy}).shift(scale - sy); ok && m.hi == 0 {
				_, r := d.divWord(m.lo)
				var buf [40]byte
				return place(dst, x.neg, double{lo: r}.digits(&buf), scale, display)
			}
		}
	}
	bx, sx := x.large()
	by, sy := y.large()
	scale = max(sx, sy)
	bx.Mul(bx, bigPow10(scale-sx))
	by.Mul(by, bigPow10(scale-sy))
	return place(dst, x.neg, bx.Rem(bx, by).Append(nil, 10), scale, display)
}
