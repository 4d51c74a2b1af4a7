package where

import (
	"math"
	"strconv"
	"unsafe"
)

// asString views b as a string for the duration of a call that does not keep it.
func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// inputFloat is the input function of float4 and float8, the former widened.
func inputFloat(text []byte, bits int) (float64, error) {
	b := trimSpace(text)
	if f, ok := specialFloat(b); ok {
		return f, nil
	}
	zero, err := checkDecimal(b)
	if err != nil {
		return 0, err
	}
	f, perr := strconv.ParseFloat(asString(b), bits)
	if perr != nil || f == 0 && !zero {
		return 0, errRange
	}
	return f, nil
}

// specialFloat reads NaN and the infinities in the spellings that Postgres takes.
func specialFloat(b []byte) (float64, bool) {
	sign, word := 1, b
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		word = b[1:]
		if b[0] == '-' {
			sign = -1
		}
	}
	switch {
	case foldEqual(word, "infinity") || foldEqual(word, "inf"):
		return math.Inf(sign), true
	case foldEqual(word, "nan"):
		return math.NaN(), len(word) == len(b)
	}
	return 0, false
}

// checkDecimal accepts [sign] digits [. digits] [e [sign] digits] with at least one digit, and says whether all digits of the
// coefficient are zero.
func checkDecimal(b []byte) (zero bool, err error) {
	i, digits := 0, 0
	zero = true
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	for dot := false; i < len(b); i++ {
		c := b[i]
		if c == '.' && !dot {
			dot = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		digits++
		zero = zero && c == '0'
	}
	if digits == 0 {
		return false, errSyntax
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		if i == start {
			return false, errSyntax
		}
	}
	if i != len(b) {
		return false, errSyntax
	}
	return zero, nil
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a != a && b != b:
		return 0
	case a != a:
		return 1
	}
	return -1
}

// appendFloat is the output function of float4 (bits 32) and float8 (bits 64): the shortest decimal that reads back.
func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	var tmp [32]byte
	e := appendShortest(tmp[:0], f, bits)
	exp := decimalExponent(e)
	limit := 15
	if bits == 32 {
		limit = 6
	}
	if f == 0 || exp >= -4 && exp < limit {
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	return append(dst, e...)
}

// decimalExponent reads the exponent that strconv has written with format 'e'.
func decimalExponent(e []byte) int {
	for i := len(e) - 1; i >= 0; i-- {
		if e[i] == 'e' {
			n, _ := parseInt(e[i+1:])
			return int(n)
		}
	}
	return 0
}

// floatToInt rounds half to even, as a cast from float to an integer type does.
func floatToInt(f float64, id typeID) (int64, error) {
	r := math.RoundToEven(f)
	if !(r >= -(1<<63) && r < 1<<63) {
		return 0, errRange
	}
	return int64(r), checkInt(int64(r), id)
}

// narrowFloat is the cast from float8 to float4.
func narrowFloat(f float64) (float64, error) {
	g := float64(float32(f))
	if math.IsInf(g, 0) && !math.IsInf(f, 0) || g == 0 && f != 0 {
		return 0, errRange
	}
	return g, nil
}

// foldEqual compares b with a lower-case ASCII word, ignoring ASCII case.
func foldEqual(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if lowerASCII(c) != lower[i] {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
