package where

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
)

// appendShortest writes f as d.ddde±xx with as few digits as tell it from its neighbours. Postgres does not count a decimal half
// way to a neighbour among those that do, strconv does when f is even.
func appendShortest(dst []byte, f float64, bits int) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	// Only whole numbers from here on are half way between two others with so few digits.
	least := float64(1 << 52)
	if bits == 32 {
		least = 1 << 23
	}
	if a := math.Abs(f); a > least && even(a, bits) {
		return strictlyShortest(dst, start, a, bits)
	}
	return dst
}

func even(f float64, bits int) bool {
	if bits == 32 {
		return math.Float32bits(float32(f))&1 == 0
	}
	return math.Float64bits(f)&1 == 0
}

// strictlyShortest replaces what strconv has written for a whole number, with or without a sign, if it is half way to a neighbour.
func strictlyShortest(dst []byte, start int, f float64, bits int) []byte {
	text := dst[start:]
	exp := decimalExponent(text)
	neg := text[0] == '-'
	if neg {
		text = text[1:]
	}
	mantissa := text[:bytes.IndexByte(text, 'e')]
	digits := max(len(mantissa)-1, 1)
	low, high := halfWay(f, bits)
	value := whole(f)
	for n := digits; ; n++ {
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exp+1-n, 0))), nil)
		below := new(big.Int).Quo(value, unit)
		below.Mul(below, unit)
		above := new(big.Int).Add(below, unit)
		if below.Cmp(value) == 0 {
			above = below
		}
		best := nearer(value, below, above, unit)
		for _, c := range []*big.Int{best, other(best, below, above)} {
			if twice := new(big.Int).Lsh(c, 2); twice.Cmp(low) <= 0 || twice.Cmp(high) >= 0 {
				continue
			}
			dst = dst[:start]
			if neg {
				dst = append(dst, '-')
			}
			return appendExponent(dst, c)
		}
	}
}

// halfWay gives four times the numbers half way from f to its neighbours, which are finite since f is even.
func halfWay(f float64, bits int) (low, high *big.Int) {
	below, above := math.Nextafter(f, 0), math.Nextafter(f, math.Inf(1))
	if bits == 32 {
		below = float64(math.Nextafter32(float32(f), 0))
		above = float64(math.Nextafter32(float32(f), float32(math.Inf(1))))
	}
	low = new(big.Int).Add(whole(f), whole(below))
	high = new(big.Int).Add(whole(f), whole(above))
	return low.Lsh(low, 1), high.Lsh(high, 1)
}

func whole(f float64) *big.Int {
	i, _ := new(big.Float).SetFloat64(f).Int(nil)
	return i
}

// nearer is the one of two multiples of unit around value that is nearer, the even one if none is.
func nearer(value, below, above, unit *big.Int) *big.Int {
	down := new(big.Int).Sub(value, below)
	up := new(big.Int).Sub(above, value)
	switch c := down.Cmp(up); {
	case c < 0:
		return below
	case c > 0:
		return above
	}
	if new(big.Int).Quo(below, unit).Bit(0) == 0 {
		return below
	}
	return above
}

func other(one, below, above *big.Int) *big.Int {
	if one == below {
		return above
	}
	return below
}

// appendExponent writes a whole number of many digits as d.ddde+xx.
func appendExponent(dst []byte, n *big.Int) []byte {
	digits := n.Append(nil, 10)
	exp := len(digits) - 1
	digits = bytes.TrimRight(digits, "0")
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	dst = append(dst, "e+"...)
	if exp < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}
