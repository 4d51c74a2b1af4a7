package moment

import "math"

// MakeDate is make_date: a negative year is BC.
func MakeDate(year, month, day int32) (Date, error) {
	y := int64(year)
	switch {
	case y == 0:
		return 0, ErrRange
	case y < 0:
		y++
	}
	if month < 1 || month > 12 || day < 1 || int(day) > daysInMonth(y, int(month)) || !representable(y, int(month)) {
		return 0, ErrRange
	}
	d := Date(daysOf(y, int(month), int(day)))
	if !d.valid() {
		return 0, ErrRange
	}
	return d, nil
}

// MakeTime is make_time.
func MakeTime(hour, min int32, sec float64) (Time, error) {
	us := math.RoundToEven(sec * usPerSecond)
	if !(us >= 0 && us <= usPerMinute) || hour < 0 || hour > 24 || min < 0 || min > 59 {
		return 0, ErrRange
	}
	t := Time((int64(hour)*60+int64(min))*usPerMinute + int64(us))
	if t > usPerDay {
		return 0, ErrRange
	}
	return t, nil
}

// MakeTimestamp is make_timestamp.
func MakeTimestamp(year, month, day, hour, min int32, sec float64) (Timestamp, error) {
	d, err := MakeDate(year, month, day)
	if err != nil {
		return 0, err
	}
	t, err := MakeTime(hour, min, sec)
	if err != nil {
		return 0, err
	}
	if d > Date(endTimestamp/usPerDay) {
		return 0, ErrRange
	}
	return (Timestamp(d*usPerDay) + Timestamp(t)).checked()
}

// MakeInterval is make_interval. Years, months, weeks and days go round where they do not fit, as in Postgres 15.
func MakeInterval(years, months, weeks, days, hours, mins int32, secs float64) (Interval, error) {
	us := math.RoundToEven(secs * usPerSecond)
	if !(us >= math.MinInt64 && us < -math.MinInt64) {
		return Interval{}, ErrRange
	}
	return Interval{
		years*monthsPerYear + months, weeks*7 + days, int64(hours)*usPerHour + int64(mins)*usPerMinute + int64(us),
	}, nil
}

// FromUnix is to_timestamp of seconds since 1970.
func FromUnix(seconds float64) (Timestamp, error) {
	switch {
	case math.IsInf(seconds, 1):
		return Infinity, nil
	case math.IsInf(seconds, -1):
		return MinusInfinity, nil
	}
	first, end := float64(minTimestamp-unixEpoch)/usPerSecond, float64(endTimestamp/usPerSecond-unixEpoch/usPerSecond)
	if !(seconds >= first && seconds < end) {
		return 0, ErrRange
	}
	us := math.RoundToEven(float64((seconds + float64(unixEpoch/usPerSecond)) * usPerSecond))
	if us >= -math.MinInt64 {
		return 0, ErrRange
	}
	return Timestamp(us).checked()
}
