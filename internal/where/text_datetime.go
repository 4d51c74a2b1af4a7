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

func appendInfinity(dst []byte, v int64) []byte {
	if v == minusInfinity {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

func appendDate(dst []byte, days int64) []byte {
	if !finiteMoment(days) {
		return appendInfinity(dst, days)
	}
	dst, bc := appendCivil(dst, days)
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendCivil(dst []byte, days int64) (out []byte, bc bool) {
	year, month, day := civil(days)
	if bc = year <= 0; bc {
		year = 1 - year
	}
	dst = appendPadded(dst, year, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, int64(month), 2)
	dst = append(dst, '-')
	return appendPadded(dst, int64(day), 2), bc
}

func appendTime(dst []byte, t int64) []byte {
	dst = appendPadded(dst, t/(3600*usPerSecond), 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, t/(60*usPerSecond)%60, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, t/usPerSecond%60, 2)
	us := t % usPerSecond
	if us == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendPadded(dst, us, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendTimestamp(dst []byte, t int64, zoned bool) []byte {
	if !finiteMoment(t) {
		return appendInfinity(dst, t)
	}
	days := floorDiv(t, usPerDay)
	dst, bc := appendCivil(dst, days)
	dst = append(dst, ' ')
	dst = appendTime(dst, t-days*usPerDay)
	if zoned {
		dst = append(dst, "+00"...)
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendPadded(dst []byte, n int64, width int) []byte {
	digits := 1
	for m := n; m >= 10; m /= 10 {
		digits++
	}
	for ; digits < width; digits++ {
		dst = append(dst, '0')
	}
	return appendInt(dst, n)
}
