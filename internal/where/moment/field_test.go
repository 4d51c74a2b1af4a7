package moment_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"leyden/internal/where/moment"
)

var unitNames = []string{
	"microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century", "millennium", "julian", "isoyear", "dow",
	"isodow", "doy", "epoch", "timezone", "timezone_hour", "timezone_minute", "YEARS", "y", "m", "mm", "d", "h", "us", "ms", "s", "w", "qtr", "dec", "c", "mil", "mon", "J", "jd",
	"Microsecondsx", "nonsense", "", "ago", "infinity", "jan", "t", "at", "bc", "dst",
}

// part claims what extract and date_part yield. A date's date_part is that of its timestamp.
func parts(kind, name, value string, p moment.Part, err error, both bool) []claim {
	if err != nil {
		out := []claim{{sql: fmt.Sprintf("extract(%q from %s)", name, value), err: err}}
		if both {
			out = append(out, claim{sql: fmt.Sprintf("date_part('%s', %s)", name, value), err: err})
		}
		return out
	}
	numeric, float := "NULL", "NULL"
	if !p.Null() {
		numeric, float = string(p.AppendNumeric(nil)), showFloat(p.Float())
	}
	out := []claim{{sql: fmt.Sprintf("extract(%q from %s)", name, value), ours: numeric}}
	if both {
		out = append(out, claim{sql: fmt.Sprintf("date_part('%s', %s)", name, value), ours: float})
	}
	return out
}

func showFloat(f float64) string {
	switch s := strconv.FormatFloat(f, 'g', -1, 64); s {
	case "+Inf":
		return "Infinity"
	case "-Inf":
		return "-Infinity"
	default:
		if e := strings.IndexByte(s, 'e'); e > 0 {
			if n, _ := strconv.Atoi(s[e+1:]); n >= 0 && n < 15 {
				return strconv.FormatFloat(f, 'f', -1, 64)
			}
		}
		return s
	}
}

func TestFieldsAreThoseOfPostgres(t *testing.T) {
	j := newJudge(t)
	var claims []claim
	for range j.n {
		name := oneOf(j.rand, unitNames...)
		if name == "" {
			name = " "
		}
		u, unknown := moment.FindUnit([]byte(name))
		d, ts, tm, tz, i := j.date(), j.timestamp(), j.time(), j.timeTZ(), j.interval()
		if j.rand.IntN(3) == 0 {
			d = moment.Date(j.rand.IntN(1_500_000) - 1_200_000)
		}
		ask := func(kind, value string, p moment.Part, err error, both bool) {
			if unknown != nil {
				err = unknown
			}
			claims = append(claims, parts(kind, name, value, p, err, both)...)
		}
		p, err := d.Extract(u)
		ask("date", literal("date", moment.AppendDate, d), p, err, false)
		p, err = ts.Extract(u)
		ask("timestamp", literal("timestamp", moment.AppendTimestamp, ts), p, err, true)
		p, err = ts.ExtractTZ(u)
		ask("timestamptz", literal("timestamptz", moment.AppendTimestampTZ, ts), p, err, true)
		p, err = tm.Extract(u)
		ask("time", literal("time", moment.AppendTime, tm), p, err, true)
		p, err = tz.Extract(u)
		ask("timetz", literal("timetz", moment.AppendTimeTZ, tz), p, err, true)
		p, err = i.Extract(u)
		ask("interval", literal("interval", moment.AppendInterval, i), p, err, true)
	}
	j.agree(claims)
}

func TestTruncationIsThatOfPostgres(t *testing.T) {
	j := newJudge(t)
	zones := new(moment.Zones)
	var claims []claim
	for range j.n {
		name := oneOf(j.rand, unitNames...)
		u, unknown := moment.FindUnit([]byte(name))
		ts, i := j.timestamp(), j.interval()
		if j.rand.IntN(4) == 0 {
			ts = moment.Timestamp(-j.rand.Int64N(211813488000000000))
		}
		if unknown != nil && !ts.Finite() {
			continue // Postgres does not look at the unit then
		}
		r, err := ts.Trunc(u)
		claims = append(claims, claimOf(fmt.Sprintf("date_trunc('%s', %s)", name, literal("timestamp", moment.AppendTimestamp, ts)), moment.AppendTimestamp, r, err),
			claimOf(fmt.Sprintf("date_trunc('%s', %s)", name, literal("timestamptz", moment.AppendTimestampTZ, ts)), moment.AppendTimestampTZ, r, err))
		x, err := i.Trunc(u)
		claims = append(claims, claimOf(fmt.Sprintf("date_trunc('%s', %s)", name, literal("interval", moment.AppendInterval, i)), moment.AppendInterval, x, err))
		zone := j.zone()
		z, err := zones.Find([]byte(zone))
		if err == nil {
			r, err = ts.TruncIn(u, z)
		}
		claims = append(claims, claimOf(fmt.Sprintf("date_trunc('%s', %s, '%s')", name, literal("timestamptz", moment.AppendTimestampTZ, ts), zone), moment.AppendTimestampTZ, r, err))
	}
	j.agree(claims)
}

func (j *judge) zone() string {
	return oneOf(j.rand, "UTC", "Europe/Paris", "europe/berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin",
		"Pacific/Apia", "America/Caracas", "Asia/Pyongyang", "Antarctica/Troll", "Europe/Moscow", "Africa/Monrovia", "Asia/Gaza", "America/Nuuk", "Etc/GMT+12", "EST5EDT", "Asia/Tehran",
		"+3", "-5:30", "FOO+3:30:15", "<x>-14", "GMT", "z", "zulu", "PST", "EST", "CET", "nowhere", "", "FOO3BAR", "5", "+168", "a/b", "UTC+3", "Factory")
}

func TestZonesAreThoseOfPostgres(t *testing.T) {
	j := newJudge(t)
	zones := new(moment.Zones)
	var claims []claim
	for range j.n {
		zone, ts, tz, i := j.zone(), j.timestamp(), j.timeTZ(), j.interval()
		if j.rand.IntN(2) == 0 { // near a change of the clocks
			ts = moment.Timestamp(j.rand.Int64N(40)-20)*31_556_952_000_000 + moment.Timestamp(oneOf[int64](j.rand, 83, 84, 85, 86, 87, 88, 89, 90, 297, 298, 299, 300, 301, 302, 303, 304, 66, 67, 68, 69, 70, 71, 72, 73, 74, 305, 306, 307, 308, 309, 310)*86_400_000_000+j.rand.Int64N(96)*900_000_000)
		}
		TS, TZ := literal("timestamp", moment.AppendTimestamp, ts), literal("timestamptz", moment.AppendTimestampTZ, ts)
		z, unknown := zones.Find([]byte(zone))
		if unknown != nil {
			claims = append(claims, claim{sql: fmt.Sprintf("timezone('%s', timestamp '2024-01-01')", zone), err: unknown})
			continue
		}
		r, err := ts.FromZone(z)
		claims = append(claims, claimOf(fmt.Sprintf("timezone('%s', %s)", zone, TS), moment.AppendTimestampTZ, r, err))
		r, err = ts.ToZone(z)
		claims = append(claims, claimOf(fmt.Sprintf("timezone('%s', %s)", zone, TZ), moment.AppendTimestamp, r, err))
		if ttz, err := tz.ToZone(z); err == nil {
			claims = append(claims, claimOf(fmt.Sprintf("timezone('%s', %s)", zone, literal("timetz", moment.AppendTimeTZ, tz)), moment.AppendTimeTZ, ttz, nil))
		}
		i.Micros %= 200_000_000_000
		if j.rand.IntN(2) == 0 {
			i.Months, i.Days = 0, 0
		}
		I := literal("interval", moment.AppendInterval, i)
		r, err = ts.FromOffset(i)
		claims = append(claims, claimOf(fmt.Sprintf("timezone(%s, %s)", I, TS), moment.AppendTimestampTZ, r, err))
		r, err = ts.ToOffset(i)
		claims = append(claims, claimOf(fmt.Sprintf("timezone(%s, %s)", I, TZ), moment.AppendTimestamp, r, err))
		ttz, err := tz.ToOffset(i)
		claims = append(claims, claimOf(fmt.Sprintf("timezone(%s, %s)", I, literal("timetz", moment.AppendTimeTZ, tz)), moment.AppendTimeTZ, ttz, err))
	}
	j.agree(claims)
}
