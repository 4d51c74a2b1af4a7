package moment

// ParseDate reads a date as its input function does. A time of day is read and dropped.
func ParseDate(text []byte, zones *Zones) (Date, error) {
	if d, ok := plainDate(text); ok {
		return d, nil
	}
	d := decoder{zones: zones}
	if err := d.tokens.split(text, clockSpace); err != nil {
		return 0, err
	}
	if err := d.dateTime(); err != nil {
		return 0, err
	}
	switch d.constant {
	case epochWord:
		return Date(unixEpoch / usPerDay), nil
	case infinityWord:
		return Infinity, nil
	case minusInfinityWord:
		return MinusInfinity, nil
	}
	if !representable(int64(d.year), d.month) {
		return 0, ErrRange
	}
	date := Date(daysOf(int64(d.year), d.month, d.day))
	if !date.valid() {
		return 0, ErrRange
	}
	return date, nil
}

// ParseTimestamp reads a timestamp as its input function does: a zone is read and dropped.
func ParseTimestamp(text []byte, zones *Zones) (Timestamp, error) {
	return parseTimestamp(text, false, zones)
}

// ParseTimestampTZ reads a timestamptz as its input function does. Without a zone it is in UTC.
func ParseTimestampTZ(text []byte, zones *Zones) (Timestamp, error) {
	return parseTimestamp(text, true, zones)
}

func parseTimestamp(text []byte, zoned bool, zones *Zones) (Timestamp, error) {
	if t, ok := plainTimestamp(text, zoned); ok {
		return t, nil
	}
	d := decoder{zones: zones}
	if err := d.tokens.split(text, timestampSpace); err != nil {
		return 0, err
	}
	if err := d.dateTime(); err != nil {
		return 0, err
	}
	switch d.constant {
	case epochWord:
		return unixEpoch, nil
	case infinityWord:
		return Infinity, nil
	case minusInfinityWord:
		return MinusInfinity, nil
	}
	if !zoned {
		d.west = 0
	}
	return timestampOf(int64(d.year), d.month, d.day, d.clock(), d.west)
}

// timestampOf puts a timestamp together, west seconds west of Greenwich.
func timestampOf(year int64, month, day int, clock, west int64) (Timestamp, error) {
	if !representable(year, month) {
		return 0, ErrRange
	}
	days := daysOf(year, month, day)
	if days > int64(endTimestamp/usPerDay)+7 || days < int64(minTimestamp/usPerDay)-7 {
		return 0, ErrRange // a zone is at most a week away
	}
	// The server looks for an overflow by signs, and finds one where a time of day beyond the end of the day, which a number may be,
	// leads from before 2000-01-01 past it.
	if local := days*usPerDay + clock; days < -1 && local > 0 {
		return 0, ErrRange
	}
	return Timestamp(days*usPerDay + clock + west*usPerSecond).checked()
}

// ParseTime reads a time as its input function does: a zone is read and dropped.
func ParseTime(text []byte, zones *Zones) (Time, error) {
	if us, rest, ok := plainClock(text); ok && len(rest) == 0 {
		return Time(us), nil
	}
	t, err := ParseTimeTZ(text, zones)
	return t.Time, err
}

// ParseTimeTZ reads a timetz as its input function does. Without a zone it is in UTC.
func ParseTimeTZ(text []byte, zones *Zones) (TimeTZ, error) {
	d := decoder{zones: zones}
	if err := d.tokens.split(text, clockSpace); err != nil {
		return TimeTZ{}, err
	}
	if err := d.timeOnly(); err != nil {
		return TimeTZ{}, err
	}
	return TimeTZ{Time(d.clock()), int32(d.west)}, nil
}
