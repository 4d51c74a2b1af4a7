package moment

import (
	"math"
	"strconv"
)

// integer reads an optional sign and digits at the start of b. Without digits it reads nothing and yields 0.
func integer(b []byte) (n int64, length int, fits bool) {
	i := 0
	neg := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		i++
	}
	start := i
	var u uint64
	fits = true
	for ; i < len(b) && isDigit(b[i]); i++ {
		d := uint64(b[i] - '0')
		if u > (1<<63-d)/10 {
			fits = false
			continue
		}
		u = u*10 + d
	}
	switch {
	case i == start:
		return 0, 0, true
	case !fits || u == 1<<63 && !neg:
		if neg {
			return math.MinInt64, i, false
		}
		return math.MaxInt64, i, false
	case neg:
		return -int64(u), i, true
	}
	return int64(u), i, true
}

// integer32 is integer for numbers of 32 bits.
func integer32(b []byte) (n, length int, fits bool) {
	wide, length, fits := integer(b)
	return int(wide), length, fits && wide == int64(int32(wide))
}

// wrapped is a run of digits as a number of 32 bits, where the rest is cut off without an error.
func wrapped(b []byte) int {
	n, _, _ := integer(b)
	return int(int32(n))
}

// fraction reads a point and digits, all of b.
func fraction(b []byte) (float64, bool) {
	for _, c := range b[1:] {
		if !isDigit(c) {
			return 0, false
		}
	}
	if len(b) == 1 {
		return 0, true
	}
	if len(b) <= 16 {
		n, _, _ := integer(b[1:])
		return float64(n) / powerOfTen(len(b)-1), true
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil && (f != 0 || allZero(b[1:]))
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return true
}

func powerOfTen(n int) float64 {
	p := 1.0
	for range n {
		p *= 10
	}
	return p
}

// micros is a fraction of a second in microseconds.
func micros(fraction float64) int64 { return int64(math.RoundToEven(fraction * usPerSecond)) }

// double reads as much of b as C reads of a number, exponents and hexadecimal numbers included.
func double(b []byte) (f float64, length int, ok bool) {
	i := 0
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		i++
	}
	if hex, end := hexDouble(b, i); end > 0 {
		f, err := strconv.ParseFloat(hex, 64)
		return f, end, err == nil
	}
	start, digits := i, 0
	for ; i < len(b) && isDigit(b[i]); i++ {
		digits++
	}
	if i < len(b) && b[i] == '.' {
		i++
		for ; i < len(b) && isDigit(b[i]); i++ {
			digits++
		}
	}
	if digits == 0 {
		return 0, 0, false
	}
	mantissa := b[start:i]
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if _, n, _ := integer(b[i+1:]); n > 0 {
			i += 1 + n
		}
	}
	f, err := strconv.ParseFloat(string(b[:i]), 64)
	return f, i, err == nil && !(f == 0 && hasNonZero(mantissa)) && !(f != 0 && math.Abs(f) < 0x1p-1022)
}

func hasNonZero(b []byte) bool {
	for _, c := range b {
		if c >= '1' && c <= '9' {
			return true
		}
	}
	return false
}

// hexDouble finds a hexadecimal number whose digits begin after its sign, at i, and writes it as Go does.
func hexDouble(b []byte, i int) (text string, end int) {
	if len(b) < i+3 || b[i] != '0' || b[i+1]|0x20 != 'x' {
		return "", 0
	}
	j, digits := i+2, 0
	for ; j < len(b) && isHex(b[j]); j++ {
		digits++
	}
	if j < len(b) && b[j] == '.' {
		j++
		for ; j < len(b) && isHex(b[j]); j++ {
			digits++
		}
	}
	if digits == 0 {
		return "", 0
	}
	if j < len(b) && b[j]|0x20 == 'p' {
		if _, n, _ := integer(b[j+1:]); n > 0 {
			return string(b[:j+1+n]), j + 1 + n
		}
	}
	return string(b[:j]) + "p0", j
}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
