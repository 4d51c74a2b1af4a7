package moment

import (
	"math"
	"math/big"
	"strconv"
)

// Part is what extract and date_part yield: the first as a numeric, the second as a double that is not always the nearest one.
type Part struct {
	kind        partKind
	whole, frac int64 // frac in units of 10^-scale, of the same sign as whole
	scale       int
	approximate float64
}

type partKind uint8

const (
	numberPart partKind = iota
	nullPart
	infinitePart // with the sign of whole
	julianPart   // whole, and frac microseconds of a day
)

// Null reports whether the part is NULL: infinite dates and timestamps have no part that repeats.
func (p Part) Null() bool { return p.kind == nullPart }

// Float is the result of date_part.
func (p Part) Float() float64 {
	if p.kind == infinitePart {
		return math.Inf(int(p.whole))
	}
	return p.approximate
}

// AppendNumeric appends the text of the numeric that extract yields.
func (p Part) AppendNumeric(dst []byte) []byte {
	switch p.kind {
	case infinitePart:
		if p.whole < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "Infinity"...)
	case julianPart:
		return appendQuotient(strconv.AppendInt(dst, p.whole, 10), p.frac)
	}
	if p.whole < 0 || p.frac < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, magnitude(p.whole), 10)
	if p.scale > 0 {
		dst = append(dst, '.')
		dst = appendPadded(dst, int64(magnitude(p.frac)), p.scale)
	}
	return dst
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// appendQuotient appends the fraction us / the microseconds of a day with the digits that a division of numerics has: at least 16
// significant ones, counted by groups of four.
func appendQuotient(dst []byte, us int64) []byte {
	groups, first := 0, us
	for ; first >= 10_000; first /= 10_000 {
		groups++
	}
	weight := groups - 2
	if first <= 864 {
		weight--
	}
	digits := 16 - 4*weight
	n := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n.Mul(n, big.NewInt(us))
	n.Add(n, big.NewInt(usPerDay/2))
	n.Quo(n, big.NewInt(usPerDay))
	text := n.String()
	dst = append(dst, '.')
	for range digits - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

func integerPart(n int64) (Part, error) {
	return Part{whole: n, approximate: float64(n)}, nil
}

// microPart is n microseconds as seconds, with a double that the caller knows.
func microPart(n int64, approximate float64) (Part, error) {
	return Part{whole: n / usPerSecond, frac: n % usPerSecond, scale: 6, approximate: approximate}, nil
}

// clockPart is a part of a time of day or of the time of an interval.
func clockPart(us int64, u unit) (Part, error) {
	minute := us % usPerMinute
	seconds, fraction := float64(minute/usPerSecond), float64(minute%usPerSecond)
	switch u {
	case unitMicrosecond:
		return integerPart(minute)
	case unitMillisecond:
		return Part{whole: minute / 1000, frac: minute % 1000, scale: 3, approximate: float64(seconds*1000) + fraction/1000}, nil
	case unitSecond:
		return microPart(minute, seconds+fraction/usPerSecond)
	case unitMinute:
		return integerPart(us / usPerMinute % 60)
	case unitHour:
		return integerPart(us / usPerHour)
	}
	return Part{}, ErrUnit
}

// dayPart is a part of a date.
func dayPart(days int64, u unit) (Part, error) {
	switch u {
	case unitDow:
		return integerPart(int64(weekday(days)))
	case unitIsoDow:
		return integerPart(int64((weekday(days)+6)%7 + 1))
	case unitJulian:
		return integerPart(days + julianEpoch)
	case unitWeek, unitIsoYear:
		year, week := isoWeek(days)
		if u == unitWeek {
			return integerPart(int64(week))
		}
		return integerPart(counted(year))
	}
	year, month, day := civil(days)
	switch u {
	case unitDay:
		return integerPart(int64(day))
	case unitMonth:
		return integerPart(int64(month))
	case unitQuarter:
		return integerPart(int64((month-1)/3 + 1))
	case unitYear:
		return integerPart(counted(year))
	case unitDecade:
		return integerPart(floorDiv(year, 10))
	case unitCentury:
		return integerPart(counted(floorDiv(year-1, 100) + 1))
	case unitMillennium:
		return integerPart(counted(floorDiv(year-1, 1000) + 1))
	case unitDoy:
		return integerPart(days - daysOf(year, 1, 1) + 1)
	}
	return Part{}, ErrUnit
}

// counted is a year, century or millennium as it is counted: there is none with number 0.
func counted(n int64) int64 {
	if n <= 0 {
		n--
	}
	return n
}

// infinite is a part of an infinite date or timestamp, which is not negative for the one at the end of time.
func infinite(u unit, negative bool) (Part, error) {
	switch u {
	case unitYear, unitDecade, unitCentury, unitMillennium, unitJulian, unitIsoYear, unitEpoch:
		if negative {
			return Part{kind: infinitePart, whole: -1}, nil
		}
		return Part{kind: infinitePart, whole: 1}, nil
	}
	return Part{kind: nullPart}, nil
}

// Extract is extract from a date. Its date_part is that of the timestamp.
func (d Date) Extract(u Unit) (Part, error) {
	switch u.extract {
	case unitEpoch:
		if d.Finite() {
			return integerPart(int64(d-Date(unixEpoch/usPerDay)) * secondsPerDay)
		}
	case unitMicrosecond, unitMillisecond, unitSecond, unitMinute, unitHour, unitZone, unitZoneHour, unitZoneMinute, noUnit:
		return Part{}, ErrUnit
	}
	if !d.Finite() {
		return infinite(u.extract, d < 0)
	}
	return dayPart(int64(d), u.extract)
}

// Extract is a part of a timestamp.
func (t Timestamp) Extract(u Unit) (Part, error) {
	switch u.extract {
	case unitZone, unitZoneHour, unitZoneMinute:
		if t.Finite() {
			return Part{}, ErrUnit
		}
	}
	return t.ExtractTZ(u)
}

// ExtractTZ is a part of a timestamptz, in UTC.
func (t Timestamp) ExtractTZ(u Unit) (Part, error) {
	if u.extract == noUnit {
		return Part{}, ErrUnit
	}
	if !t.Finite() {
		return infinite(u.extract, t < 0)
	}
	days, clock := t.split()
	switch u.extract {
	case unitMicrosecond, unitMillisecond, unitSecond, unitMinute, unitHour:
		return clockPart(clock, u.extract)
	case unitZone, unitZoneHour, unitZoneMinute:
		return integerPart(0)
	case unitEpoch:
		since := t - unixEpoch
		if since >= t {
			return microPart(int64(since), float64(since)/usPerSecond)
		}
		// Beyond 64 bits Postgres divides numerics, which leaves four digits of such a quotient.
		us := roundTo(int64(t%usPerSecond), 4)
		return Part{
			whole: int64(t/usPerSecond-unixEpoch/usPerSecond) + us/usPerSecond, frac: us % usPerSecond, scale: 6,
			approximate: (float64(t) - float64(unixEpoch)) / usPerSecond,
		}, nil
	case unitJulian:
		seconds := float64(clock/usPerSecond) + float64(clock%usPerSecond)/usPerSecond
		return Part{
			kind: julianPart, whole: days + julianEpoch, frac: clock, approximate: float64(days+julianEpoch) + seconds/secondsPerDay,
		}, nil
	}
	return dayPart(days, u.extract)
}

// Extract is a part of a time.
func (t Time) Extract(u Unit) (Part, error) {
	if u.extract == unitEpoch {
		return microPart(int64(t), float64(t)/usPerSecond)
	}
	return clockPart(int64(t), u.extract)
}

// Extract is a part of a timetz.
func (t TimeTZ) Extract(u Unit) (Part, error) {
	east := -int64(t.West)
	switch u.extract {
	case unitZone:
		return integerPart(east)
	case unitZoneHour:
		return integerPart(east / 3600)
	case unitZoneMinute:
		return integerPart(east / 60 % 60)
	case unitEpoch:
		return microPart(t.utc(), float64(t.Time)/usPerSecond+float64(t.West))
	}
	return t.Time.Extract(u)
}

// Extract is a part of an interval. For the epoch a year has 365.25 days, a month 30, a day 24 hours.
func (i Interval) Extract(u Unit) (Part, error) {
	years, months := int64(i.Months/monthsPerYear), int64(i.Months%monthsPerYear)
	switch u.extract {
	case unitDay:
		return integerPart(int64(i.Days))
	case unitMonth:
		return integerPart(months)
	case unitQuarter:
		return integerPart(months/3 + 1)
	case unitYear, unitDecade, unitCentury, unitMillennium:
		return integerPart(years / int64(yearsIn(u.extract)))
	case unitEpoch:
		seconds := (years*(4*365+1) + months*4*daysPerMonth + int64(i.Days)*4) * (secondsPerDay / 4)
		p := Part{whole: seconds + i.Micros/usPerSecond, frac: i.Micros % usPerSecond, scale: 6}
		if p.whole > 0 && p.frac < 0 {
			p.whole, p.frac = p.whole-1, p.frac+usPerSecond
		} else if p.whole < 0 && p.frac > 0 {
			p.whole, p.frac = p.whole+1, p.frac-usPerSecond
		}
		p.approximate = float64(i.Micros) / usPerSecond
		p.approximate += float64(365.25 * secondsPerDay * float64(years))
		p.approximate += float64(daysPerMonth * secondsPerDay * float64(months))
		p.approximate += float64(secondsPerDay * float64(i.Days))
		return p, nil
	}
	return clockPart(i.Micros, u.extract)
}
