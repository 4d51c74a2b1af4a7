package moment

// The texts that Postgres itself prints are the texts of every row, and are read without taking them apart into tokens. What is
// not one of them, or not a valid one, is left to the readers of everything.

// plainDate reads YYYY-MM-DD.
func plainDate(text []byte) (Date, bool) {
	if len(text) != 10 {
		return 0, false
	}
	year, month, day, ok := plainDay(text)
	if !ok {
		return 0, false
	}
	return Date(daysOf(year, month, day)), true
}

func plainDay(text []byte) (year int64, month, day int, ok bool) {
	year = int64(twoDigits(text)*100 + twoDigits(text[2:]))
	month, day = twoDigits(text[5:]), twoDigits(text[8:])
	return year, month, day, twoDigits(text) >= 0 && twoDigits(text[2:]) >= 0 && year > 0 && text[4] == '-' && text[7] == '-' &&
		month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
}

// plainTimestamp reads YYYY-MM-DD HH:MM:SS[.f…][+00].
func plainTimestamp(text []byte, zoned bool) (Timestamp, bool) {
	if len(text) < 19 || text[10] != ' ' && text[10] != 'T' {
		return 0, false
	}
	year, month, day, ok := plainDay(text)
	if !ok {
		return 0, false
	}
	us, rest, ok := plainClock(text[11:])
	if zoned && string(rest) == "+00" {
		rest = nil
	}
	return Timestamp(daysOf(year, month, day)*usPerDay + us), ok && len(rest) == 0
}

// plainClock reads HH:MM:SS[.f…] with up to six digits of fraction, and yields what follows.
func plainClock(text []byte) (us int64, rest []byte, ok bool) {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return 0, nil, false
	}
	h, m, s := twoDigits(text), twoDigits(text[3:]), twoDigits(text[6:])
	if h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59 {
		return 0, nil, false
	}
	fraction := int64(0)
	if rest = text[8:]; len(rest) > 1 && rest[0] == '.' {
		i := 1
		for ; i < len(rest) && i <= 6 && isDigit(rest[i]); i++ {
			fraction = fraction*10 + int64(rest[i]-'0')
		}
		if i == 1 {
			return 0, nil, false
		}
		for n := i; n <= 6; n++ {
			fraction *= 10
		}
		rest = rest[i:]
	}
	return int64((h*60+m)*60+s)*usPerSecond + fraction, rest, true
}

// twoDigits is the number at the start of b, negative when there is none.
func twoDigits(b []byte) int {
	if !isDigit(b[0]) || !isDigit(b[1]) {
		return -1
	}
	return int(b[0]-'0')*10 + int(b[1]-'0')
}
