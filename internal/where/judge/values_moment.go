package judge

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func (v values) date() string {
	switch v.IntN(8) {
	case 0, 1:
		return v.pick("2024-01-31", "2024-02-29", "2024-03-31", "2000-01-01", "1999-12-31", "2024-01-01", "2023-12-31", "1970-01-01", "2023-02-28")
	case 2:
		return v.pick("infinity", "-infinity", "4714-11-24 BC", "5874897-12-31", "0001-01-01", "0001-12-31 BC", "epoch", "10000-01-01", "294277-01-01", "4713-01-01 BC", "0044-03-15 BC", "1582-10-10", "1900-02-28")
	case 3:
		return v.pick("20240131", "2024-1-5", "Jan 5 2024", "5 January 2024", "31/01/2024", "31.01.2024", "2024/01/31", "2024.031", "J2451187", "2024-02-30", "2024-13-01", "24-01-31", "today", "now", "2024-Jan-05",
			"January 8, 1999", "1999-Jan-08", "08-Jan-1999", "+infinity", "inf", "2024-01-31 10:00", "2024-01-31T10:00:00Z", "0000-01-01", "2024-01-31 AD", "2024W011", "5874898-01-01", "4715-01-01 BC")
	}
	return v.day()
}

// day is a date, most of them of the last two centuries.
func (v values) day() string {
	year := 1850 + v.IntN(250)
	switch v.IntN(12) {
	case 0:
		return fmt.Sprintf("%04d-%02d-%02d", 1+v.IntN(9999), 1+v.IntN(12), 1+v.IntN(28))
	case 1:
		return fmt.Sprintf("%04d-%02d-%02d BC", 1+v.IntN(4700), 1+v.IntN(12), 1+v.IntN(28))
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, 1+v.IntN(12), 1+v.IntN(29))
}

func (v values) clock() string {
	switch v.IntN(8) {
	case 0, 1:
		return v.pick("00:00:00", "24:00:00", "23:59:59.999999", "12:30", "12:30:00.5", "12:30:00.1234567", "00:00:00.000001", "02:30:00", "01:30:00")
	case 2:
		return v.pick("12:30 PM", "12:00 AM", "1:05 pm", "123000", "1230", "T12:30:00", "allballs", "25:00", "24:00:01", "12:60", "23:59:60", "12:30:00.9999999", "4:05", "040506", "now", "12:30:00,5", "12 PM")
	}
	text := fmt.Sprintf("%02d:%02d:%02d", v.IntN(24), v.IntN(60), v.IntN(60))
	if v.chance(30) {
		text += "." + v.digits(1+v.IntN(6))
	}
	return text
}

func (v values) offset() string {
	switch v.IntN(8) {
	case 0, 1, 2:
		return v.pick("+00", "Z", "+02", "-05", "+05:30")
	case 3:
		return v.pick("", " UTC", " EST", " Europe/Paris", "+15:59:59", "-15:59:59", "+16", " America/New_York", "+0530", "-0:30", "+00:00:30", " PST", "+2", " CEST", " zulu", "+14")
	}
	return fmt.Sprintf("%s%02d:%02d", v.pick("+", "-"), v.IntN(14), v.IntN(4)*15)
}

func (v values) timestamp() string {
	switch v.IntN(10) {
	case 0, 1:
		return v.pick("2024-01-31 00:00:00", "2024-01-31", "2024-02-29 12:30:00.5", "2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2024-01-31 12:00:00", "2024-01-01 00:00:00", "1970-01-01 00:00:00")
	case 2:
		return v.pick("infinity", "-infinity", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "0001-01-01 00:00:00", "0044-03-15 12:00:00 BC", "epoch", "0001-12-31 23:59:59 BC", "10000-01-01 00:00:00", "294277-01-01 00:00:00")
	case 3:
		return v.pick("2024-01-31T10:00:00", "2024-01-31 10:00:00+02", "20240131T100000", "Jan 31 2024 10:00", "2024-01-31 10:00 PM", "31/01/2024 10:00", "Wed Jan 31 10:00:00 2024", "2024-01-31 24:00:00", "2024-01-31 10:00:00.9999999",
			"2024-02-30 10:00", "today", "now", "2024-01-31 25:00", "2024-01-31 10:00:60", "2024-01-31 10:00:00 UTC", "2024-01-31 10", "10:00 2024-01-31", "1999-01-08 04:05:06 BC")
	case 4, 5:
		return v.transition()
	}
	return withEra(v.day(), v.clock())
}

// withEra puts the time before the era, where Postgres prints it.
func withEra(day, clock string) string {
	if d, ok := strings.CutSuffix(day, " BC"); ok {
		return d + " " + clock + " BC"
	}
	return day + " " + clock
}

// transition is a moment near one at which some zone changed its clock.
func (v values) transition() string {
	moments := []string{
		"2024-03-31 01:00:00", "2024-10-27 01:00:00", "2024-03-10 07:00:00", "2024-11-03 06:00:00", "2023-04-01 15:00:00", "2023-10-07 15:30:00", "1911-03-10 23:51:00", "1940-06-14 22:00:00", "1883-11-18 17:00:00",
		"1972-01-07 00:44:30", "2011-12-30 10:00:00", "1937-07-01 00:00:00", "1916-05-21 02:00:00", "2018-11-04 03:00:00", "2019-02-17 02:00:00", "1995-01-01 10:00:00", "1945-08-14 23:00:00", "2037-10-25 01:00:00", "2050-03-27 01:00:00",
		"1968-10-27 00:00:00", "1890-01-01 00:00:00", "2022-09-21 19:30:00",
	}
	t, err := time.Parse(time.DateTime, v.pick(moments...))
	if err != nil {
		panic(err)
	}
	by := []time.Duration{0, time.Microsecond, time.Second, time.Minute, 30 * time.Minute, time.Hour, 5 * time.Hour, 24 * time.Hour}[v.IntN(8)]
	if v.chance(50) {
		by = -by
	}
	return t.Add(by + time.Duration(v.IntN(29)-14)*time.Hour).Format("2006-01-02 15:04:05.999999")
}

func (v values) timestamptz() string {
	switch v.IntN(8) {
	case 0:
		return v.pick("infinity", "-infinity", "4714-11-24 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "0001-01-01 00:00:00+00", "epoch", "2024-01-31 00:00:00+05:30:15", "2024-01-31", "2024-01-31 10:00:00", "294277-01-01 00:00:00+02")
	case 1:
		return v.pick("2024-01-31 00:00:00+00", "2024-01-31 02:00:00+02", "2024-02-29 12:30:00.5-0530", "2000-01-01 00:00:00Z", "1999-12-31 23:59:59.999999+00", "2024-01-31T10:00:00+02:00", "2024-01-31 10:00:00 Europe/Paris",
			"2024-03-31 02:30:00 Europe/Paris", "2024-10-27 02:30:00 Europe/Paris", "2024-01-31 10:00:00 EST", "2024-01-31 10:00:00 America/New_York", "2024-01-31 10:00:00 Nowhere/At_All", "1911-01-01 00:00 Europe/Paris", "2024-01-31 10:00:00 +02", "2024-01-31 10:00:00 -5")
	}
	text := v.timestamp()
	if d, ok := strings.CutSuffix(text, " BC"); ok {
		return d + v.offset() + " BC"
	}
	return text + v.offset()
}

func (v values) interval() string {
	number := func() string {
		text := strconv.Itoa(v.IntN(40) - 12)
		if v.chance(20) {
			text += "." + v.digits(1+v.IntN(4))
		}
		return text
	}
	switch v.IntN(12) {
	case 0, 1:
		return v.pick("1 day", "24 hours", "1 mon", "30 days", "1 year", "12 mons", "0", "-1 day", "1 day -24:00:00", "00:00:00", "1 week", "1 hour", "59 minutes", "-1 mon 30 days")
	case 2:
		return v.pick("P1Y2M3DT4H5M6S", "P1D", "PT1H", "PT0S", "P-1DT-1.5S", "P1W", "P0001-02-03T04:05:06", "PT-0.000001S", "P1Y-2M", "-P1D", "P1.5D", "PT1.5H", "P", "PT", "P1H", "P1Y2M3W4DT5H6M7.5S", "P00021015T103020", "PT1M1H")
	case 3:
		return v.pick("01:02:03", "-01:02:03", "1 01:02:03", "1-2", "-1-2 +3 -4:05:06", "1:02", "100:00:00", "1 day 02:03:04.5", "1.5", "5", "1:02:03.1234567", "1-13", "+1-2", "01:02:03 ago", "1 2", "3 4:05", "-1:00 day")
	case 4:
		return v.pick("178000000 years", "-178000000 years", "2147483647 mons", "2147483647 days", "2147483648 days", "9223372036854775807 us", "-9223372036854775808 us", "2562047788:00:54.775807", "1e10 s", "1 fortnight", "1 decade", "1 century",
			"2 millennia", "1.5 mons", "0.1 mons", "1.25 years", "1.5 weeks", "infinity", "-infinity", "@ 1 minute ago", "1 day ago", "3 days 4 hours ago", "1y 2mon 3d 4h 5m 6s", "6 us", "7.5 ms", "1 min 1 min", "1 year 1 mon 1 year")
	case 5:
		return number() + " " + v.pick("days", "mons", "hours", "years", "minutes", "seconds", "microseconds", "milliseconds", "weeks") + v.pick("", "", " ago")
	}
	var parts []string
	for _, unit := range []string{"years", "mons", "days", "hours", "mins", "secs"} {
		if v.chance(35) {
			parts = append(parts, number()+" "+unit)
		}
	}
	return strings.Join(parts, " ")
}
