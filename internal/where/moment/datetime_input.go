package moment

// fields are the parts of a date and time that have been read: none may come twice.
type fields uint32

const (
	yearField fields = 1 << iota
	monthField
	dayField
	hourField
	minuteField
	secondField
	milliField
	microField
	doyField
	weekdayField
	eraField
	meridiemField
	zoneField
	summerField
	summerZoneField
	constantField

	secondFields = secondField | milliField | microField
	dateFields   = yearField | monthField | dayField
	timeFields   = hourField | minuteField | secondFields
)

type meridiem int

const (
	noMeridiem meridiem = iota
	morning
	afternoon
)

// decoder gives the tokens of a date and time, or of a time, their meaning. A token means what those before it leave to be said.
type decoder struct {
	zones  *Zones
	tokens tokens
	seen   fields
	prefix unit // a word such as y or j that says what the next number is

	year, month, day, yearDay int
	hour, min, sec            int
	us                        int64
	west                      int64
	zone                      Zone
	named                     bool // zone is set: its offset depends on the date
	meridiem                  meridiem
	bc, julian, shortYear     bool
	monthName                 bool
	constant                  wordClass // epochWord and the infinities
}

// dateTime reads a date with or without a time.
func (d *decoder) dateTime() error {
	for i := range d.tokens.n {
		found, skip, err := d.dateTimeToken(i, d.tokens.list[i].kind, d.tokens.text(i))
		if err != nil {
			return err
		}
		if skip {
			continue
		}
		if d.seen&found != 0 {
			return ErrSyntax
		}
		d.seen |= found
	}
	if err := d.finishDate(); err != nil {
		return err
	}
	if err := d.finishMeridiem(); err != nil {
		return err
	}
	if d.constant != unknownWord {
		return nil
	}
	if d.seen&dateFields != dateFields {
		return ErrSyntax
	}
	if (d.named || d.seen&zoneField == 0) && d.seen&summerField != 0 {
		return ErrSyntax
	}
	if d.named {
		d.west = d.westOfZone()
	}
	return nil
}

// westOfZone is the offset of the named zone at the date and time. Where there are no dates anymore, it is that of UTC.
func (d *decoder) westOfZone() int64 {
	if !representable(int64(d.year), d.month) {
		return 0
	}
	days := daysOf(int64(d.year), d.month, d.day) - int64(unixEpoch)/usPerDay
	return d.zone.westAt(days*secondsPerDay + int64((d.hour*60+d.min)*60+d.sec))
}

func (d *decoder) dateTimeToken(i int, kind tokenKind, text []byte) (found fields, skip bool, err error) {
	switch kind {
	case dateToken:
		switch {
		case d.prefix == unitJulian:
			found, err = d.julianWithZone(text)
		case d.prefix != noUnit || d.seen&(monthField|dayField) == monthField|dayField:
			if !isDigit(text[0]) && d.prefix == noUnit {
				return zoneField, false, d.zoneName(text)
			}
			found, err = d.timeWithZone(text, d.seen, d.prefix != noUnit)
		default:
			found, err = d.date(text, d.seen)
		}
	case clockToken:
		if d.prefix != noUnit && d.prefix != unitIsoTime {
			return 0, false, ErrSyntax
		}
		d.prefix = noUnit
		if found, err = d.clockOf(text); err == nil && d.overflows() {
			err = ErrRange
		}
	case signedToken:
		d.west, err = offset(text)
		found = zoneField
	case numberToken:
		if d.prefix != noUnit {
			d.constant = unknownWord
			found, err = d.prefixed(text)
			break
		}
		point := indexByte(text, '.')
		switch {
		case point >= 0 && d.seen&dateFields == 0:
			found, err = d.date(text, d.seen)
		case point > 2, len(text) >= 6 && d.seen&dateFields == 0, len(text) >= 6 && d.seen&timeFields == 0:
			found, err = d.runTogether(text, d.seen)
		default:
			found, err = d.number(text, d.monthName, d.seen)
		}
	default:
		return d.dateTimeWord(i, text)
	}
	return found, false, err
}

func (d *decoder) dateTimeWord(i int, text []byte) (found fields, skip bool, err error) {
	w := dateWord(text)
	switch w.class {
	case clockWord:
		return 0, false, ErrClock
	case midnightWord:
		d.hour, d.min, d.sec, d.west = 0, 0, 0, 0
		return timeFields | zoneField, false, nil
	case epochWord, infinityWord, minusInfinityWord:
		d.constant = w.class
		return constantField, false, nil
	case monthWord:
		found = monthField
		if d.seen&monthField != 0 && !d.monthName && d.seen&dayField == 0 && d.month >= 1 && d.month <= 31 {
			d.day = d.month // what looked like a month was the day
			found = dayField
		}
		d.monthName, d.month = true, w.value
		return found, false, nil
	case weekdayWord:
		return weekdayField, false, nil
	case isoTimeWord:
		if d.seen&dateFields != dateFields {
			return 0, false, ErrSyntax
		}
	}
	return d.anyWord(i, text, w)
}

// anyWord reads the words that a date and time and a lone time have in common.
func (d *decoder) anyWord(i int, text []byte, w word) (found fields, skip bool, err error) {
	switch w.class {
	case ignoredWord:
		return 0, true, nil
	case summerWord:
		d.west -= 3600
		return summerField | summerZoneField, false, nil
	case meridiemWord:
		d.meridiem = meridiem(w.value)
		return meridiemField, false, nil
	case eraWord:
		d.bc = w.value == 1
		return eraField, false, nil
	case unitWord:
		d.prefix = unit(w.value)
		return 0, false, nil
	case isoTimeWord:
		if i+1 >= d.tokens.n {
			return 0, false, ErrSyntax
		}
		switch d.tokens.list[i+1].kind {
		case numberToken, clockToken, dateToken:
			d.prefix = unitIsoTime
			return 0, false, nil
		}
	case unknownWord:
		switch string(text) {
		case "utc", "gmt", "ut", "uct", "z", "zulu":
			d.west = 0
			return zoneField, false, nil
		}
		return zoneField, false, d.zoneName(text)
	}
	return 0, false, ErrSyntax
}

func (d *decoder) zoneName(text []byte) (err error) {
	d.zone, err = d.zones.Find(text)
	d.named = true
	return err
}

// finishDate brings the parts of the date together and checks them.
func (d *decoder) finishDate() error {
	if d.seen&yearField != 0 && !d.julian {
		switch {
		case d.bc && d.year <= 0:
			return ErrRange
		case d.bc:
			d.year = 1 - d.year
		case d.shortYear && d.year < 0:
			return ErrRange
		case d.shortYear && d.year < 70:
			d.year += 2000
		case d.shortYear && d.year < 100:
			d.year += 1900
		case !d.shortYear && d.year <= 0:
			return ErrRange
		}
	}
	if d.seen&doyField != 0 {
		d.setDays(daysOf(int64(d.year), 1, 1) + int64(d.yearDay) - 1)
	}
	switch {
	case d.seen&monthField != 0 && (d.month < 1 || d.month > 12),
		d.seen&dayField != 0 && (d.day < 1 || d.day > 31),
		d.seen&dateFields == dateFields && d.day > daysInMonth(int64(d.year), d.month):
		return ErrRange
	}
	return nil
}

func (d *decoder) setDays(days int64) {
	y, m, day := civil(days)
	d.year, d.month, d.day = int(y), m, day
}

func (d *decoder) finishMeridiem() error {
	switch {
	case d.meridiem == noMeridiem:
	case d.hour > 12:
		return ErrRange
	case d.meridiem == morning && d.hour == 12:
		d.hour = 0
	case d.meridiem == afternoon && d.hour != 12:
		d.hour += 12
	}
	return nil
}

// overflows reports whether the time is none, or after 24:00:00.
func (d *decoder) overflows() bool {
	return d.hour < 0 || d.hour > 24 || d.min < 0 || d.min > 59 || d.sec < 0 || d.sec > 60 || d.us < 0 || d.us > usPerSecond ||
		d.clock() > usPerDay
}

func (d *decoder) clock() int64 { return int64((d.hour*60+d.min)*60+d.sec)*usPerSecond + d.us }

func indexByte(b []byte, c byte) int {
	for i := range b {
		if b[i] == c {
			return i
		}
	}
	return -1
}
