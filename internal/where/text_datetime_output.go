package where

// The output functions of the date and time types, DateStyle ISO and time zone UTC.

func appendInfinity(dst []byte, v int64) []byte {
	if v == minusInfinity {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

func appendDate(dst []byte, days int64) []byte {
	if !finiteMoment(days) {
		return appendInfinity(dst, days)
	}
	dst, bc := appendCivil(dst, days)
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendCivil(dst []byte, days int64) (out []byte, bc bool) {
	year, month, day := civil(days)
	if bc = year <= 0; bc {
		year = 1 - year
	}
	dst = appendPadded(dst, year, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, int64(month), 2)
	dst = append(dst, '-')
	return appendPadded(dst, int64(day), 2), bc
}

func appendTime(dst []byte, t int64) []byte {
	dst = appendPadded(dst, t/(3600*usPerSecond), 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, t/(60*usPerSecond)%60, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, t/usPerSecond%60, 2)
	us := t % usPerSecond
	if us == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendPadded(dst, us, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendTimestamp(dst []byte, t int64, zoned bool) []byte {
	if !finiteMoment(t) {
		return appendInfinity(dst, t)
	}
	days := floorDiv(t, usPerDay)
	dst, bc := appendCivil(dst, days)
	dst = append(dst, ' ')
	dst = appendTime(dst, t-days*usPerDay)
	if zoned {
		dst = append(dst, "+00"...)
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendPadded(dst []byte, n int64, width int) []byte {
	digits := 1
	for m := n; m >= 10; m /= 10 {
		digits++
	}
	for ; digits < width; digits++ {
		dst = append(dst, '0')
	}
	return appendInt(dst, n)
}
