package decimal

// Round appends a, rounded half away from zero to so many digits after the point, or before it if scale is negative.
func Round(dst, a []byte, scale int) ([]byte, error) { return toScale(dst, a, scale, true) }

// Trunc appends a without the digits that are further than scale after the point.
func Trunc(dst, a []byte, scale int) ([]byte, error) { return toScale(dst, a, scale, false) }

func toScale(dst, a []byte, scale int, round bool) ([]byte, error) {
	x, err := view(a)
	if err != nil || x.kind != finite {
		return special(dst, &x, err)
	}
	scale = min(max(scale, -maxWhole-1), maxScale)
	display := max(scale, 0)
	var room [64]byte
	digits := append(append(append(room[:0], '0'), x.whole...), x.frac...)
	have := x.scale()
	if have > scale {
		if round {
			digits = roundDigits(digits, have, scale)
		} else {
			digits = digits[:max(len(digits)-(have-scale), 0)]
		}
		have = scale
		if scale < 0 {
			if digits = trimLeft(digits); len(digits) > 0 {
				digits = appendZeros(digits, -scale)
			}
			have = 0
		}
	}
	return place(dst, x.neg, digits, have, display)
}

// special ends an operation on a number that is not finite, or none.
func special(dst []byte, x *number, err error) ([]byte, error) {
	switch {
	case err != nil:
		return dst, err
	case x.kind == nan:
		return appendNaN(dst), nil
	}
	return appendInfinity(dst, x.neg), nil
}

// roundDigits rounds digits / 10^scale half up to the smaller scale to, in place. The first digit is a zero, for the carry.
func roundDigits(digits []byte, scale, to int) []byte {
	keep := len(digits) - (scale - to)
	if keep <= 0 {
		return nil // the dropped digits begin with that zero, or with one before it
	}
	up := digits[keep] >= '5'
	digits = digits[:keep]
	if up {
		increment(digits)
	}
	return digits
}

// increment adds one to the last digit. There is a digit for the carry.
func increment(digits []byte) {
	for i := len(digits) - 1; i >= 0; i-- {
		if digits[i] < '9' {
			digits[i]++
			return
		}
		digits[i] = '0'
	}
}

// Floor appends the greatest whole number that is not above a.
func Floor(dst, a []byte) ([]byte, error) { return toWhole(dst, a, true) }

// Ceil appends the least whole number that is not below a.
func Ceil(dst, a []byte) ([]byte, error) { return toWhole(dst, a, false) }

func toWhole(dst, a []byte, down bool) ([]byte, error) {
	x, err := view(a)
	if err != nil || x.kind != finite {
		return special(dst, &x, err)
	}
	var room [64]byte
	digits := append(append(room[:0], '0'), x.whole...)
	if x.neg == down && len(trimRight(x.frac)) > 0 {
		increment(digits)
	}
	return place(dst, x.neg, digits, 0, 0)
}
