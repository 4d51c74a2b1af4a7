package moment

import "math"

// isoReader walks over an interval in one of the forms of ISO 8601.
type isoReader struct {
	p    *intervalParts
	text []byte
}

// number reads a number and splits off its fraction.
func (r *isoReader) number() (whole int64, fraction float64, err error) {
	if len(r.text) == 0 || !isDigit(r.text[0]) && r.text[0] != '-' && r.text[0] != '.' {
		return 0, 0, ErrSyntax
	}
	f, n, ok := double(r.text)
	if n == 0 || !ok {
		return 0, 0, ErrSyntax
	}
	r.text = r.text[n:]
	if !(f >= -1e15 && f <= 1e15) {
		return 0, 0, ErrRange
	}
	whole = int64(math.Trunc(f))
	return whole, f - float64(whole), nil
}

// unit takes the next byte, 0 at the end.
func (r *isoReader) unit() byte {
	if len(r.text) == 0 {
		return 0
	}
	c := r.text[0]
	r.text = r.text[1:]
	return c
}

// iso reads P1Y2M3W4DT5H6M7S, P0001-02-03T04:05:06 and P00010203T040506.
func (p *intervalParts) iso(text []byte) error {
	if len(text) < 2 || text[0] != 'P' {
		return ErrSyntax
	}
	r := isoReader{p, text[1:]}
	date, first := true, true
	for len(r.text) > 0 {
		if r.text[0] == 'T' {
			date, first = false, true
			r.text = r.text[1:]
			continue
		}
		start := r.text
		n, f, err := r.number()
		if err != nil {
			return err
		}
		var done bool
		switch u := r.unit(); {
		case date && (u == 'T' || u == 0 || u == '-'):
			if done, err = r.dateAlternative(start, n, f, u, first); err == nil && !done {
				date, first = false, true
				continue
			}
		case date:
			err = r.dateUnit(n, f, u)
		case u == ':' || u == 0:
			err, done = r.timeAlternative(start, n, f, u, first), true
		default:
			err = r.timeUnit(n, f, u)
		}
		if p.failed {
			return ErrRange
		}
		if err != nil || done {
			return err
		}
		first = false
	}
	return nil
}

func (r *isoReader) dateUnit(n int64, f float64, u byte) error {
	switch u {
	case 'Y':
		r.p.addYears(n, 1)
		r.p.addYearFraction(f, 1)
	case 'M':
		r.p.addMonths(n)
		r.p.addDayFraction(f, daysPerMonth)
	case 'W':
		r.p.addDays(n, 7)
		r.p.addDayFraction(f, 7)
	case 'D':
		r.p.addDays(n, 1)
		r.p.addMicroFraction(f, usPerDay)
	default:
		return ErrSyntax
	}
	return nil
}

func (r *isoReader) timeUnit(n int64, f float64, u byte) error {
	switch u {
	case 'H':
		r.p.addMicros(n, f, usPerHour)
	case 'M':
		r.p.addMicros(n, f, usPerMinute)
	case 'S':
		r.p.addMicros(n, f, usPerSecond)
	default:
		return ErrSyntax
	}
	return nil
}

// dateAlternative reads what follows the first number of YYYY[-MM[-DD]] or YYYYMMDD. It is done at the end of the text; otherwise
// a time follows.
func (r *isoReader) dateAlternative(start []byte, n int64, f float64, u byte, first bool) (done bool, err error) {
	p := r.p
	if u != '-' && first && integerWidth(start) == 8 {
		p.addYears(n/10_000, 1)
		p.addMonths(n / 100 % 100)
		p.addDays(n%100, 1)
		p.addMicroFraction(f, usPerDay)
		return u == 0, nil
	}
	if !first {
		return false, ErrSyntax
	}
	p.addYears(n, 1)
	p.addYearFraction(f, 1)
	for part := 0; u == '-'; part++ {
		if p.failed || part == 2 {
			return false, ErrSyntax
		}
		if n, f, err = r.number(); err != nil {
			return false, err
		}
		if part == 0 {
			p.addMonths(n)
			p.addDayFraction(f, daysPerMonth)
		} else {
			p.addDays(n, 1)
			p.addMicroFraction(f, usPerDay)
		}
		u = r.unit()
	}
	if u != 0 && u != 'T' {
		return false, ErrSyntax
	}
	return u == 0, nil
}

// timeAlternative reads what follows the first number of HH[:MM[:SS]] or HHMMSS, to the end of the text.
func (r *isoReader) timeAlternative(start []byte, n int64, f float64, u byte, first bool) (err error) {
	p := r.p
	if u == 0 && first && integerWidth(start) == 6 {
		p.addMicros(n/10_000, 0, usPerHour)
		p.addMicros(n/100%100, 0, usPerMinute)
		p.addMicros(n%100, f, usPerSecond)
		return nil
	}
	if !first {
		return ErrSyntax
	}
	p.addMicros(n, f, usPerHour)
	for part := 0; u == ':'; part++ {
		if p.failed || part == 2 {
			return ErrSyntax
		}
		if n, f, err = r.number(); err != nil {
			return err
		}
		if part == 0 {
			p.addMicros(n, f, usPerMinute)
		} else {
			p.addMicros(n, f, usPerSecond)
		}
		u = r.unit()
	}
	if u != 0 {
		return ErrSyntax
	}
	return nil
}

// integerWidth counts the digits before the point, without the sign.
func integerWidth(text []byte) int {
	if text[0] == '-' {
		text = text[1:]
	}
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	return n
}

// plainInterval reads the form that Postgres itself prints: P, then whole numbers of Y, M, D, T, H, M and of S with a fraction,
// in this order. What does not fit into small numbers is left to the reader of everything.
func plainInterval(text []byte) (Interval, bool) {
	if len(text) < 3 || text[0] != 'P' {
		return Interval{}, false
	}
	var out Interval
	var months, days int64
	order := "YMDTHMS"
	for i := 1; i < len(text); {
		if text[i] == 'T' {
			if len(order) < 4 || i+1 == len(text) {
				return Interval{}, false
			}
			order = "HMS"
			i++
			continue
		}
		neg := text[i] == '-'
		if neg {
			i++
		}
		n, digits := int64(0), 0
		for ; i < len(text) && isDigit(text[i]) && digits < 8; i++ {
			n = n*10 + int64(text[i]-'0')
			digits++
		}
		if digits == 0 || i == len(text) {
			return Interval{}, false
		}
		us := int64(0)
		if text[i] == '.' {
			scale := int64(usPerSecond)
			for i++; i < len(text) && isDigit(text[i]) && scale > 1; i++ {
				scale /= 10
				us += int64(text[i]-'0') * scale
			}
			if i == len(text) || text[i] != 'S' {
				return Interval{}, false
			}
		}
		if neg {
			n, us = -n, -us
		}
		for len(order) > 0 && order[0] != text[i] {
			if order[0] == 'T' {
				return Interval{}, false
			}
			order = order[1:]
		}
		if order == "" {
			return Interval{}, false
		}
		switch {
		case order[0] == 'Y':
			months += n * monthsPerYear
		case order[0] == 'M' && len(order) > 3:
			months += n
		case order[0] == 'D':
			days = n
		case order[0] == 'H':
			out.Micros += n * usPerHour
		case order[0] == 'M':
			out.Micros += n * usPerMinute
		case order[0] == 'S':
			out.Micros += n*usPerSecond + us
		}
		order = order[1:]
		i++
	}
	out.Months, out.Days = int32(months), int32(days)
	return out, months == int64(int32(months))
}
