package moment

import "math"

// AddDays is d + n.
func (d Date) AddDays(n int32) (Date, error) {
	if !d.Finite() {
		return d, nil
	}
	if d += Date(n); !d.valid() {
		return 0, ErrRange
	}
	return d, nil
}

// SubDays is d - n.
func (d Date) SubDays(n int32) (Date, error) {
	if !d.Finite() {
		return d, nil
	}
	if d -= Date(n); !d.valid() {
		return 0, ErrRange
	}
	return d, nil
}

// Sub is d - e in days.
func (d Date) Sub(e Date) (int32, error) {
	if !d.Finite() || !e.Finite() {
		return 0, ErrInfinite
	}
	return int32(d - e), nil
}

// At is d + t.
func (d Date) At(t Time) (Timestamp, error) {
	ts, err := d.Timestamp()
	if err != nil || !ts.Finite() {
		return ts, err
	}
	return (ts + Timestamp(t)).checked()
}

// AtTZ is d + t, a timestamptz.
func (d Date) AtTZ(t TimeTZ) (Timestamp, error) {
	ts, err := d.Timestamp()
	if err != nil || !ts.Finite() {
		return ts, err
	}
	return (ts + Timestamp(t.utc())).checked()
}

// Add is t + i in the zone UTC. Months come first, and stay within the month that they lead to; then days, then the time. Each step
// has to stay in range.
func (t Timestamp) Add(i Interval) (Timestamp, error) {
	if !t.Finite() {
		return t, nil
	}
	if i.Months != 0 {
		days, clock := t.split()
		year, month, day := civil(days)
		months := year*monthsPerYear + int64(month) - 1 + int64(i.Months)
		year = floorDiv(months, monthsPerYear)
		month = int(months-year*monthsPerYear) + 1
		day = min(day, daysInMonth(year, month))
		var err error
		if t, err = timestampOf(year, month, day, clock, 0); err != nil {
			return 0, err
		}
	}
	if i.Days != 0 {
		days, clock := t.split()
		if days += int64(i.Days); days < int64(minDate)-1 || days > int64(endTimestamp/usPerDay) {
			return 0, ErrRange
		}
		t = Timestamp(days*usPerDay + clock)
		if !t.valid() {
			return 0, ErrRange
		}
	}
	us, ok := sum(int64(t), i.Micros)
	if !ok {
		return 0, ErrRange
	}
	return Timestamp(us).checked()
}

// SubInterval is t - i. The least value of a part is its own opposite, as in Postgres.
func (t Timestamp) SubInterval(i Interval) (Timestamp, error) {
	return t.Add(Interval{-i.Months, -i.Days, -i.Micros})
}

// Sub is t - u: days of 24 hours, and what remains.
func (t Timestamp) Sub(u Timestamp) (Interval, error) {
	if !t.Finite() || !u.Finite() {
		return Interval{}, ErrInfinite
	}
	return Interval{Micros: int64(t - u)}.JustifyHours()
}

// Age is age(t, u): years, months, days and time from u to t, with the days of the month of the earlier one.
func (t Timestamp) Age(u Timestamp) (Interval, error) {
	if t == MinusInfinity || u == MinusInfinity {
		return Interval{}, ErrRange
	}
	sign := int64(1)
	if t < u {
		t, u, sign = u, t, -1
	}
	days, clock := t.split()
	year, month, day := civil(days)
	fromDays, fromClock := u.split()
	fromYear, fromMonth, fromDay := civil(fromDays)

	us, d := clock-fromClock, int64(day-fromDay)
	months := (year-fromYear)*monthsPerYear + int64(month-fromMonth)
	if us < 0 {
		us += usPerDay
		d--
	}
	for d < 0 {
		d += int64(daysInMonth(fromYear, fromMonth))
		months--
	}
	return narrow(sign*months, sign*d, sign*us, true)
}

// Add is t + i: months and days do not matter, and the clock goes round.
func (t Time) Add(i Interval) Time { return wrapClock(int64(t) + i.Micros) }

// SubInterval is t - i.
func (t Time) SubInterval(i Interval) Time { return wrapClock(int64(t) - i.Micros) }

func wrapClock(us int64) Time {
	if us %= usPerDay; us < 0 {
		us += usPerDay
	}
	return Time(us)
}

// Sub is t - u.
func (t Time) Sub(u Time) Interval { return Interval{Micros: int64(t - u)} }

// Bin is date_bin(stride, t, origin): the start of the stride that t is in, counted from origin.
func (t Timestamp) Bin(stride Interval, origin Timestamp) (Timestamp, error) {
	if !t.Finite() {
		return t, nil
	}
	if !origin.Finite() || stride.Months != 0 {
		return 0, ErrRange
	}
	days, fits := multiply(int64(stride.Days), usPerDay)
	step, ok := sum(days, stride.Micros)
	since := t - origin
	if !fits || !ok || step <= 0 || (since < t) != (origin > 0) {
		return 0, ErrRange
	}
	start := t - since%Timestamp(step)
	if since < 0 && since%Timestamp(step) != 0 {
		if start < math.MinInt64+Timestamp(step) {
			return 0, ErrRange
		}
		return (start - Timestamp(step)).checked()
	}
	return start, nil
}
