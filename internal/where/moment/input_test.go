package moment_test

import (
	"strings"
	"testing"

	"leyden/internal/where/moment"
)

// inputs makes claims about a text as an input of every type.
func inputs(text string, zones *moment.Zones) []claim {
	b := []byte(text)
	sql := func(kind string) string { return kind + " " + quote(b) }
	var out []claim
	d, err := moment.ParseDate(b, zones)
	out = append(out, claimOf(sql("date"), moment.AppendDate, d, err))
	ts, err := moment.ParseTimestamp(b, zones)
	out = append(out, claimOf(sql("timestamp"), moment.AppendTimestamp, ts, err))
	ts, err = moment.ParseTimestampTZ(b, zones)
	out = append(out, claimOf(sql("timestamptz"), moment.AppendTimestampTZ, ts, err))
	t, err := moment.ParseTime(b, zones)
	out = append(out, claimOf(sql("time"), moment.AppendTime, t, err))
	tz, err := moment.ParseTimeTZ(b, zones)
	out = append(out, claimOf(sql("timetz"), moment.AppendTimeTZ, tz, err))
	i, err := moment.ParseInterval(b)
	return append(out, claimOf(sql("interval"), moment.AppendInterval, i, err))
}

var edgeInputs = []string{
	"", " ", "epoch", "EPOCH", " epoch ", "infinity", "-infinity", "- infinity", "+infinity", "-Infinity", "epoch mon", "infinity bc",
	"2024-01-01", "2024-1-1", "2024-02-30", "0000-01-01", "0001-01-01 BC", "4714-11-24 BC", "4714-11-23 BC", "5874897-12-31", "5874898-01-01",
	"294276-12-31 23:59:59.999999", "294277-01-01", "294276-12-31 23:59:59.9999999", "2024-01-01 24:00:00", "2024-01-01 24:00:01",
	"2024-01-01 23:59:60", "2024-01-01 23:59:60.5", "2024-01-01T12:34:56Z", "2024-01-01t12:34:56.7890123+05:30", "2024-01-01 12:34", "2024-01-01 12",
	"20240101T123456", "20240101T1234-08", "20240101 123456.789", "2024.123", "2024-123", "2024-366", "2023-366", "2024001", "240101",
	"Jan 8 1999", "January 8, 1999", "8-Jan-1999", "Jan-08-1999", "99-Jan-08", "1999-Jan-08", "08-Jan-99", "Jan-08-99", "1/8/1999", "18/1/99",
	"J2451187", "j2451187.25", "julian 2451187", "JD 2451187-08", "y2001m02d04", "y2001m02d04 h05mm06s07.5", "2001-02-04 h05m06s07", "Mon Jan 8 1999 04:05 PM",
	"04:05", "04:05:06", "040506", "0405", "04:05 AM", "04:05 PM", "12:00 AM", "12:00 PM", "13:00 PM", "00:00 PM", "24:00:00", "24:00:00.1", "23:59:60",
	"23:59:59.9999999", "allballs", "T040506", "t04:05:06", "04:05:06.789-8", "04:05:06-08:00", "04:05:06+05:30:15", "04:05-0530", "040506-08", "040506+08",
	"04:05 UTC", "04:05 z", "04:05 America/New_York", "2003-04-12 04:05:06 America/New_York", "2024-03-31 02:30 Europe/Berlin", "2024-10-27 02:30 Europe/Berlin",
	"2024-07-01 04:05 europe/paris", "2024-07-01 04:05 FOO+3", "2024-07-01 04:05 GMT-8", "2024-07-01 UTC DST", "2024-07-01 DST", "2024-07-01 +15:59:59", "2024-07-01 +16",
	"now", "today", "tomorrow", "yesterday", "now 2024-01-01", "current", "invalid", "undefined", "2024-01-01 PST", "2024-01-01 Nowhere/Land",
	"1 day", "1 days 2 hours", "1.5 months", "1.5 years", "-1.5 weeks", "1 year 2 mons -3 days 04:05:06", "@ 1 hour ago", "1 ago", "ago 1 day", "1-2", "-1-2", "1-13",
	"1 2:03:04", "+1 -2:03:04", "-1 2:03:04", "1:2", "1:2.5", "1:2:3.5", "100:00:00", "P1Y2M3DT4H5M6.7S", "P-1Y-2M3DT-4H", "PT", "P", "P1W", "P1.5W", "P0001-02-03T04:05:06",
	"P00010203T040506", "P0001-02", "P1", "PT1", "P1T1", "PT10:20", "P1e1D", "P0x10D", "P1Y1", "p1d", " P1D", "P1D ", "P.5D", "P-.5Y", "P1.25M", "P1D1D", "PT1S1S", "PTT1S",
	"1 decade", "2 centuries", "1 millennium", "1 c 1 dec", "1 us 1 ms 1 s", "1.5 us", "1.5 ms", "0.0000005 s", "0.0000015 s", "1 quarter", "1 timezone", "1 microsecondz",
	"9223372036854775807 us", "9223372036854775808 us", "2147483647 months", "2147483648 months", "178956970 years 7 months", "178956970 years 8 months", "2562047788:00:54.775807",
	"2562047788:00:54.775808", "-2562047788:00:54.775807", "1. day", ". day", ".5", "5", "-5", "+ 5 days", "1 day 1 day", "1 hour 01:00", "1 s 0.5 s", "1 m 1 min", "1e5 s", "1,5 days",
	"1 day, 2 hours", "2024-01-01 12:00:00.", "2024-01-01 12:.5", "2024-01-01 12::30", "12:", ":12", "1-2-3-4", "99999999990101", "4294969320-01-01", "2024-01-01 AD", "2024-01-01 BC AD",
	"2024-01-01 2024", "on 2024-01-01 at 12:00", "mon tue 2024-01-01", "2024-01-01 12:00 am pm", strings.Repeat("1 ", 26), strings.Repeat("1", 200), strings.Repeat(" ", 300) + "2024-01-01",
	"2024-01-01 é", "2024-01-01\t12:00", "2024-01-01\n", "(2024-01-01)", "2024_01_01", "2024-01-01 12:00:00.123456789012345678901234567890", "0.1234567 s", "01.02.2024", "1.2.3", "2024.01.02", "1.5",
	"Sept 1 2024", "sat 2024-06-01", "2024-06-01 04:05:06.5 PM +3", "infinity epoch", "2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2024-W01-1", "2024-01-01 12:00 EST5EDT", "2024-01-01 12:00 Etc/GMT+5",
	"12:00 Etc/GMT+5", "12:00 FOO+3", "2024-01-01 12:00 <+03>-3", "2024-07-01 04:05 -08:00 PST8PDT", "04:05:06 2024-01-01", "04:05 2024-01-01 America/New_York", "2024-01-01 04 PM", "2024-01-01 0405 PM", "1999-12-30 591032", "1999-12-31 591032", "1999-12-30 480000", "1999-12-29 995959",
}

func TestEdgeInputsAreReadAsPostgresReadsThem(t *testing.T) {
	j := newJudge(t)
	var claims []claim
	zones := new(moment.Zones)
	for _, text := range edgeInputs {
		claims = append(claims, inputs(text, zones)...)
	}
	j.agree(claims)
}

func TestRandomInputsAreReadAsPostgresReadsThem(t *testing.T) {
	j := newJudge(t)
	var claims []claim
	zones := new(moment.Zones)
	for range j.n {
		claims = append(claims, inputs(j.text(), zones)...)
	}
	j.agree(claims)
}

func TestWhatPostgresPrintsIsReadBack(t *testing.T) {
	j := newJudge(t)
	var claims []claim
	for range j.n {
		d, ts, tm, tz, i := j.date(), j.timestamp(), j.time(), j.timeTZ(), j.interval()
		claims = append(claims,
			roundTrip("date", moment.AppendDate, d, func(b []byte) (moment.Date, error) { return moment.ParseDate(b, nil) }),
			roundTrip("timestamp", moment.AppendTimestamp, ts, func(b []byte) (moment.Timestamp, error) { return moment.ParseTimestamp(b, nil) }),
			roundTrip("timestamptz", moment.AppendTimestampTZ, ts, func(b []byte) (moment.Timestamp, error) { return moment.ParseTimestampTZ(b, nil) }),
			roundTrip("time", moment.AppendTime, tm, func(b []byte) (moment.Time, error) { return moment.ParseTime(b, nil) }),
			roundTrip("timetz", moment.AppendTimeTZ, tz, func(b []byte) (moment.TimeTZ, error) { return moment.ParseTimeTZ(b, nil) }),
			roundTrip("interval", moment.AppendInterval, i, moment.ParseInterval))
	}
	j.agree(claims)
}

// roundTrip claims that the text of a value is the text of a value in Postgres too, and is read here as the value.
func roundTrip[T comparable](kind string, show func([]byte, T) []byte, value T, parse func([]byte) (T, error)) claim {
	c := claimOf(literal(kind, show, value), show, value, nil)
	if back, err := parse([]byte(c.ours)); err != nil || back != value {
		c.ours = "not read back as itself"
	}
	return c
}

// text puts a text of dates, times and intervals together, now and then a senseless one.
func (j *judge) text() string {
	r := j.rand
	digits := func(most int) string {
		n := 1 + r.IntN(most)
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('0' + r.IntN(10))
		}
		return string(b)
	}
	two := func() string { return string([]byte{byte('0' + r.IntN(6)), byte('0' + r.IntN(10))}) }
	month := func() string { return oneOf(r, "01", "02", "3", "12", "10", "jan", "Feb", "MAY", "sept", "13") }
	dayOf := func() string { return oneOf(r, "01", "1", "28", "29", "30", "31", "15", "32", "099") }
	year := func() string {
		return oneOf(r, "2024", "1999", "99", "07", "1", "12345", "2000", "1900", "294276", "0044", digits(7))
	}
	date := func() string {
		s := oneOf(r, "-", "-", "-", "/", ".", " ", "")
		switch r.IntN(5) {
		case 0:
			return dayOf() + s + month() + s + year()
		case 1:
			return month() + s + dayOf() + s + year()
		case 2:
			return year() + s + digits(3)
		default:
			return year() + s + month() + s + dayOf()
		}
	}
	clock := func() string {
		f := oneOf(r, "", "", ".", "."+digits(6), "."+digits(3), "."+digits(18), ".9999995", ".0000005")
		switch r.IntN(6) {
		case 0:
			return two() + ":" + two()
		case 1:
			return two() + two() + two() + f
		case 2:
			return oneOf(r, "24:00:00", "23:59:60", "23:59:59", "00:00:00", "12:00") + f
		case 3:
			return digits(12) + ":" + two() + f
		default:
			return oneOf(r, "1", "2", "") + oneOf(r, "0", "1", "2", "3") + ":" + two() + ":" + two() + f
		}
	}
	zone := func() string {
		return oneOf(r, "+00", "-08", "+5:30", "-0330", "+05:30:15", "Z", "utc", " Europe/Paris", " america/new_york", " Etc/GMT+5", " FOO+3", "-16", "+15:59",
			" GMT-3:30", " EST5EDT", " Australia/Lord_Howe", " DST", "+"+digits(4))
	}
	units := []string{"us", "usec", "microsecond", "ms", "milliseconds", "s", "sec", "seconds", "m", "min", "minutes", "h", "hours", "hr", "d", "day", "days", "w", "weeks",
		"mon", "mons", "months", "y", "year", "yrs", "dec", "decades", "c", "century", "centuries", "mil", "millennia", "quarter"}
	amount := func() string {
		return oneOf(r, "", "", "-", "+", "- ") + oneOf(r, digits(2), digits(2), digits(4), digits(12), digits(2)+"."+digits(3), digits(2)+"."+digits(17), "."+digits(2), "1.5", "0.1")
	}
	var parts []string
	add := func(s ...string) { parts = append(parts, s...) }
	switch r.IntN(8) {
	case 0, 1: // a date and what belongs to it
		add(date())
		if r.IntN(2) == 0 {
			add(oneOf(r, " ", "T", " ", " at ", "t"), clock())
		}
		if r.IntN(3) == 0 {
			add(oneOf(r, " AM", " pm", "PM"))
		}
		if r.IntN(2) == 0 {
			add(zone())
		}
		if r.IntN(5) == 0 {
			add(oneOf(r, " BC", " AD", " bc"))
		}
	case 2: // a time
		add(clock(), oneOf(r, "", " AM", " PM"), oneOf(r, "", zone()))
	case 3, 4: // an interval in words
		for range 1 + r.IntN(4) {
			add(amount(), oneOf(r, " ", ""), oneOf(r, units...), oneOf(r, " ", " ", ", "))
		}
		add(oneOf(r, "", "", clock(), "-"+clock(), "ago"))
	case 5: // an interval of the SQL standard
		add(oneOf(r, "", "-", "+"), oneOf(r, digits(3)+"-"+digits(2), ""), " ", oneOf(r, "", "-"+digits(3), digits(3)), " ", oneOf(r, "", "-", "+")+clock())
	case 6: // an interval of ISO 8601
		add("P")
		for _, u := range "YMWDTHMS" {
			if u == 'T' {
				add("T")
			} else if r.IntN(3) == 0 {
				add(oneOf(r, "", "", "-"), oneOf(r, digits(2), digits(2), digits(8), digits(2)+"."+digits(3), "."+digits(3), "1e2", digits(17)), string(u))
			}
		}
	default: // anything
		vocabulary := append([]string{"epoch", "infinity", "-", "+", "t", "j", "julian ", "y", "m", "d", "h", "mm", "s", "bc", "am", "pm", "mon", "on", "at", ":", ".", "/", "P", "T", " ", " ", " ", "allballs",
			"dst", "isoyear", "P0001-02-03", "ago", "@"}, units...)
		for range 1 + r.IntN(5) {
			add(oneOf(r, date(), clock(), zone(), digits(8), oneOf(r, vocabulary...), oneOf(r, vocabulary...)), oneOf(r, "", " "))
		}
	}
	return strings.Join(parts, "")
}
