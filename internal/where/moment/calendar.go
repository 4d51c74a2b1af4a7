package moment

// Years are astronomical inside: 1 BC is 0.

// julianEpoch is the Julian day of 2000-01-01.
const julianEpoch = 2_451_545

// daysOf counts the days from 2000-01-01 to a day of the proleptic Gregorian calendar.
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

// representable reports whether Postgres' Julian day numbers reach the month.
func representable(year int64, month int) bool {
	return (year > -4713 || year == -4713 && month >= 11) && (year < 5_874_898 || year == 5_874_898 && month < 6)
}

// weekday is 0 for Sunday.
func weekday(days int64) int {
	w := (days + 6) % 7 // 2000-01-01 was a Saturday
	if w < 0 {
		w += 7
	}
	return int(w)
}

// firstMonday is the Monday of the first ISO week of a year, the one with the 4th of January.
func firstMonday(year int64) int64 {
	fourth := daysOf(year, 1, 4)
	return fourth - int64((weekday(fourth)+6)%7)
}

// isoWeek is the year and week of ISO 8601 that a day belongs to.
func isoWeek(days int64) (year int64, week int) {
	year, _, _ = civil(days)
	first := firstMonday(year)
	switch {
	case days < first:
		year--
		first = firstMonday(year)
	case days >= firstMonday(year+1):
		year++
		first = firstMonday(year)
	}
	return year, int((days-first)/7) + 1
}
