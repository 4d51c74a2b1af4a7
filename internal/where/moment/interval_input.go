package moment

import "math"

// intervalParts is an interval while it is read: years and months come together at the end.
type intervalParts struct {
	years, months, days int32
	us                  int64
	failed              bool // a part is out of range

	last           unit // of the last number if it has none, noUnit for seconds
	minuteToSecond bool // two numbers with a colon are minutes and seconds
}

func (p *intervalParts) addYears(n int64, scale int32) {
	p.years = p.add32(p.years, n, int64(scale))
}
func (p *intervalParts) addMonths(n int64)            { p.months = p.add32(p.months, n, 1) }
func (p *intervalParts) addDays(n int64, scale int32) { p.days = p.add32(p.days, n, int64(scale)) }

func (p *intervalParts) add32(sum int32, n, scale int64) int32 {
	if n != int64(int32(n)) {
		p.failed = true
		return 0
	}
	n *= scale
	total := int64(sum) + n
	if n != int64(int32(n)) || total != int64(int32(total)) {
		p.failed = true
	}
	return int32(total)
}

// addMicros adds n units of scale microseconds, and a fraction of one.
func (p *intervalParts) addMicros(n int64, fraction float64, scale int64) {
	product, ok := multiply(n, scale)
	if ok {
		p.us, ok = sum(p.us, product)
	}
	if !ok {
		p.failed = true
		return
	}
	p.addMicroFraction(fraction, scale)
}

func (p *intervalParts) addMicroFraction(fraction float64, scale int64) {
	if fraction == 0 {
		return
	}
	fraction *= float64(scale)
	us := int64(fraction)
	if fraction -= float64(us); fraction > 0.5 {
		us++
	} else if fraction < -0.5 {
		us--
	}
	var ok bool
	if p.us, ok = sum(p.us, us); !ok {
		p.failed = true
	}
}

// addDayFraction adds a fraction of scale days; what is less than a day becomes time.
func (p *intervalParts) addDayFraction(fraction float64, scale int) {
	if fraction == 0 {
		return
	}
	fraction *= float64(scale)
	days := int64(fraction)
	p.addDays(days, 1)
	p.addMicroFraction(fraction-float64(days), usPerDay)
}

// addYearFraction adds a fraction of scale years in whole months.
func (p *intervalParts) addYearFraction(fraction float64, scale int) {
	p.addMonths(int64(math.RoundToEven(fraction * float64(scale) * monthsPerYear)))
}

func (p *intervalParts) interval() (Interval, error) {
	months := int64(p.years)*monthsPerYear + int64(p.months)
	if p.failed || months != int64(int32(months)) {
		return Interval{}, ErrRange
	}
	return Interval{int32(months), p.days, p.us}, nil
}

func (p *intervalParts) negate() {
	if p.us == math.MinInt64 || p.days == math.MinInt32 || p.months == math.MinInt32 || p.years == math.MinInt32 {
		p.failed = true
		return
	}
	p.us, p.days, p.months, p.years = -p.us, -p.days, -p.months, -p.years
}

// ParseInterval reads an interval as its input function does: numbers and words, the forms of the SQL standard, a clock, and both
// forms of ISO 8601.
func ParseInterval(text []byte) (Interval, error) {
	if i, ok := plainInterval(text); ok {
		return i, nil
	}
	return parseInterval(text, intervalParts{})
}

// ParseIntervalOf reads an interval as its input function does for a type of certain fields, given as the bits of Postgres' type
// modifiers: they decide which unit a number has that is without one. It does not cut what is beyond the fields.
func ParseIntervalOf(text []byte, fields int) (Interval, error) {
	const second, minute, hour, day, month, year = 1 << 12, 1 << 11, 1 << 10, 1 << 3, 1 << 1, 1 << 2
	p := intervalParts{minuteToSecond: fields == minute|second}
	switch {
	case fields&second != 0:
	case fields&minute != 0:
		p.last = unitMinute
	case fields&hour != 0:
		p.last = unitHour
	case fields&day != 0:
		p.last = unitDay
	case fields&month != 0:
		p.last = unitMonth
	case fields&year != 0:
		p.last = unitYear
	}
	return parseInterval(text, p)
}

func parseInterval(text []byte, empty intervalParts) (Interval, error) {
	var t tokens
	p := empty
	err := t.split(text, intervalSpace)
	if err == nil {
		err = p.words(&t)
	}
	if err == ErrSyntax {
		p = empty
		err = p.iso(text)
	}
	if err != nil {
		return Interval{}, err
	}
	return p.interval()
}

// words reads tokens from the right: the words for the units come before their numbers then.
func (p *intervalParts) words(t *tokens) error {
	var seen intervalFields
	next := noUnit
	undecided, ago := true, false
	for i := t.n - 1; i >= 0; i-- {
		text := t.text(i)
		var found intervalFields
		switch t.list[i].kind {
		case clockToken:
			if err := p.clock(text); err != nil {
				return err
			}
			found, next, undecided = intervalClock, unitDay, false
		case signedToken:
			if indexByte(text, ':') >= 0 && p.clock(text[1:]) == nil {
				if text[0] == '-' {
					p.us = -p.us
				}
				found, next, undecided = intervalClock, unitDay, false
				break
			}
			fallthrough
		case dateToken, numberToken:
			if undecided {
				next, undecided = max(p.last, unitSecond), false
			}
			var err error
			if found, next, err = p.number(text, next); err != nil {
				return err
			}
		default:
			w := unitOf(text)
			switch w.class {
			case unitWord:
				next = unit(w.value)
			case agoWord:
				ago, next = true, noUnit
			default:
				return ErrSyntax
			}
			undecided = false
		}
		if found&seen != 0 {
			return ErrSyntax
		}
		seen |= found
	}
	if seen == 0 {
		return ErrSyntax
	}
	if ago {
		p.negate()
	}
	if p.failed {
		return ErrRange
	}
	return nil
}

// intervalFields are the units that have been read: none may come twice, and a clock is hours, minutes and seconds.
type intervalFields uint32

const intervalClock = 1<<unitHour | 1<<unitMinute | intervalSeconds

const intervalSeconds intervalFields = 1<<unitSecond | 1<<unitMillisecond | 1<<unitMicrosecond

func (p *intervalParts) clock(text []byte) error {
	hours, min, sec, us, err := clockText(text, p.minuteToSecond)
	if err != nil {
		return err
	}
	total, ok := multiply(hours, usPerHour)
	if ok {
		total, ok = sum(total, int64(min)*usPerMinute+int64(sec)*usPerSecond+us)
	}
	if !ok {
		return ErrRange
	}
	p.us = total
	return nil
}

// number adds a number of units. It yields the unit that a number before it would have.
func (p *intervalParts) number(text []byte, u unit) (found intervalFields, next unit, err error) {
	n, length, fits := integer(text)
	if !fits {
		return 0, u, ErrRange
	}
	neg := text[0] == '-'
	var f float64
	switch rest := text[length:]; {
	case len(rest) == 0:
	case rest[0] == '-': // years-months
		months, length, fits := integer32(rest[1:])
		if !fits || months < 0 || months >= monthsPerYear {
			return 0, u, ErrRange
		}
		if 1+length != len(rest) {
			return 0, u, ErrSyntax
		}
		if neg {
			months = -months
		}
		ok := false
		if n, ok = multiply(n, monthsPerYear); ok {
			n, ok = sum(n, int64(months))
		}
		if !ok {
			return 0, u, ErrRange
		}
		u = unitMonth
	case rest[0] == '.':
		ok := false
		if f, ok = fraction(rest); !ok {
			return 0, u, ErrSyntax
		}
		if neg {
			f = -f
		}
	default:
		return 0, u, ErrSyntax
	}
	found, next = 1<<u, u
	switch u {
	case unitMicrosecond:
		p.addMicros(n, f, 1)
	case unitMillisecond:
		p.addMicros(n, f, 1000)
	case unitSecond:
		p.addMicros(n, f, usPerSecond)
		if f != 0 {
			found = intervalSeconds
		}
	case unitMinute:
		p.addMicros(n, f, usPerMinute)
	case unitHour:
		p.addMicros(n, f, usPerHour)
		next = unitDay
	case unitDay:
		p.addDays(n, 1)
		p.addMicroFraction(f, usPerDay)
	case unitWeek:
		p.addDays(n, 7)
		p.addDayFraction(f, 7)
	case unitMonth:
		p.addMonths(n)
		p.addDayFraction(f, daysPerMonth)
	case unitYear, unitDecade, unitCentury, unitMillennium:
		scale := yearsIn(u)
		p.addYears(n, int32(scale))
		p.addYearFraction(f, scale)
	default:
		return 0, u, ErrSyntax
	}
	if p.failed {
		return 0, u, ErrRange
	}
	return found, next, nil
}

func yearsIn(u unit) int {
	switch u {
	case unitDecade:
		return 10
	case unitCentury:
		return 100
	case unitMillennium:
		return 1000
	}
	return 1
}

func sum(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

func multiply(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	return c, c/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
}
