package integer

import (
	"errors"
	"math/bits"
)

var (
	ErrRange    = errors.New("integer out of range")
	ErrDivision = errors.New("division by zero")
)

// Fits reports whether n is of the type with so many bits.
func Fits(n int64, size int) bool {
	unused := 64 - size
	return n<<unused>>unused == n
}

func checked(n int64, size int) (int64, error) {
	if !Fits(n, size) {
		return 0, ErrRange
	}
	return n, nil
}

func Add(a, b int64, size int) (int64, error) {
	n := a + b
	if (a^n)&(b^n) < 0 {
		return 0, ErrRange
	}
	return checked(n, size)
}

func Sub(a, b int64, size int) (int64, error) {
	n := a - b
	if (a^b)&(a^n) < 0 {
		return 0, ErrRange
	}
	return checked(n, size)
}

func Mul(a, b int64, size int) (int64, error) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	neg := (a < 0) != (b < 0)
	switch {
	case hi != 0 || lo > 1<<63 || lo == 1<<63 && !neg:
		return 0, ErrRange
	case neg:
		return checked(-int64(lo), size)
	}
	return checked(int64(lo), size)
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// Div cuts towards zero.
func Div(a, b int64, size int) (int64, error) {
	switch b {
	case 0:
		return 0, ErrDivision
	case -1:
		return Neg(a, size)
	}
	return a / b, nil
}

// Mod has the sign of a.
func Mod(a, b int64) (int64, error) {
	switch b {
	case 0:
		return 0, ErrDivision
	case -1:
		return 0, nil
	}
	return a % b, nil
}

func Neg(a int64, size int) (int64, error) { return Sub(0, a, size) }

func Abs(a int64, size int) (int64, error) {
	if a < 0 {
		return Neg(a, size)
	}
	return a, nil
}

// ShiftLeft drops the bits that leave the type. The processors that Postgres runs on count shifts modulo the size of a register,
// which is that of an int4 for an int2.
func ShiftLeft(a int64, count int64, size int) int64 {
	unused := 64 - size
	return a << (uint64(count) & registerMask(size)) << unused >> unused
}

// ShiftRight keeps the sign.
func ShiftRight(a int64, count int64, size int) int64 {
	return a >> (uint64(count) & registerMask(size))
}

func registerMask(size int) uint64 {
	if size == 64 {
		return 63
	}
	return 31
}
