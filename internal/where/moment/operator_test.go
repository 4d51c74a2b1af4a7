package moment_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where/moment"
)

func showInt(dst []byte, n int32) []byte { return strconv.AppendInt(dst, int64(n), 10) }

func TestArithmeticIsThatOfPostgres(t *testing.T) {
	j := newJudge(t)
	var claims []claim
	for range j.n {
		d, e, ts, us, tm, un, tz, i, k := j.date(), j.date(), j.timestamp(), j.timestamp(), j.time(), j.time(), j.timeTZ(), j.interval(), j.interval()
		if j.rand.IntN(3) == 0 {
			us = ts + moment.Timestamp(j.rand.Int64N(1e12)-5e11)
			if !ts.Finite() {
				us = ts
			}
			if us < -211813488000000000 || us >= 9223371331200000000 {
				us = ts
			}
		}
		n := oneOf(j.rand, int32(j.rand.IntN(1000)-500), int32(j.rand.Uint32()), math.MaxInt32, math.MinInt32)
		D, E, TS, US, TZ := literal("date", moment.AppendDate, d), literal("date", moment.AppendDate, e), literal("timestamp", moment.AppendTimestamp, ts),
			literal("timestamp", moment.AppendTimestamp, us), literal("timestamptz", moment.AppendTimestampTZ, ts)
		UZ := literal("timestamptz", moment.AppendTimestampTZ, us)
		TM, UN, TTZ := literal("time", moment.AppendTime, tm), literal("time", moment.AppendTime, un), literal("timetz", moment.AppendTimeTZ, tz)
		I, K := literal("interval", moment.AppendInterval, i), literal("interval", moment.AppendInterval, k)
		N := fmt.Sprintf("'%d'::int", n)

		dd, err := d.AddDays(n)
		claims = append(claims, claimOf(D+" + "+N, moment.AppendDate, dd, err))
		dd, err = d.SubDays(n)
		claims = append(claims, claimOf(D+" - "+N, moment.AppendDate, dd, err))
		days, err := d.Sub(e)
		claims = append(claims, claimOf(D+" - "+E, showInt, days, err))
		r, err := d.At(tm)
		claims = append(claims, claimOf(D+" + "+TM, moment.AppendTimestamp, r, err))
		r, err = d.AtTZ(tz)
		claims = append(claims, claimOf(D+" + "+TTZ, moment.AppendTimestampTZ, r, err))
		if r, err = d.Timestamp(); err == nil {
			r, err = r.Add(i)
		}
		claims = append(claims, claimOf(D+" + "+I, moment.AppendTimestamp, r, err))
		r, err = ts.Add(i)
		claims = append(claims, claimOf(TS+" + "+I, moment.AppendTimestamp, r, err), claimOf(I+" + "+TZ, moment.AppendTimestampTZ, r, err))
		r, err = ts.SubInterval(i)
		claims = append(claims, claimOf(TS+" - "+I, moment.AppendTimestamp, r, err), claimOf(TZ+" - "+I, moment.AppendTimestampTZ, r, err))
		x, err := ts.Sub(us)
		claims = append(claims, claimOf(TS+" - "+US, moment.AppendInterval, x, err), claimOf(TZ+" - "+UZ, moment.AppendInterval, x, err))
		x, err = ts.Age(us)
		claims = append(claims, claimOf("age("+TS+", "+US+")", moment.AppendInterval, x, err))
		claims = append(claims,
			claimOf(TM+" + "+I, moment.AppendTime, tm.Add(i), nil), claimOf(TM+" - "+I, moment.AppendTime, tm.SubInterval(i), nil),
			claimOf(TTZ+" + "+I, moment.AppendTimeTZ, tz.Add(i), nil), claimOf(TTZ+" - "+I, moment.AppendTimeTZ, tz.SubInterval(i), nil),
			claimOf(TM+" - "+UN, moment.AppendInterval, tm.Sub(un), nil))
		x, err = i.Add(k)
		claims = append(claims, claimOf(I+" + "+K, moment.AppendInterval, x, err))
		x, err = i.Sub(k)
		claims = append(claims, claimOf(I+" - "+K, moment.AppendInterval, x, err))
		x, err = i.Neg()
		claims = append(claims, claimOf("- "+I, moment.AppendInterval, x, err))
		x, err = i.JustifyDays()
		claims = append(claims, claimOf("justify_days("+I+")", moment.AppendInterval, x, err))
		x, err = i.JustifyHours()
		claims = append(claims, claimOf("justify_hours("+I+")", moment.AppendInterval, x, err))
		x, err = i.JustifyInterval()
		claims = append(claims, claimOf("justify_interval("+I+")", moment.AppendInterval, x, err))
		f := oneOf(j.rand, 0, 1, -1, 0.5, 1.5, -2.25, 1.0/3, 1e-3, 1e6, 1e300, math.NaN(), math.Inf(1), j.rand.NormFloat64(), j.rand.NormFloat64()*100)
		F := fmt.Sprintf("'%s'::float8", strconv.FormatFloat(f, 'g', -1, 64))
		x, err = i.Mul(f)
		claims = append(claims, claimOf(I+" * "+F, moment.AppendInterval, x, err), claimOf(F+" * "+I, moment.AppendInterval, x, err))
		x, err = i.Div(f)
		claims = append(claims, claimOf(I+" / "+F, moment.AppendInterval, x, err))
		p := j.rand.IntN(7)
		claims = append(claims, claimOf(fmt.Sprintf("(%s)::timestamp(%d)", TS, p), moment.AppendTimestamp, ts.Round(p), nil),
			claimOf(fmt.Sprintf("(%s)::interval(%d)", I, p), moment.AppendInterval, i.Round(p), nil),
			claimOf(fmt.Sprintf("(%s)::time(%d)", TM, p), moment.AppendTime, tm.Round(p), nil))
		stride := moment.Interval{Days: int32(j.rand.IntN(10)), Micros: j.rand.Int64N(1e11)}
		if j.rand.IntN(4) == 0 {
			stride = k
		}
		r, err = ts.Bin(stride, us)
		claims = append(claims, claimOf(fmt.Sprintf("date_bin(%s, %s, %s)", literal("interval", moment.AppendInterval, stride), TS, US), moment.AppendTimestamp, r, err))
		unix := oneOf(j.rand, j.rand.Float64()*2e9, j.rand.NormFloat64()*1e12, float64(j.rand.IntN(1e9)), f, math.Inf(-1), 9224318016000, 9224318015999.99, -210866803200, -210866803200.1)
		r, err = moment.FromUnix(unix)
		claims = append(claims, claimOf(fmt.Sprintf("to_timestamp('%s'::float8)", strconv.FormatFloat(unix, 'g', -1, 64)), moment.AppendTimestampTZ, r, err))
	}
	j.agree(claims)
}

func TestOrderIsThatOfPostgres(t *testing.T) {
	j := newJudge(t)
	var claims []claim
	for range j.n {
		tz, uz, i, k := j.timeTZ(), j.timeTZ(), j.interval(), j.interval()
		if j.rand.IntN(2) == 0 { // the same moment on another clock
			uz.West = tz.West + int32(j.rand.IntN(3)-1)*3600
			uz.Time = moment.Time((int64(tz.Time) + int64(tz.West-uz.West)*1_000_000 + 86_400_000_000) % 86_400_000_000)
		}
		if uz.West > 57_599 || uz.West < -57_599 {
			uz = tz
		}
		if j.rand.IntN(2) == 0 { // the same length in other parts
			k = moment.Interval{Months: i.Months / 2, Days: i.Days / 2, Micros: i.Micros + int64(i.Days-i.Days/2)*86_400_000_000}
			k.Days = int32(int64(k.Days) + int64(i.Months-i.Months/2)*30)
		}
		for symbol, holds := range map[string]func(int) bool{
			"=": func(c int) bool { return c == 0 }, "<": func(c int) bool { return c < 0 }, ">": func(c int) bool { return c > 0 },
		} {
			claims = append(claims,
				claimOf(literal("timetz", moment.AppendTimeTZ, tz)+symbol+literal("timetz", moment.AppendTimeTZ, uz), truth, holds(tz.Compare(uz)), nil),
				claimOf(literal("interval", moment.AppendInterval, i)+symbol+literal("interval", moment.AppendInterval, k), truth, holds(i.Compare(k)), nil))
		}
		a, b := i.Key(), k.Key()
		require.Equal(t, i.Compare(k), bytes.Compare(a[:], b[:]), "%v %v", i, k)
		whole := i.Bytes()
		require.Equal(t, i, moment.IntervalOf(whole[:]))
	}
	j.agree(claims)
}

func TestCastsAreThoseOfPostgres(t *testing.T) {
	j := newJudge(t)
	var claims []claim
	for range j.n {
		d, ts, tm, tz, i := j.date(), j.timestamp(), j.time(), j.timeTZ(), j.interval()
		D, TS, TZ := literal("date", moment.AppendDate, d), literal("timestamp", moment.AppendTimestamp, ts), literal("timestamptz", moment.AppendTimestampTZ, ts)
		r, err := d.Timestamp()
		claims = append(claims, claimOf("("+D+")::timestamp", moment.AppendTimestamp, r, err), claimOf("("+D+")::timestamptz", moment.AppendTimestampTZ, r, err),
			claimOf("("+TS+")::date", moment.AppendDate, ts.Date(), nil), claimOf("("+TZ+")::date", moment.AppendDate, ts.Date(), nil),
			claimOf("("+TS+")::timestamptz", moment.AppendTimestampTZ, ts, nil), claimOf("("+TZ+")::timestamp", moment.AppendTimestamp, ts, nil),
			claimOf("("+literal("time", moment.AppendTime, tm)+")::interval", moment.AppendInterval, tm.Interval(), nil),
			claimOf("("+literal("time", moment.AppendTime, tm)+")::timetz", moment.AppendTimeTZ, tm.TimeTZ(), nil),
			claimOf("("+literal("timetz", moment.AppendTimeTZ, tz)+")::time", moment.AppendTime, tz.Time, nil),
			claimOf("("+literal("interval", moment.AppendInterval, i)+")::time", moment.AppendTime, i.Time(), nil))
		if clock, ok := ts.Time(); ok {
			withZone, _ := ts.TimeTZ()
			claims = append(claims, claimOf("("+TS+")::time", moment.AppendTime, clock, nil), claimOf("("+TZ+")::timetz", moment.AppendTimeTZ, withZone, nil))
		} else {
			claims = append(claims, claim{sql: "(" + TS + ")::time", ours: "NULL"}, claim{sql: "(" + TZ + ")::timetz", ours: "NULL"})
		}
		claims = append(claims, claimOf(D+" < "+TS, truth, cmp.Less(d.Comparable(), ts), nil), claimOf(D+" = "+TZ, truth, d.Comparable() == ts, nil))
		y, m, day := int32(j.rand.IntN(3000)-1000), int32(j.rand.IntN(14)), int32(j.rand.IntN(33))
		made, err := moment.MakeDate(y, m, day)
		claims = append(claims, claimOf(fmt.Sprintf("make_date(%d, %d, %d)", y, m, day), moment.AppendDate, made, err))
		h, min, sec := int32(j.rand.IntN(26)), int32(j.rand.IntN(61)), oneOf(j.rand, j.rand.Float64()*61, -1e-40, -6e-7, 60.0000001, 59.9999999)
		many := oneOf(j.rand, n32(j), int32(j.rand.IntN(100)))
		span, err := moment.MakeInterval(many, m, h, day, many, min, sec)
		claims = append(claims, claimOf(fmt.Sprintf("make_interval(%d, %d, %d, %d, %d, %d, %v)", many, m, h, day, many, min, sec), moment.AppendInterval, span, err))
		clock, err := moment.MakeTime(h, min, sec)
		claims = append(claims, claimOf(fmt.Sprintf("make_time(%d, %d, %v)", h, min, sec), moment.AppendTime, clock, err))
		r, err = moment.MakeTimestamp(y, m, day, h, min, sec)
		claims = append(claims, claimOf(fmt.Sprintf("make_timestamp(%d, %d, %d, %d, %d, %v)", y, m, day, h, min, sec), moment.AppendTimestamp, r, err))
	}
	j.agree(claims)
}

func n32(j *judge) int32 { return int32(j.rand.Uint32()) }
