package moment

// Unit is a name that date_trunc, extract and date_part know.
type Unit struct {
	trunc   unit // what date_trunc understands, noUnit for nothing
	extract unit // what extract and date_part understand
}

// FindUnit looks up the name of a unit in any case: "year", "YEARS", "y", "isodow". What a type has no such part of is ErrUnit when
// it is asked for it; what no type has is ErrUnit here.
func FindUnit(name []byte) (Unit, error) {
	var buf [32]byte
	if len(name) > len(buf) {
		name = name[:len(buf)]
	}
	for i, c := range name {
		buf[i] = lower(c)
	}
	folded := buf[:len(name)]
	switch w := unitOf(folded); w.class {
	case unitWord:
		return Unit{unit(w.value), unit(w.value)}, nil
	case agoWord:
		return Unit{}, ErrUnit
	}
	switch w := dateWord(folded); w.class {
	case unitWord, fieldWord, epochWord:
		return Unit{extract: unit(w.value)}, nil
	}
	return Unit{}, ErrUnit
}

// Trunc is date_trunc in the zone UTC.
func (t Timestamp) Trunc(u Unit) (Timestamp, error) {
	if !t.Finite() {
		return t, nil
	}
	days, clock := t.split()
	days, clock, ok := truncLocal(days, clock, u.trunc)
	if !ok {
		return 0, ErrUnit
	}
	if days < int64(minDate)-1 {
		return 0, ErrRange
	}
	return Timestamp(days*usPerDay + clock).checked()
}

// TruncIn is date_trunc of a timestamptz by the clocks of a zone.
func (t Timestamp) TruncIn(u Unit, z Zone) (Timestamp, error) {
	if !t.Finite() {
		return t, nil
	}
	west := z.westOf(t.unix())
	days, clock := (t - Timestamp(west*usPerSecond)).split()
	days, clock, ok := truncLocal(days, clock, u.trunc)
	if !ok {
		return 0, ErrUnit
	}
	year, month, _ := civil(days)
	if !representable(year, month) {
		return 0, ErrRange
	}
	if u.trunc >= unitDay {
		west = z.westAt((days-int64(unixEpoch)/usPerDay)*secondsPerDay + clock/usPerSecond)
	}
	return Timestamp(days*usPerDay + clock + west*usPerSecond).checked()
}

func truncLocal(days, clock int64, u unit) (int64, int64, bool) {
	switch u {
	case unitMicrosecond:
		return days, clock, true
	case unitMillisecond:
		return days, clock - clock%1000, true
	case unitSecond:
		return days, clock - clock%usPerSecond, true
	case unitMinute:
		return days, clock - clock%usPerMinute, true
	case unitHour:
		return days, clock - clock%usPerHour, true
	case unitDay:
		return days, 0, true
	case unitWeek:
		return days - int64((weekday(days)+6)%7), 0, true
	}
	year, month, _ := civil(days)
	switch u {
	case unitMonth:
	case unitQuarter:
		month = (month-1)/3*3 + 1
	case unitYear:
		month = 1
	case unitDecade:
		month, year = 1, floorDiv(year, 10)*10
	case unitCentury:
		month, year = 1, floorDiv(year-1, 100)*100+1
	case unitMillennium:
		month, year = 1, floorDiv(year-1, 1000)*1000+1
	default:
		return 0, 0, false
	}
	return daysOf(year, month, 1), 0, true
}

// Trunc is date_trunc of an interval: every part is cut towards zero.
func (i Interval) Trunc(u Unit) (Interval, error) {
	switch u.trunc {
	case unitMicrosecond:
	case unitMillisecond:
		i.Micros -= i.Micros % 1000
	case unitSecond:
		i.Micros -= i.Micros % usPerSecond
	case unitMinute:
		i.Micros -= i.Micros % usPerMinute
	case unitHour:
		i.Micros -= i.Micros % usPerHour
	case unitDay:
		i.Micros = 0
	case unitMonth, unitQuarter, unitYear, unitDecade, unitCentury, unitMillennium:
		months := int32(1)
		switch u.trunc {
		case unitQuarter:
			months = 3
		case unitYear, unitDecade, unitCentury, unitMillennium:
			months = int32(monthsPerYear * yearsIn(u.trunc))
		}
		return Interval{Months: i.Months - i.Months%months}, nil
	default:
		return Interval{}, ErrUnit
	}
	return i, nil
}
