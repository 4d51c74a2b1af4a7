package decimal

// Add appends a + b.
func Add(dst, a, b []byte) ([]byte, error) {
	x, y, err := viewTwo(a, b)
	if err != nil {
		return dst, err
	}
	return sum(dst, &x, &y)
}

// Sub appends a - b.
func Sub(dst, a, b []byte) ([]byte, error) {
	x, y, err := viewTwo(a, b)
	if err != nil {
		return dst, err
	}
	y.neg = !y.neg && y.sign() != 0
	return sum(dst, &x, &y)
}

func sum(dst []byte, x, y *number) ([]byte, error) {
	switch {
	case x.kind == nan || y.kind == nan || x.kind == infinite && y.kind == infinite && x.neg != y.neg:
		return appendNaN(dst), nil
	case x.kind == infinite:
		return appendInfinity(dst, x.neg), nil
	case y.kind == infinite:
		return appendInfinity(dst, y.neg), nil
	}
	scale := max(x.scale(), y.scale())
	size := max(len(x.whole), len(y.whole)) + 1 + scale
	var room [64]byte
	digits := room[:]
	if size > len(room) {
		digits = make([]byte, size)
	}
	digits = digits[:size]
	neg := x.neg
	if x.neg == y.neg {
		addDigits(digits, x, y, scale)
	} else {
		if compareMagnitude(x, y) < 0 {
			x, y, neg = y, x, y.neg
		}
		subDigits(digits, x, y, scale)
	}
	return place(dst, neg, digits, scale, scale)
}

func addDigits(digits []byte, x, y *number, scale int) {
	carry := byte(0)
	for i, p := len(digits)-1, -scale; i >= 0; i, p = i-1, p+1 {
		d := x.at(p) + (y.at(p) - '0') + carry
		if carry = 0; d > '9' {
			d, carry = d-10, 1
		}
		digits[i] = d
	}
}

// subDigits needs |x| >= |y|.
func subDigits(digits []byte, x, y *number, scale int) {
	borrow := byte(0)
	for i, p := len(digits)-1, -scale; i >= 0; i, p = i-1, p+1 {
		d := x.at(p) - (y.at(p) - '0') - borrow
		if borrow = 0; d < '0' {
			d, borrow = d+10, 1
		}
		digits[i] = d
	}
}

// compareMagnitude orders the absolute values of finite numbers.
func compareMagnitude(x, y *number) int {
	if c := len(x.whole) - len(y.whole); c != 0 {
		return c
	}
	for p := len(x.whole) - 1; p >= -max(x.scale(), y.scale()); p-- {
		if c := int(x.at(p)) - int(y.at(p)); c != 0 {
			return c
		}
	}
	return 0
}

// Neg appends -a.
func Neg(dst, a []byte) ([]byte, error) {
	x, err := view(a)
	if err != nil {
		return dst, err
	}
	x.neg = !x.neg && x.kind != nan && x.sign() != 0
	return x.append(dst)
}

// Abs appends the absolute value of a.
func Abs(dst, a []byte) ([]byte, error) {
	x, err := view(a)
	if err != nil {
		return dst, err
	}
	x.neg = false
	return x.append(dst)
}

// Sign appends -1, 0 or 1, and NaN for NaN.
func Sign(dst, a []byte) ([]byte, error) {
	x, err := view(a)
	switch {
	case err != nil:
		return dst, err
	case x.kind == nan:
		return appendNaN(dst), nil
	case x.sign() < 0:
		return append(dst, '-', '1'), nil
	}
	return append(dst, '0'+byte(x.sign())), nil
}

func (n *number) append(dst []byte) ([]byte, error) {
	switch n.kind {
	case nan:
		return appendNaN(dst), nil
	case infinite:
		return appendInfinity(dst, n.neg), nil
	}
	if len(n.whole) > maxWhole || len(n.frac) > maxScale {
		return dst, ErrOverflow
	}
	if n.neg {
		dst = append(dst, '-')
	}
	if len(n.whole) == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, n.whole...)
	if len(n.frac) > 0 {
		dst = append(append(dst, '.'), n.frac...)
	}
	return dst, nil
}
