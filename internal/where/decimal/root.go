package decimal

// Sqrt appends the square root of a, rounded half up to the scale that Postgres chooses.
func Sqrt(dst, a []byte) ([]byte, error) {
	x, err := view(a)
	switch {
	case err != nil:
		return dst, err
	case x.kind == nan:
		return appendNaN(dst), nil
	case x.neg:
		return dst, ErrNegativeRoot
	case x.kind == infinite:
		return appendInfinity(dst, false), nil
	}
	weight, _ := x.firstGroup()
	scale := max(minSignificant-(weight*groupDigits/2+1), x.scale(), 0)
	scale = min(scale, maxDisplayScale)
	c, have := x.large()
	// One digit more than asked for, which rounds.
	if shift := 2*(scale+1) - have; shift >= 0 {
		c.Mul(c, bigPow10(shift))
	} else {
		c.Quo(c, bigPow10(-shift))
	}
	digits := append([]byte{'0', '0'}, c.Sqrt(c).Append(nil, 10)...)
	return place(dst, false, roundDigits(digits, scale+1, scale), scale, scale)
}
