package decimal

import "math/bits"

// Mul appends a × b. The product is exact, and displayed with the scales of both.
func Mul(dst, a, b []byte) ([]byte, error) {
	x, y, err := viewTwo(a, b)
	if err != nil {
		return dst, err
	}
	neg := x.neg != y.neg
	switch {
	case x.kind == nan || y.kind == nan:
		return appendNaN(dst), nil
	case x.kind == infinite || y.kind == infinite:
		if x.sign() == 0 || y.sign() == 0 {
			return appendNaN(dst), nil
		}
		return appendInfinity(dst, neg), nil
	}
	display := x.scale() + y.scale()
	if cx, sx, ok := x.small(); ok {
		if cy, sy, ok := y.small(); ok && display <= maxScale {
			var buf [40]byte
			var d double
			d.hi, d.lo = bits.Mul64(cx, cy)
			return place(dst, neg, d.digits(&buf), sx+sy, display)
		}
	}
	cx, sx := x.large()
	cy, sy := y.large()
	digits := append([]byte{'0'}, cx.Mul(cx, cy).Append(nil, 10)...)
	scale := sx + sy
	if display = min(display, maxScale); scale > display {
		digits, scale = roundDigits(digits, scale, display), display
	}
	return place(dst, neg, digits, scale, display)
}
