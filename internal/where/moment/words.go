package moment

// wordClass is what a word of a date or time does.
type wordClass uint8

const (
	unknownWord wordClass = iota
	ignoredWord           // "at", "on", "@"
	monthWord
	weekdayWord
	eraWord
	meridiemWord
	summerWord // "dst": the offset before it is that of the winter
	isoTimeWord
	unitWord
	agoWord
	epochWord
	infinityWord
	minusInfinityWord
	midnightWord // "allballs"
	clockWord    // "now", "today" and the like
	fieldWord    // only the name of a field: "dow"
)

type word struct {
	class wordClass
	value int
}

// unit is a field of a date, a time or an interval.
type unit int

const (
	noUnit unit = iota
	unitMicrosecond
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitQuarter
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitJulian
	unitIsoYear
	unitDow
	unitIsoDow
	unitDoy
	unitEpoch
	unitZone
	unitZoneHour
	unitZoneMinute
	unitIsoTime // only a prefix: the t before a time
)

// significant is the part of a word that counts: the tables of Postgres hold ten bytes.
func significant(b []byte) []byte {
	if len(b) > 10 {
		b = b[:10]
	}
	return b
}

// dateWord looks up a word, in lower case, of the language of dates and times.
func dateWord(b []byte) word {
	switch string(significant(b)) {
	case "jan", "january":
		return word{monthWord, 1}
	case "feb", "february":
		return word{monthWord, 2}
	case "mar", "march":
		return word{monthWord, 3}
	case "apr", "april":
		return word{monthWord, 4}
	case "may":
		return word{monthWord, 5}
	case "jun", "june":
		return word{monthWord, 6}
	case "jul", "july":
		return word{monthWord, 7}
	case "aug", "august":
		return word{monthWord, 8}
	case "sep", "sept", "september":
		return word{monthWord, 9}
	case "oct", "october":
		return word{monthWord, 10}
	case "nov", "november":
		return word{monthWord, 11}
	case "dec", "december":
		return word{monthWord, 12}
	case "sun", "sunday", "mon", "monday", "tue", "tues", "tuesday", "wed", "weds", "wednesday", "thu", "thur", "thurs", "thursday",
		"fri", "friday", "sat", "saturday":
		return word{weekdayWord, 0}
	case "ad":
		return word{eraWord, 0}
	case "bc":
		return word{eraWord, 1}
	case "am":
		return word{meridiemWord, int(morning)}
	case "pm":
		return word{meridiemWord, int(afternoon)}
	case "dst":
		return word{summerWord, 0}
	case "at", "on":
		return word{ignoredWord, 0}
	case "t":
		return word{isoTimeWord, 0}
	case "y":
		return word{unitWord, int(unitYear)}
	case "m":
		return word{unitWord, int(unitMonth)}
	case "d":
		return word{unitWord, int(unitDay)}
	case "h":
		return word{unitWord, int(unitHour)}
	case "mm":
		return word{unitWord, int(unitMinute)}
	case "s":
		return word{unitWord, int(unitSecond)}
	case "j", "jd", "julian":
		return word{unitWord, int(unitJulian)}
	case "isoyear":
		return word{unitWord, int(unitIsoYear)}
	case "dow":
		return word{fieldWord, int(unitDow)}
	case "isodow":
		return word{fieldWord, int(unitIsoDow)}
	case "doy":
		return word{fieldWord, int(unitDoy)}
	case "epoch":
		return word{epochWord, int(unitEpoch)}
	case "infinity":
		return word{infinityWord, 0}
	case "-infinity":
		return word{minusInfinityWord, 0}
	case "allballs":
		return word{midnightWord, 0}
	case "now", "today", "tomorrow", "yesterday":
		return word{clockWord, 0}
	}
	return word{}
}

// unitOf looks up a word, in lower case, of the language of intervals.
func unitOf(b []byte) word {
	u := noUnit
	switch string(significant(b)) {
	case "ago":
		return word{agoWord, 0}
	case "us", "usec", "usecs", "usecond", "useconds", "microsecon":
		u = unitMicrosecond
	case "ms", "msec", "msecs", "msecond", "mseconds", "millisecon":
		u = unitMillisecond
	case "s", "sec", "secs", "second", "seconds":
		u = unitSecond
	case "m", "min", "mins", "minute", "minutes":
		u = unitMinute
	case "h", "hr", "hrs", "hour", "hours":
		u = unitHour
	case "d", "day", "days":
		u = unitDay
	case "w", "week", "weeks":
		u = unitWeek
	case "mon", "mons", "month", "months":
		u = unitMonth
	case "qtr", "quarter":
		u = unitQuarter
	case "y", "yr", "yrs", "year", "years":
		u = unitYear
	case "dec", "decs", "decade", "decades":
		u = unitDecade
	case "c", "cent", "century", "centuries":
		u = unitCentury
	case "mil", "mils", "millennia", "millennium":
		u = unitMillennium
	case "timezone":
		u = unitZone
	case "timezone_h":
		u = unitZoneHour
	case "timezone_m":
		u = unitZoneMinute
	default:
		return word{}
	}
	return word{unitWord, int(u)}
}
