package moment

import "strconv"

// AppendDate appends the text of a date.
func AppendDate(dst []byte, d Date) []byte {
	if !d.Finite() {
		return appendInfinity(dst, d < 0)
	}
	dst, bc := appendDay(dst, int64(d))
	return appendEra(dst, bc)
}

// AppendTime appends the text of a time.
func AppendTime(dst []byte, t Time) []byte {
	dst = appendPadded(dst, int64(t)/usPerHour, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, int64(t)/usPerMinute%60, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, int64(t)/usPerSecond%60, 2)
	return appendMicros(dst, int64(t)%usPerSecond)
}

// AppendTimeTZ appends the text of a timetz.
func AppendTimeTZ(dst []byte, t TimeTZ) []byte {
	dst = AppendTime(dst, t.Time)
	sign, s := byte('+'), -int64(t.West)
	if s < 0 {
		sign, s = '-', -s
	}
	dst = append(dst, sign)
	dst = appendPadded(dst, s/3600, 2)
	if s%3600 != 0 {
		dst = append(dst, ':')
		dst = appendPadded(dst, s/60%60, 2)
	}
	if s%60 != 0 {
		dst = append(dst, ':')
		dst = appendPadded(dst, s%60, 2)
	}
	return dst
}

// AppendTimestamp appends the text of a timestamp.
func AppendTimestamp(dst []byte, t Timestamp) []byte { return appendTimestamp(dst, t, "") }

// AppendTimestampTZ appends the text of a timestamptz.
func AppendTimestampTZ(dst []byte, t Timestamp) []byte { return appendTimestamp(dst, t, "+00") }

func appendTimestamp(dst []byte, t Timestamp, offset string) []byte {
	if !t.Finite() {
		return appendInfinity(dst, t < 0)
	}
	days, clock := t.split()
	dst, bc := appendDay(dst, days)
	dst = append(dst, ' ')
	dst = AppendTime(dst, Time(clock))
	dst = append(dst, offset...)
	return appendEra(dst, bc)
}

// AppendInterval appends the text of an interval, every part with its own sign.
func AppendInterval(dst []byte, i Interval) []byte {
	if i == (Interval{}) {
		return append(dst, "PT0S"...)
	}
	dst = append(dst, 'P')
	dst = appendPart(dst, int64(i.Months/monthsPerYear), 'Y')
	dst = appendPart(dst, int64(i.Months%monthsPerYear), 'M')
	dst = appendPart(dst, int64(i.Days), 'D')
	if i.Micros == 0 {
		return dst
	}
	dst = append(dst, 'T')
	dst = appendPart(dst, i.Micros/usPerHour, 'H')
	dst = appendPart(dst, i.Micros/usPerMinute%60, 'M')
	us := i.Micros % usPerMinute
	if us == 0 {
		return dst
	}
	if us < 0 {
		dst = append(dst, '-')
		us = -us
	}
	dst = strconv.AppendInt(dst, us/usPerSecond, 10)
	dst = appendMicros(dst, us%usPerSecond)
	return append(dst, 'S')
}

func appendPart(dst []byte, n int64, unit byte) []byte {
	if n == 0 {
		return dst
	}
	return append(strconv.AppendInt(dst, n, 10), unit)
}

func appendInfinity(dst []byte, negative bool) []byte {
	if negative {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

func appendDay(dst []byte, days int64) (out []byte, bc bool) {
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

func appendEra(dst []byte, bc bool) []byte {
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// appendMicros appends a fraction of a second without its last zeros.
func appendMicros(dst []byte, us int64) []byte {
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

func appendPadded(dst []byte, n int64, width int) []byte {
	for limit := int64(1); width > 1; width-- {
		if limit *= 10; n < limit {
			for range width - 1 {
				dst = append(dst, '0')
			}
			break
		}
	}
	return strconv.AppendInt(dst, n, 10)
}
