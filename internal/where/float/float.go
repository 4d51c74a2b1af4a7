package float

import (
	"errors"
	"math"
)

var (
	ErrOverflow     = errors.New("value out of range: overflow")
	ErrUnderflow    = errors.New("value out of range: underflow")
	ErrDivision     = errors.New("division by zero")
	ErrNegativeRoot = errors.New("cannot take square root of a negative number")
	ErrZeroPower    = errors.New("zero raised to a negative power is undefined")
	ErrComplexPower = errors.New("a negative number raised to a non-integer power yields a complex result")
)

// Float is a Go type that has the values of float4 or float8.
type Float interface{ float32 | float64 }

func infinite[F Float](f F) bool { return math.IsInf(float64(f), 0) }

func Add[F Float](a, b F) (F, error) {
	r := a + b
	if infinite(r) && !infinite(a) && !infinite(b) {
		return 0, ErrOverflow
	}
	return r, nil
}

func Sub[F Float](a, b F) (F, error) { return Add(a, -b) }

func Mul[F Float](a, b F) (F, error) {
	r := a * b
	switch {
	case infinite(r) && !infinite(a) && !infinite(b):
		return 0, ErrOverflow
	case r == 0 && a != 0 && b != 0:
		return 0, ErrUnderflow
	}
	return r, nil
}

func Div[F Float](a, b F) (F, error) {
	if b == 0 && a == a {
		return 0, ErrDivision
	}
	r := a / b
	switch {
	case infinite(r) && !infinite(a):
		return 0, ErrOverflow
	case r == 0 && a != 0 && !infinite(b):
		return 0, ErrUnderflow
	}
	return r, nil
}

func Abs[F Float](a F) F { return F(math.Abs(float64(a))) }

// Sign is 0 for NaN.
func Sign(a float64) float64 {
	switch {
	case a > 0:
		return 1
	case a < 0:
		return -1
	}
	return 0
}

func Sqrt(a float64) (float64, error) {
	if a < 0 {
		return 0, ErrNegativeRoot
	}
	return math.Sqrt(a), nil
}

// Round goes to the even one of two whole numbers that are equally near.
func Round(a float64) float64 { return math.RoundToEven(a) }

func Trunc(a float64) float64 { return math.Trunc(a) }
func Floor(a float64) float64 { return math.Floor(a) }
func Ceil(a float64) float64  { return math.Ceil(a) }
