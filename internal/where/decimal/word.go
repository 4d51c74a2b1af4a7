package decimal

import (
	"math/big"
	"math/bits"
)

// maxWordDigits is how many digits always fit 64 bits.
const maxWordDigits = 19

const tenTo19 = 10_000_000_000_000_000_000

// pow10 is 10^n for n up to maxWordDigits.
func pow10(n int) uint64 {
	p := uint64(1)
	for ; n > 0; n-- {
		p *= 10
	}
	return p
}

// bigPow10 is 10^n.
func bigPow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// double is a number of 128 bits.
type double struct{ hi, lo uint64 }

func (d double) mulWord(w uint64) (double, bool) {
	carry, lo := bits.Mul64(d.lo, w)
	over, hi := bits.Mul64(d.hi, w)
	hi, c := bits.Add64(hi, carry, 0)
	return double{hi, lo}, over == 0 && c == 0
}

// shift is d × 10^n, if that fits.
func (d double) shift(n int) (double, bool) {
	ok := true
	for ; n > 0 && ok; n -= maxWordDigits {
		d, ok = d.mulWord(pow10(min(n, maxWordDigits)))
	}
	return d, ok
}

// divWord divides by w, which is not zero.
func (d double) divWord(w uint64) (quotient double, remainder uint64) {
	quotient.hi, remainder = d.hi/w, d.hi%w
	quotient.lo, remainder = bits.Div64(remainder, d.lo, w)
	return quotient, remainder
}

// digits writes d to the end of buf.
func (d double) digits(buf *[40]byte) []byte {
	i := len(buf)
	for d.hi > 0 {
		var r uint64
		d, r = d.divWord(tenTo19)
		for range maxWordDigits {
			i--
			buf[i] = '0' + byte(r%10)
			r /= 10
		}
	}
	for r := d.lo; r > 0; r /= 10 {
		i--
		buf[i] = '0' + byte(r%10)
	}
	return buf[i:]
}
