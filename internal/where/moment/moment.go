package moment

import (
	"errors"
	"math"
)

// Date counts days since 2000-01-01.
type Date int64

// Time counts microseconds since midnight, 24:00:00 included.
type Time int64

// Timestamp counts microseconds since 2000-01-01 00:00:00: of an unnamed place for a timestamp, of Greenwich for a timestamptz.
type Timestamp int64

// TimeTZ is a time of day at an offset in seconds west of Greenwich, whose sign is the opposite of the printed one.
type TimeTZ struct {
	Time Time
	West int32
}

// Interval has three parts that do not turn into each other: a month has no number of days, a day no number of hours.
type Interval struct {
	Months, Days int32
	Micros       int64
}

const (
	Infinity      = math.MaxInt64 // of Date and Timestamp
	MinusInfinity = math.MinInt64
)

const (
	usPerSecond = 1_000_000
	usPerMinute = 60 * usPerSecond
	usPerHour   = 60 * usPerMinute
	usPerDay    = 24 * usPerHour

	secondsPerDay = 86_400
	daysPerMonth  = 30
	monthsPerYear = 12

	minDate      Date      = -2_451_545                // 4714-11-24 BC
	endDate      Date      = 2_147_483_494 - 2_451_545 // the day after 5874897-12-31
	minTimestamp Timestamp = -211_813_488_000_000_000
	endTimestamp Timestamp = 9_223_371_331_200_000_000

	unixEpoch Timestamp = -10_957 * usPerDay
)

// AfterLast is the first timestamp that is out of range. Rounding can yield it.
const AfterLast = endTimestamp

var (
	ErrSyntax   = errors.New("invalid input syntax")
	ErrRange    = errors.New("date/time value out of range")
	ErrClock    = errors.New("the value depends on the clock")
	ErrZone     = errors.New("time zone not recognized, or an abbreviation that depends on the server's configuration")
	ErrUnit     = errors.New("unit not recognized or not supported for the type")
	ErrInfinite = errors.New("cannot subtract infinite dates or timestamps")
	ErrDivision = errors.New("division by zero")
)

// Finite reports whether d is a day.
func (d Date) Finite() bool { return d != Infinity && d != MinusInfinity }

// Finite reports whether t is a point in time.
func (t Timestamp) Finite() bool { return t != Infinity && t != MinusInfinity }

func (d Date) valid() bool      { return d >= minDate && d < endDate }
func (t Timestamp) valid() bool { return t >= minTimestamp && t < endTimestamp }

// checked is t, unless it is out of range.
func (t Timestamp) checked() (Timestamp, error) {
	if !t.valid() {
		return 0, ErrRange
	}
	return t, nil
}

// split takes a finite t apart into a day and a time of that day.
func (t Timestamp) split() (days int64, clock int64) {
	days = floorDiv(int64(t), usPerDay)
	return days, int64(t) - days*usPerDay
}
