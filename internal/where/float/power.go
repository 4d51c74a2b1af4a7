package float

// #cgo LDFLAGS: -lm
// #include <math.h>
import "C"

import "math"

// Power is a to the power of b. What has an operand that is infinite or NaN follows POSIX.
func Power(a, b float64) (float64, error) {
	switch {
	case a != a:
		if b == 0 {
			return 1, nil
		}
		return a, nil
	case b != b:
		if a == 1 {
			return 1, nil
		}
		return b, nil
	case a == 0 && b < 0:
		return 0, ErrZeroPower
	case a < 0 && math.Floor(b) != b:
		return 0, ErrComplexPower
	case infinite(a) || infinite(b):
		return math.Pow(a, b), nil
	}
	r := float64(C.pow(C.double(a), C.double(b)))
	switch {
	case infinite(r):
		return 0, ErrOverflow
	case r == 0 && a != 0:
		return 0, ErrUnderflow
	}
	return r, nil
}
