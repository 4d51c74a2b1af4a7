package where

import "math"

// Days and microseconds count from 2000-01-01. Years are astronomical inside: 1 BC is 0.
const (
	usPerSecond = 1_000_000
	usPerDay    = 86_400 * usPerSecond

	plusInfinity  = math.MaxInt64
	minusInfinity = math.MinInt64

	minDate = -2_451_545                // 4714-11-24 BC
	endDate = 2_147_483_494 - 2_451_545 // the day after 5874897-12-31

	minTimestamp = -211_813_488_000_000_000
	endTimestamp = 9_223_371_331_200_000_000

	// beyondTimestamps is greater than every finite timestamp and less than infinity: what a date compares as when it is
	// out of the range of timestamps.
	beyondTimestamps = plusInfinity - 1
)

// daysOf counts the days to a day of the proleptic Gregorian calendar.
func daysOf(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	m := int64(month+9) % 12
	doy := (153*m+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146_097 + doe - 730_425
}

// civil is the inverse of daysOf.
func civil(days int64) (year int64, month, day int) {
	days += 730_425
	era := floorDiv(days, 146_097)
	doe := days - era*146_097
	yoe := (doe - doe/1460 + doe/36_524 - doe/146_096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	m := (5*doy + 2) / 153
	day = int(doy - (153*m+2)/5 + 1)
	month = int(m+2)%12 + 1
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func daysInMonth(year int64, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func finiteMoment(v int64) bool { return v != plusInfinity && v != minusInfinity }

// dateToTimestamp is the cast; lift makes what is out of range greater than all finite timestamps in place of an error.
func dateToTimestamp(days int64, lift bool) (int64, error) {
	switch {
	case !finiteMoment(days):
		return days, nil
	case days >= endTimestamp/usPerDay && lift:
		return beyondTimestamps, nil
	case days >= endTimestamp/usPerDay:
		return 0, errRange
	}
	return days * usPerDay, nil
}

func timestampToDate(t int64) int64 {
	if !finiteMoment(t) {
		return t
	}
	return floorDiv(t, usPerDay)
}
