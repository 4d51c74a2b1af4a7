package moment

// clockText reads HH:MM[:SS][.f] and, for the times of intervals, hours without a limit. Two parts with a fraction are minutes
// and seconds.
func clockText(text []byte, minuteToSecond bool) (hour int64, min, sec int, us int64, err error) {
	hour, n, fits := integer(text)
	if !fits {
		return 0, 0, 0, 0, ErrRange
	}
	text = text[n:]
	if len(text) == 0 || text[0] != ':' {
		return 0, 0, 0, 0, ErrSyntax
	}
	min, n, fits = integer32(text[1:])
	if !fits {
		return 0, 0, 0, 0, ErrRange
	}
	text = text[1+n:]
	minuteToSecond = len(text) == 0 && minuteToSecond || len(text) > 0 && text[0] == '.'
	if len(text) > 0 && text[0] == ':' {
		if sec, n, fits = integer32(text[1:]); !fits {
			return 0, 0, 0, 0, ErrRange
		}
		text = text[1+n:]
	}
	switch {
	case len(text) > 0 && text[0] == '.':
		f, ok := fraction(text)
		if !ok {
			return 0, 0, 0, 0, ErrSyntax
		}
		us = micros(f)
	case len(text) > 0:
		return 0, 0, 0, 0, ErrSyntax
	}
	if minuteToSecond {
		if hour != int64(int32(hour)) {
			return 0, 0, 0, 0, ErrRange
		}
		hour, min, sec = 0, int(hour), min
	}
	if hour < 0 || min < 0 || min > 59 || sec < 0 || sec > 60 || us < 0 || us > usPerSecond {
		return 0, 0, 0, 0, ErrRange
	}
	return hour, min, sec, us, nil
}

func (d *decoder) clockOf(text []byte) (fields, error) {
	hour, min, sec, us, err := clockText(text, false)
	if err == nil && hour != int64(int32(hour)) {
		err = ErrRange
	}
	d.hour, d.min, d.sec, d.us = int(hour), min, sec, us
	return timeFields, err
}

// offset reads ±HH[:MM[:SS]] or ±HHMM, in seconds west of Greenwich.
func offset(text []byte) (west int64, err error) {
	if len(text) == 0 || text[0] != '+' && text[0] != '-' {
		return 0, ErrSyntax
	}
	h, n, fits := integer32(text[1:])
	if !fits {
		return 0, ErrRange
	}
	m, s := 0, 0
	rest := text[1+n:]
	switch {
	case len(rest) > 0 && rest[0] == ':':
		if m, n, fits = integer32(rest[1:]); !fits {
			return 0, ErrRange
		}
		rest = rest[1+n:]
		if len(rest) > 0 && rest[0] == ':' {
			if s, n, fits = integer32(rest[1:]); !fits {
				return 0, ErrRange
			}
			rest = rest[1+n:]
		}
	case len(rest) == 0 && len(text) > 3:
		h, m = h/100, h%100
	}
	if h < 0 || h > 15 || m < 0 || m > 59 || s < 0 || s > 59 {
		return 0, ErrRange
	}
	if len(rest) > 0 {
		return 0, ErrSyntax
	}
	west = -int64((h*60+m)*60 + s)
	if text[0] == '-' {
		west = -west
	}
	return west, nil
}

// julianWithZone reads a Julian day with an offset behind it.
func (d *decoder) julianWithZone(text []byte) (fields, error) {
	n, length, fits := integer32(text)
	if !fits || n < 0 {
		return 0, ErrRange
	}
	d.setDays(int64(n) - julianEpoch)
	d.julian = true
	var err error
	d.west, err = offset(text[length:])
	d.prefix = noUnit
	return dateFields | timeFields | zoneField, err
}

// timeWithZone reads a run of digits, hhmmss, with an offset behind it.
func (d *decoder) timeWithZone(text []byte, seen fields, prefixed bool) (fields, error) {
	if prefixed {
		if d.prefix != unitIsoTime {
			return 0, ErrSyntax
		}
		d.prefix = noUnit
	}
	if seen&timeFields == timeFields {
		return 0, ErrSyntax
	}
	minus := indexByte(text, '-')
	if minus < 0 {
		return 0, ErrSyntax
	}
	var err error
	if d.west, err = offset(text[minus:]); err != nil {
		return 0, err
	}
	found, err := d.runTogether(text[:minus], seen)
	return found | zoneField, err
}

// prefixed reads a number that a word before it has named.
func (d *decoder) prefixed(text []byte) (found fields, err error) {
	n, length, fits := integer32(text)
	if !fits {
		return 0, ErrRange
	}
	rest := text[length:]
	switch {
	case len(rest) == 0:
	case rest[0] != '.':
		return 0, ErrSyntax
	case d.prefix != unitJulian && d.prefix != unitIsoTime && d.prefix != unitSecond:
		return 0, ErrSyntax
	}
	switch d.prefix {
	case unitYear:
		d.year, found = n, yearField
	case unitMonth:
		if d.seen&monthField != 0 && d.seen&hourField != 0 {
			d.min, found = n, minuteField
		} else {
			d.month, found = n, monthField
		}
	case unitDay:
		d.day, found = n, dayField
	case unitHour:
		d.hour, found = n, hourField
	case unitMinute:
		d.min, found = n, minuteField
	case unitSecond:
		d.sec, found = n, secondField
		if len(rest) > 0 {
			f, ok := fraction(rest)
			if !ok {
				return 0, ErrSyntax
			}
			d.us, found = micros(f), secondFields
		}
	case unitJulian:
		if n < 0 {
			return 0, ErrRange
		}
		d.setDays(int64(n) - julianEpoch)
		d.julian, found = true, dateFields
		if len(rest) > 0 {
			f, ok := fraction(rest)
			if !ok {
				return 0, ErrSyntax
			}
			t := int64(f * usPerDay)
			d.hour, d.min, d.sec = int(t/usPerHour), int(t/usPerMinute%60), int(t/usPerSecond%60)
			d.us = t % usPerSecond
			found |= timeFields
		}
	case unitIsoTime:
		if found, err = d.runTogether(text, d.seen|dateFields); err != nil {
			return 0, err
		}
		if found != timeFields {
			return 0, ErrSyntax
		}
	default:
		return 0, ErrSyntax
	}
	d.prefix = noUnit
	return found, nil
}

// date reads a date with delimiters.
func (d *decoder) date(text []byte, seen fields) (found fields, err error) {
	var parts [maxTokens][]byte
	n := 0
	for len(text) > 0 && n < maxTokens {
		for len(text) > 0 && !isDigit(text[0]) && !isLetter(text[0]) {
			text = text[1:]
		}
		if len(text) == 0 {
			return 0, ErrSyntax
		}
		same := isLetter
		if isDigit(text[0]) {
			same = isDigit
		}
		end := 0
		for end < len(text) && same(text[end]) {
			end++
		}
		parts[n] = text[:end]
		n++
		text = text[min(end+1, len(text)):]
	}
	monthName := false
	for i := range n {
		if !isLetter(parts[i][0]) {
			continue
		}
		w := dateWord(parts[i])
		if w.class == ignoredWord {
			continue
		}
		if w.class != monthWord || seen&monthField != 0 {
			return 0, ErrSyntax
		}
		d.month, monthName = w.value, true
		seen |= monthField
		found |= monthField
		parts[i] = nil
	}
	for _, part := range parts[:n] {
		if part == nil {
			continue
		}
		f, err := d.number(part, monthName, seen)
		if err != nil {
			return 0, err
		}
		if f&seen != 0 {
			return 0, ErrSyntax
		}
		seen |= f
		found |= f
	}
	if seen&^(doyField|zoneField) != dateFields {
		return 0, ErrSyntax
	}
	return found, nil
}

// number reads a number by what has been seen already. The order of days, months and years is that of the DateStyle: DMY, unless
// the first number is a year by its length.
func (d *decoder) number(text []byte, monthName bool, seen fields) (found fields, err error) {
	n, length, fits := integer32(text)
	switch rest := text[length:]; {
	case !fits:
		return 0, ErrRange
	case length == 0:
		return 0, ErrSyntax
	case len(rest) == 0:
	case rest[0] != '.':
		return 0, ErrSyntax
	case length > 2:
		return d.runTogether(text, seen|dateFields)
	default:
		f, ok := fraction(rest)
		if !ok {
			return 0, ErrSyntax
		}
		d.us = micros(f)
	}
	if len(text) == 3 && seen&dateFields == yearField && n >= 1 && n <= 366 {
		d.yearDay = n
		return doyField | monthField | dayField, nil
	}
	long := len(text) >= 3
	switch seen & dateFields {
	case 0:
		found = dayField
		if long {
			found = yearField
		}
	case yearField:
		found = monthField
	case monthField:
		found = dayField
		if monthName && long {
			found = yearField
		}
	case yearField | monthField:
		found = dayField
		if monthName && long && d.shortYear {
			d.day, d.year, d.shortYear = d.year, n, false // what looked like the year was the day
			return dayField, nil
		}
	case dayField:
		found = monthField
	case monthField | dayField:
		found = yearField
	case dateFields:
		return d.runTogether(text, seen)
	default:
		return 0, ErrSyntax
	}
	switch found {
	case yearField:
		d.year, d.shortYear = n, len(text) <= 2
	case monthField:
		d.month = n
	case dayField:
		d.day = n
	}
	return found, nil
}

// runTogether reads the digits of a date, yymmdd with any number of digits for the year, or of a time, hhmmss or hhmm.
func (d *decoder) runTogether(text []byte, seen fields) (fields, error) {
	if point := indexByte(text, '.'); point >= 0 {
		end := point + 1
		for end < len(text) && isDigit(text[end]) {
			end++
		}
		f, _ := fraction(text[point:end])
		d.us = micros(f)
		text = text[:point]
	} else if n := len(text); seen&dateFields != dateFields && n >= 6 {
		d.year, d.month, d.day = wrapped(text[:n-4]), wrapped(text[n-4:n-2]), wrapped(text[n-2:])
		if n == 6 {
			d.shortYear = true
		}
		return dateFields, nil
	}
	if seen&timeFields != timeFields {
		switch len(text) {
		case 6:
			d.hour, d.min, d.sec = wrapped(text[:2]), wrapped(text[2:4]), wrapped(text[4:])
			return timeFields, nil
		case 4:
			d.hour, d.min, d.sec = wrapped(text[:2]), wrapped(text[2:]), 0
			return timeFields, nil
		}
	}
	return 0, ErrSyntax
}
