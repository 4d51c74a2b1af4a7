package moment

import (
	"encoding/binary"
	"math"
)

// Bytes is the interval in 16 bytes, big endian: months, days, microseconds.
func (i Interval) Bytes() [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint32(b[0:], uint32(i.Months))
	binary.BigEndian.PutUint32(b[4:], uint32(i.Days))
	binary.BigEndian.PutUint64(b[8:], uint64(i.Micros))
	return b
}

// IntervalOf is the inverse of Bytes.
func IntervalOf(b []byte) Interval {
	return Interval{
		int32(binary.BigEndian.Uint32(b[0:])), int32(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint64(b[8:])),
	}
}

// length is the interval as Postgres compares it, with months of 30 days and days of 24 hours: whole days, and microseconds from 0
// to less than a day.
func (i Interval) length() (days, us int64) {
	days = floorDiv(i.Micros, usPerDay)
	us = i.Micros - days*usPerDay
	return days + int64(i.Months)*daysPerMonth + int64(i.Days), us
}

// Compare orders intervals by their length. Different intervals can be equal: 1 month and 30 days.
func (i Interval) Compare(j Interval) int {
	d, u := i.length()
	e, v := j.length()
	switch {
	case d != e:
		return order(d, e)
	default:
		return order(u, v)
	}
}

// Key is the same for equal intervals and for no others, and is ordered as they are.
func (i Interval) Key() [16]byte {
	days, us := i.length()
	var b [16]byte
	binary.BigEndian.PutUint64(b[0:], uint64(days)^1<<63)
	binary.BigEndian.PutUint64(b[8:], uint64(us))
	return b
}

func order(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Add is i + j.
func (i Interval) Add(j Interval) (Interval, error) {
	us, ok := sum(i.Micros, j.Micros)
	return narrow(int64(i.Months)+int64(j.Months), int64(i.Days)+int64(j.Days), us, ok)
}

// Sub is i - j.
func (i Interval) Sub(j Interval) (Interval, error) {
	us := i.Micros - j.Micros
	ok := (us < i.Micros) == (j.Micros > 0)
	return narrow(int64(i.Months)-int64(j.Months), int64(i.Days)-int64(j.Days), us, ok)
}

// Neg is -i.
func (i Interval) Neg() (Interval, error) {
	return narrow(-int64(i.Months), -int64(i.Days), -i.Micros, i.Micros != math.MinInt64)
}

func narrow(months, days, us int64, ok bool) (Interval, error) {
	if !ok || months != int64(int32(months)) || days != int64(int32(days)) {
		return Interval{}, ErrRange
	}
	return Interval{int32(months), int32(days), us}, nil
}

// Mul is i * factor. What a fraction leaves of months and days spills down, rounded to microseconds on the way.
func (i Interval) Mul(factor float64) (Interval, error) {
	return i.spill(float64(i.Months)*factor, float64(i.Days)*factor, float64(i.Micros)*factor)
}

// Div is i / divisor.
func (i Interval) Div(divisor float64) (Interval, error) {
	if divisor == 0 {
		return Interval{}, ErrDivision
	}
	return i.spill(float64(i.Months)/divisor, float64(i.Days)/divisor, float64(i.Micros)/divisor)
}

// spill makes an interval of parts with fractions. Every product is rounded to a double by itself: the conversions keep the
// compiler from joining it with a sum.
func (i Interval) spill(months, days, us float64) (Interval, error) {
	if !fits32(months) || !fits32(days) {
		return Interval{}, ErrRange
	}
	out := Interval{Months: int32(months), Days: int32(days)}
	monthDays := roundMicros(float64((months - float64(out.Months)) * daysPerMonth))
	wholeDays := math.Trunc(monthDays)
	seconds := roundMicros(float64((days - float64(out.Days) + monthDays - wholeDays) * secondsPerDay))
	total := int64(out.Days)
	if math.Abs(seconds) >= secondsPerDay {
		carry := math.Trunc(seconds / secondsPerDay)
		total += int64(carry)
		seconds -= float64(carry * secondsPerDay)
	}
	total += int64(wholeDays)
	us = math.RoundToEven(us + float64(seconds*usPerSecond))
	if !(us >= math.MinInt64 && us < -math.MinInt64) {
		return Interval{}, ErrRange
	}
	return narrow(int64(out.Months), total, int64(us), true)
}

func fits32(f float64) bool { return f >= math.MinInt32 && f <= math.MaxInt32 }

// roundMicros rounds seconds, or days, to the sixth digit.
func roundMicros(f float64) float64 { return math.RoundToEven(float64(f*usPerSecond)) / usPerSecond }

// JustifyHours turns every 24 hours into a day and gives both the same sign.
func (i Interval) JustifyHours() (Interval, error) {
	carry := i.Micros / usPerDay
	days, us := int64(i.Days)+carry, i.Micros-carry*usPerDay
	if days != int64(int32(days)) {
		return Interval{}, ErrRange
	}
	days, us = alignDays(days, us)
	return narrow(int64(i.Months), days, us, true)
}

// JustifyDays turns every 30 days into a month and gives both the same sign.
func (i Interval) JustifyDays() (Interval, error) {
	carry := int64(i.Days / daysPerMonth)
	months, days := int64(i.Months)+carry, int64(i.Days)-carry*daysPerMonth
	if months != int64(int32(months)) {
		return Interval{}, ErrRange
	}
	months, days = alignMonths(months, days, 0)
	return narrow(months, days, i.Micros, true)
}

// JustifyInterval does both and gives all three parts the same sign.
func (i Interval) JustifyInterval() (Interval, error) {
	carry := i.Micros / usPerDay
	days, us := int64(i.Days)+carry, i.Micros-carry*usPerDay
	months := int64(i.Months) + days/daysPerMonth
	days %= daysPerMonth
	if months != int64(int32(months)) {
		return Interval{}, ErrRange
	}
	months, days = alignMonths(months, days, us)
	days, us = alignDays(days, us)
	return narrow(months, days, us, true)
}

func alignDays(days, us int64) (int64, int64) {
	switch {
	case days > 0 && us < 0:
		return days - 1, us + usPerDay
	case days < 0 && us > 0:
		return days + 1, us - usPerDay
	}
	return days, us
}

func alignMonths(months, days, us int64) (int64, int64) {
	switch {
	case months > 0 && (days < 0 || days == 0 && us < 0):
		return months - 1, days + daysPerMonth
	case months < 0 && (days > 0 || days == 0 && us > 0):
		return months + 1, days - daysPerMonth
	}
	return months, days
}
