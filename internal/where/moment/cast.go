package moment

// Timestamp is the cast to timestamp, and to timestamptz.
func (d Date) Timestamp() (Timestamp, error) {
	if !d.Finite() {
		return Timestamp(d), nil
	}
	if d >= Date(endTimestamp/usPerDay) {
		return 0, ErrRange
	}
	return Timestamp(d * usPerDay), nil
}

// Date is the cast from timestamp, and from timestamptz.
func (t Timestamp) Date() Date {
	if !t.Finite() {
		return Date(t)
	}
	days, _ := t.split()
	return Date(days)
}

// Time is the cast to time. An infinite timestamp has none: it is NULL.
func (t Timestamp) Time() (Time, bool) {
	if !t.Finite() {
		return 0, false
	}
	_, clock := t.split()
	return Time(clock), true
}

// TimeTZ is the cast from timestamptz to timetz.
func (t Timestamp) TimeTZ() (TimeTZ, bool) {
	clock, ok := t.Time()
	return TimeTZ{Time: clock}, ok
}

// Interval is the cast to interval.
func (t Time) Interval() Interval { return Interval{Micros: int64(t)} }

// TimeTZ is the cast to timetz.
func (t Time) TimeTZ() TimeTZ { return TimeTZ{Time: t} }

// Time is the cast to time: months and days do not matter, and the clock goes round. Within a day of the least interval Postgres
// loses its way, and so does this.
func (i Interval) Time() Time {
	us := i.Micros
	if us >= usPerDay {
		return Time(us % usPerDay)
	}
	if us < 0 {
		us += (-us + usPerDay - 1) / usPerDay * usPerDay
	}
	return Time(us)
}

// beyondTimestamps is greater than every finite timestamp and less than infinity.
const beyondTimestamps = Infinity - 1

// Comparable is d for a comparison with timestamps, in which a date after the last timestamp is greater than all of them.
func (d Date) Comparable() Timestamp {
	t, err := d.Timestamp()
	if err != nil {
		return beyondTimestamps
	}
	return t
}

// Round is the time with n digits of fraction, 0 to 6, as time(n).
func (t Time) Round(n int) Time { return Time(roundTo(int64(t), n)) }

// Round is the timestamp with n digits of fraction, 0 to 6, as timestamp(n).
func (t Timestamp) Round(n int) Timestamp {
	if !t.Finite() {
		return t
	}
	return Timestamp(roundTo(int64(t), n))
}

// Round is the interval with n digits of fraction, 0 to 6, as interval(n).
func (i Interval) Round(n int) Interval {
	i.Micros = roundTo(i.Micros, n)
	return i
}

// roundTo rounds to n digits after the second, halves away from zero.
func roundTo(us int64, n int) int64 {
	unit := int64(1)
	for ; n < 6; n++ {
		unit *= 10
	}
	if us >= 0 {
		return (us + unit/2) / unit * unit
	}
	return -((-us + unit/2) / unit * unit)
}
