package decimal

import (
	"math"
	"math/big"
	"strconv"
)

// Postgres takes a power whose exponent is no small whole number by way of logarithms, and rounds on the way: which digits the
// logarithm and its product with the exponent have is part of the result. Both are rounded here to the same digits from values
// that have more.

const (
	maxExponent   = 6000 // of e: beyond it, the result overflows or is zero
	exponentFuzz  = 6020 // the same for an estimate
	logarithmMore = 8    // digits of the logarithm beyond those of the result
	log10OfE      = 0.434294481903252
	log10Of2      = 0.301029995663981
	logOf10       = 2.302585092994046
)

// fractionPower is the power of a number that is not zero, for an exponent of any kind. The number is below zero only if the
// exponent is whole.
func (n *number) fractionPower(dst []byte, y *number) ([]byte, error) {
	neg := n.neg && y.at(0)&1 == 1
	weight := n.logarithmWeight()
	scale := max(logarithmMore-weight, 0)
	estimate := decimalFloat(n.scaledLogarithm(y, scale), scale)
	if math.Abs(estimate) > exponentFuzz {
		if estimate > 0 {
			return dst, ErrOverflow
		}
		return place(dst, false, nil, maxDisplayScale, maxDisplayScale)
	}
	magnitude := int(estimate * log10OfE)
	display := min(max(minSignificant-magnitude, n.scale(), y.scale(), 0), maxDisplayScale)
	significant := max(display+magnitude, 0)

	scale = max(significant-weight+logarithmMore, 0)
	exponent := n.scaledLogarithm(y, scale)
	if e := decimalFloat(exponent, scale); math.Abs(e) >= maxExponent {
		if e > 0 {
			return dst, ErrOverflow
		}
		return place(dst, false, nil, display, display)
	}
	digits := exponential(exponent, scale, display).Append(nil, 10)
	return place(dst, neg, digits, display, display)
}

// logarithmWeight estimates the place of the first digit of the natural logarithm of the absolute value.
func (n *number) logarithmWeight() int {
	c, scale := n.large()
	one := bigPow10(scale)
	if ten := new(big.Int).Mul(c, big.NewInt(10)); ten.Cmp(new(big.Int).Mul(one, big.NewInt(9))) >= 0 && ten.Cmp(new(big.Int).Mul(one, big.NewInt(11))) <= 0 {
		// Near one the logarithm is about what is beyond it.
		rest := c.Sub(c, one)
		if rest.Sign() == 0 {
			return 0
		}
		return countDigits(rest.Abs(rest)) - scale - 1
	}
	weight, value := n.firstGroup()
	f, place := float64(value), weight*groupDigits
	if -((len(trimRight(n.frac)) + groupDigits - 1) / groupDigits) <= weight-1 {
		group := 0
		for p := place - 1; p >= place-groupDigits; p-- {
			group = group*10 + int(n.at(p)-'0')
		}
		f, place = f*10_000+float64(group), place-groupDigits
	}
	return int(math.Log10(math.Abs(math.Log(f) + float64(place)*logOf10)))
}

// scaledLogarithm is the logarithm of the absolute value, rounded to the scale, times y, rounded to the scale.
func (n *number) scaledLogarithm(y *number, scale int) *big.Int {
	c, s := n.large()
	product := logarithm(c, bigPow10(s), scale)
	factor, s := y.large()
	if y.neg {
		factor.Neg(factor)
	}
	return roundQuotient(product.Mul(product, factor), bigPow10(s))
}

// roundQuotient divides, and rounds half away from zero.
func roundQuotient(a, b *big.Int) *big.Int {
	neg := a.Sign() < 0
	q := divideBig(a.Abs(a), b, true)
	if neg {
		q.Neg(q)
	}
	return q
}

// decimalFloat is the float next to c / 10^scale.
func decimalFloat(c *big.Int, scale int) float64 {
	f, _ := strconv.ParseFloat(c.String()+"e-"+strconv.Itoa(scale), 64) // what is out of range is infinite
	return f
}

// bitsOf is how many bits hold that many decimal digits, with some more.
func bitsOf(digits int) uint { return uint(max(digits, 0)*10/3 + 96) }

// logarithm is that of a / b, above zero, times 10^scale.
func logarithm(a, b *big.Int, scale int) *big.Int {
	bits := bitsOf(scale)
	twos := a.BitLen() - b.BitLen()
	m := new(big.Int).Lsh(a, bits)
	d := b
	if twos >= 0 {
		d = new(big.Int).Lsh(b, uint(twos))
	} else {
		m.Lsh(m, uint(-twos))
	}
	m.Quo(m, d) // between a half and two
	one := new(big.Int).Lsh(big.NewInt(1), bits)
	if half := new(big.Int).Rsh(one, 1); new(big.Int).Sub(m, half).Cmp(new(big.Int).Rsh(one, 2)) < 0 {
		m.Lsh(m, 1)
		twos--
	} else if new(big.Int).Sub(m, one).Cmp(half) > 0 {
		m.Rsh(m, 1)
		twos++
	}
	ratio := new(big.Int).Sub(m, one)
	ratio.Quo(ratio.Lsh(ratio, bits), m.Add(m, one))
	sum := areaTangent(ratio, bits)
	sum.Lsh(sum, 1)
	if twos != 0 {
		sum.Add(sum, new(big.Int).Mul(logarithmOf2(bits), big.NewInt(int64(twos))))
	}
	return roundQuotient(sum.Mul(sum, bigPow10(scale)), one)
}

// areaTangent is the sum of r^n / n over the odd n; what is between zero and one is scaled by bits.
func areaTangent(r *big.Int, bits uint) *big.Int {
	neg := r.Sign() < 0
	power, term := new(big.Int).Abs(r), new(big.Int)
	square := new(big.Int).Mul(r, r)
	square.Rsh(square, bits)
	sum := new(big.Int).Set(power)
	for n := int64(3); power.Sign() != 0; n += 2 {
		power.Rsh(power.Mul(power, square), bits)
		sum.Add(sum, term.Quo(power, big.NewInt(n)))
	}
	if neg {
		sum.Neg(sum)
	}
	return sum
}

// logarithmOf2 sums the same series for a third, for which it needs no long multiplications.
func logarithmOf2(bits uint) *big.Int {
	power := new(big.Int).Lsh(big.NewInt(2), bits)
	power.Quo(power, big.NewInt(3))
	sum, term, nine := new(big.Int), new(big.Int), big.NewInt(9)
	for n := int64(1); power.Sign() != 0; n += 2 {
		sum.Add(sum, term.Quo(power, big.NewInt(n)))
		power.Quo(power, nine)
	}
	return sum
}

// exponential is e^(x / 10^scale) times 10^display, rounded: the sum of a series for a part of x so small that few terms count,
// squared again and again. What each step rounds to shows where the result is close to the middle between two.
func exponential(x *big.Int, scale, display int) *big.Int {
	f := decimalFloat(x, scale)
	magnitude, halvings := int(f*log10OfE), 0
	for ; math.Abs(f) > 0.01; f /= 2 {
		halvings++
	}
	part := factor{new(big.Int).Mul(x, new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(halvings)), nil)), scale + halvings}
	significant := max(1+magnitude+display+int(float64(halvings)*log10Of2), 0) + 8
	scale = significant - 1

	sum := factor{new(big.Int).Add(bigPow10(part.scale), part.c), part.scale}
	for term, n := part, int64(2); ; n++ {
		term = term.times(part, scale)
		if term.c = roundQuotient(term.c, big.NewInt(n)); term.c.Sign() == 0 {
			break
		}
		sum = sum.plus(term)
	}
	for range halvings {
		sum = sum.times(sum, max(significant-2*sum.weight()*groupDigits, 0))
	}
	return sum.at(display)
}

// plus is exact.
func (f factor) plus(g factor) factor {
	if f.scale < g.scale {
		f, g = g, f
	}
	return factor{new(big.Int).Add(f.c, g.at(f.scale)), f.scale}
}

// times is the product, of any signs, at that scale.
func (f factor) times(g factor, scale int) factor {
	return factor{factor{new(big.Int).Mul(f.c, g.c), f.scale + g.scale}.at(scale), scale}
}

// at is c of the same value, rounded half away from zero, at another scale.
func (f factor) at(scale int) *big.Int {
	if scale >= f.scale {
		return new(big.Int).Mul(f.c, bigPow10(scale-f.scale))
	}
	return roundQuotient(new(big.Int).Set(f.c), bigPow10(f.scale-scale))
}
