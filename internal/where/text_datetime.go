package where

import "math"

// reader walks over the text of a date or time.
type reader struct {
	b []byte
	i int
}

func (r *reader) done() bool { return r.i == len(r.b) }

func (r *reader) peek() byte {
	if r.i < len(r.b) {
		return r.b[r.i]
	}
	return 0
}

func (r *reader) accept(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.i++
	return true
}

// digits reads between least and most digits.
func (r *reader) digits(least, most int) (int64, bool) {
	var n int64
	start := r.i
	for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
		if r.i-start == most {
			return 0, false
		}
		n = n*10 + int64(r.b[r.i]-'0')
		r.i++
	}
	return n, r.i-start >= least
}

func (r *reader) spaces() {
	for isSpace(r.peek()) {
		r.i++
	}
}

// word accepts a word in any case that is not followed by another letter.
func (r *reader) word(lower string) bool {
	end := r.i + len(lower)
	if end > len(r.b) || !foldEqual(r.b[r.i:end], lower) {
		return false
	}
	if end < len(r.b) && isLetter(r.b[end]) {
		return false
	}
	r.i = end
	return true
}

func isLetter(c byte) bool { c = lowerASCII(c); return c >= 'a' && c <= 'z' }

// infinite reads the words that stand for a moment without a calendar.
func (r *reader) infinite() (int64, bool) {
	switch {
	case r.word("infinity") || r.word("+infinity"):
		return plusInfinity, r.done()
	case r.word("-infinity"):
		return minusInfinity, r.done()
	}
	return 0, false
}

// civilDate reads YYYY-MM-DD with at least four digits of year; the era comes later in the text.
func (r *reader) civilDate() (year int64, month, day int, ok bool) {
	year, ok = r.digits(4, 7)
	if !ok || !r.accept('-') {
		return 0, 0, 0, false
	}
	m, ok := r.digits(1, 2)
	if !ok || !r.accept('-') {
		return 0, 0, 0, false
	}
	d, ok := r.digits(1, 2)
	return year, int(m), int(d), ok && year > 0
}

// clock reads HH:MM[:SS[.f…]] in microseconds. 24:00:00 and a 60th second are legal, as in Postgres.
func (r *reader) clock() (int64, bool) {
	h, ok := r.digits(1, 2)
	if !ok || !r.accept(':') {
		return 0, false
	}
	m, ok := r.digits(2, 2)
	if !ok {
		return 0, false
	}
	var s, us int64
	if r.accept(':') {
		if s, ok = r.digits(2, 2); !ok {
			return 0, false
		}
		if r.peek() == '.' {
			us = r.fraction()
		}
	}
	t := (h*3600+m*60+s)*usPerSecond + us
	return t, m < 60 && s <= 60 && t <= usPerDay
}

// fraction reads a point and digits. More than six digits are rounded the way Postgres rounds them, through a double.
func (r *reader) fraction() int64 {
	start := r.i
	r.i++
	var us int64
	for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
		if r.i-start <= 6 {
			us = us*10 + int64(r.b[r.i]-'0')
		}
		r.i++
	}
	n := r.i - start - 1
	if n > 6 {
		f, _ := inputFloat(append([]byte{'0'}, r.b[start:r.i]...), 64)
		return int64(math.RoundToEven(f * usPerSecond))
	}
	for ; n < 6; n++ {
		us *= 10
	}
	return us
}

// zone reads Z, UTC or ±HH[[:]MM[[:]SS]] in microseconds east of Greenwich.
func (r *reader) zone() (int64, bool) {
	if r.word("z") || r.word("utc") || r.word("gmt") || r.word("zulu") {
		return 0, true
	}
	neg := r.peek() == '-'
	if !neg && r.peek() != '+' {
		return 0, false
	}
	r.i++
	start := r.i
	h, ok := r.digits(1, 4)
	if !ok {
		return 0, false
	}
	var m, s int64
	switch {
	case r.i-start > 2: // HHMM
		h, m = h/100, h%100
	case r.accept(':'):
		if m, ok = r.digits(2, 2); !ok {
			return 0, false
		}
		if r.accept(':') {
			if s, ok = r.digits(2, 2); !ok {
				return 0, false
			}
		}
	}
	if h > 15 || m > 59 || s > 59 {
		return 0, false
	}
	t := (h*3600 + m*60 + s) * usPerSecond
	if neg {
		t = -t
	}
	return t, true
}

// era reads a trailing BC or AD and applies it to year.
func (r *reader) era(year int64) (int64, bool) {
	r.spaces()
	if r.word("bc") {
		year = 1 - year
	} else {
		r.word("ad")
	}
	r.spaces()
	return year, r.done()
}

func validDay(year int64, month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
}

// inputDate is the input function of date for ISO texts, BC, infinity and epoch.
func inputDate(text []byte) (int64, error) {
	r := reader{b: trimSpace(text)}
	if v, ok := r.infinite(); ok {
		return v, nil
	}
	if r.word("epoch") && r.done() {
		return daysOf(1970, 1, 1), nil
	}
	year, month, day, ok := r.civilDate()
	if ok {
		year, ok = r.era(year)
	}
	switch {
	case !ok:
		return 0, errSyntax
	case !validDay(year, month, day):
		return 0, errRange
	}
	d := daysOf(year, month, day)
	if d < minDate || d >= endDate {
		return 0, errRange
	}
	return d, nil
}

// inputTime is the input function of time for ISO texts.
func inputTime(text []byte) (int64, error) {
	r := reader{b: trimSpace(text)}
	t, ok := r.clock()
	if !ok || !r.done() {
		return 0, errSyntax
	}
	return t, nil
}

// inputTimestamp is the input function of timestamp and timestamptz for ISO texts: a date, or date and time, an offset, BC. The
// offset does not matter for a timestamp; without one a timestamptz is UTC, the session's zone.
func inputTimestamp(text []byte, zoned bool) (int64, error) {
	r := reader{b: trimSpace(text)}
	if v, ok := r.infinite(); ok {
		return v, nil
	}
	if r.word("epoch") && r.done() {
		return daysOf(1970, 1, 1) * usPerDay, nil
	}
	year, month, day, ok := r.civilDate()
	if !ok {
		return 0, errSyntax
	}
	var clock, zone int64
	if sep := r.peek(); sep == 'T' || sep == 't' || isSpace(sep) {
		r.i++
		r.spaces()
		if c := r.peek(); c >= '0' && c <= '9' {
			if clock, ok = r.clock(); !ok {
				return 0, errSyntax
			}
			r.spaces()
			if c := lowerASCII(r.peek()); c == '+' || c == '-' || c == 'z' || c == 'u' || c == 'g' {
				if zone, ok = r.zone(); !ok {
					return 0, errSyntax
				}
			}
		} else if !isSpace(sep) {
			return 0, errSyntax
		}
	}
	if year, ok = r.era(year); !ok {
		return 0, errSyntax
	}
	if !validDay(year, month, day) {
		return 0, errRange
	}
	if !zoned {
		zone = 0
	}
	days := daysOf(year, month, day)
	if days > endTimestamp/usPerDay+1 || days < minTimestamp/usPerDay-1 {
		return 0, errRange
	}
	t := days*usPerDay + clock - zone
	if t < minTimestamp || t >= endTimestamp {
		return 0, errRange
	}
	return t, nil
}
