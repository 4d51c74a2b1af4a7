package decimal

import (
	"math"
	"math/big"
)

// Power appends a to the power of b.
func Power(dst, a, b []byte) ([]byte, error) {
	x, y, err := viewTwo(a, b)
	if err != nil {
		return dst, err
	}
	if x.kind == nan || y.kind == nan {
		if x.kind == nan && y.kind == finite && y.sign() == 0 || y.kind == nan && x.isOne() && !x.neg {
			return append(dst, '1'), nil
		}
		return appendNaN(dst), nil
	}
	whole := y.kind == infinite || len(trimRight(y.frac)) == 0
	switch {
	case x.sign() == 0 && y.sign() < 0:
		return dst, ErrZeroPower
	case x.sign() < 0 && !whole:
		return dst, ErrComplexPower
	case x.kind == infinite || y.kind == infinite:
		return infinitePower(dst, &x, &y), nil
	}
	exp, ok := y.int32()
	if whole && ok {
		return x.power(dst, exp)
	}
	if x.sign() == 0 {
		return place(dst, false, nil, minSignificant, minSignificant)
	}
	return x.fractionPower(dst, &y)
}

func (n *number) isOne() bool {
	return n.kind == finite && len(n.whole) == 1 && n.whole[0] == '1' && len(trimRight(n.frac)) == 0
}

func (n *number) int32() (int, bool) {
	if len(n.whole) > 10 {
		return 0, false
	}
	e := int64(0)
	for _, d := range n.whole {
		e = e*10 + int64(d-'0')
	}
	if n.neg {
		e = -e
	}
	return int(e), e >= math.MinInt32 && e <= math.MaxInt32
}

// infinitePower has an infinite operand, and follows the rules of POSIX for pow.
func infinitePower(dst []byte, x, y *number) []byte {
	switch {
	case x.isOne() && (!x.neg || y.kind == infinite) || y.sign() == 0:
		return append(dst, '1')
	case x.sign() == 0:
		return append(dst, '0')
	case y.kind == infinite:
		one := number{whole: []byte{'1'}}
		if grows := x.kind == infinite || compareMagnitude(x, &one) > 0; grows != y.neg {
			return appendInfinity(dst, false)
		}
		return append(dst, '0')
	case y.neg:
		return append(dst, '0')
	}
	return appendInfinity(dst, x.neg && y.at(0)&1 == 1)
}

// power multiplies as Postgres does: by squaring, each product cut to the digits that still count in the result.
func (n *number) power(dst []byte, exp int) ([]byte, error) {
	scale := min(max(minSignificant, n.scale()), maxDisplayScale)
	neg := n.neg && exp&1 == 1
	one := &number{whole: []byte{'1'}}
	switch {
	case exp == 0:
		return place(dst, false, []byte{'1'}, 0, scale)
	case exp == -1:
		return quotient(dst, one, n, scale, true)
	case n.sign() == 0:
		return place(dst, false, nil, scale, scale)
	}
	base, result := factor{big.NewInt(0), n.scale()}, factor{big.NewInt(1), 0}
	digits := append(append([]byte(nil), n.whole...), n.frac...)
	base.c.SetString(string(digits), 10)
	if exp == 1 || exp == 2 {
		if exp == 2 {
			base = base.mul(base, 2*base.scale)
		}
		return base.place(dst, neg, scale)
	}

	magnitude := float64(exp) * n.log10()
	switch {
	case magnitude > 3*math.MaxInt16*groupDigits:
		return dst, ErrOverflow
	case magnitude+1 < -float64(scale):
		return place(dst, false, nil, scale, scale)
	}
	// As many digits as the result has, those that the multiplications may lose, and eight more.
	significant := 1 + scale + int(magnitude) + int(math.Log(math.Abs(float64(exp)))) + 8
	left := exp
	if left < 0 {
		left = -left
	}
	if left&1 == 1 {
		result = base
	}
	for left >>= 1; left > 0; left >>= 1 {
		base = base.mul(base, significant-2*base.weight()*groupDigits)
		if left&1 == 1 {
			result = base.mul(result, significant-(base.weight()+result.weight())*groupDigits)
		}
		if base.weight() > math.MaxInt16 || result.weight() > math.MaxInt16 {
			if exp > 0 {
				return dst, ErrOverflow
			}
			return place(dst, false, nil, scale, scale)
		}
	}
	if exp > 0 {
		return result.place(dst, neg, scale)
	}
	if result.c.Sign() == 0 {
		return dst, ErrDivision
	}
	q := divideBig(bigPow10(scale+result.scale), result.c, true)
	return place(dst, neg, q.Append(nil, 10), scale, scale)
}

// log10 estimates the logarithm of a number other than zero from its first four groups of digits.
func (n *number) log10() float64 {
	weight, value := n.firstGroup()
	f, p := float64(value), weight*groupDigits
	last := -((len(trimRight(n.frac)) + groupDigits - 1) / groupDigits) // the weight of the last group in use
	for i := 1; i < 4 && weight-i >= last; i++ {
		group := 0
		for place := (weight-i)*groupDigits + groupDigits - 1; place >= (weight-i)*groupDigits; place-- {
			group = group*10 + int(n.at(place)-'0')
		}
		f = f*10_000 + float64(group)
		p -= groupDigits
	}
	return math.Log10(f) + float64(p)
}

// factor is the absolute value c / 10^scale.
type factor struct {
	c     *big.Int
	scale int
}

// weight is that of the first group of digits.
func (f factor) weight() int {
	if f.c.Sign() == 0 {
		return 0
	}
	return (countDigits(f.c) - f.scale - 1) >> 2
}

// mul multiplies, and rounds when the product has more than scale digits after the point.
func (f factor) mul(g factor, scale int) factor {
	p := factor{new(big.Int).Mul(f.c, g.c), f.scale + g.scale}
	if scale = max(scale, 0); p.scale > scale {
		divideBig(p.c, bigPow10(p.scale-scale), true)
		p.scale = scale
	}
	return p
}

func (f factor) place(dst []byte, neg bool, scale int) ([]byte, error) {
	digits := append([]byte{'0'}, f.c.Append(nil, 10)...)
	if f.scale > scale {
		digits, f.scale = roundDigits(digits, f.scale, scale), scale
	}
	return place(dst, neg, digits, f.scale, scale)
}

// countDigits is the number of decimal digits of a number above zero.
func countDigits(c *big.Int) int {
	n := int(float64(c.BitLen()-1)*math.Log10(2)) + 1 // exact, or one too few
	if c.CmpAbs(bigPow10(n)) >= 0 {
		n++
	}
	return n
}
