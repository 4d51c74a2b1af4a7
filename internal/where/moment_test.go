package where_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
	"leyden/internal/where/moment"
)

var momentTypes = map[string]string{
	"d": "date", "tm": "time", "tt": "timetz", "ts": "timestamp", "tz": "timestamptz", "iv": "interval", "i4": "int4", "f8": "float8", "t": "text",
}

func momentColumns() []where.Column {
	cols := []where.Column{{Name: "wanted", Type: "text", TypeMod: -1}}
	for _, name := range momentNames() {
		cols = append(cols, where.Column{Name: name, Type: momentTypes[name], TypeMod: -1})
	}
	return cols
}

func momentNames() []string { return []string{"d", "tm", "tt", "ts", "tz", "iv", "i4", "f8", "t"} }

// Every overload over dates, times and intervals, and what the grammar makes of them.
var momentExpressions = []string{
	"d + i4", "i4 + d", "d - i4", "d - d", "d - '2024-01-01'", "d + tm", "tm + d", "d + tt", "tt + d", "d + iv", "iv + d", "d - iv", "d + interval '1 month'",
	"tm + iv", "iv + tm", "tm - iv", "tm - tm", "tm - '01:00'", "tt + iv", "iv + tt", "tt - iv", "ts + iv", "iv + ts", "ts - iv", "ts - ts", "ts - d", "d - ts", "tz + iv", "iv + tz", "tz - iv",
	"tz - tz", "tz - ts", "ts - tz", "tz - '2024-01-01 00:00+02'", "iv + iv", "iv - iv", "- iv", "iv * f8", "f8 * iv", "iv * 2", "2.5 * iv", "iv * i4", "iv / f8", "iv / 7", "tm + '01:00'", "iv + '1 day'",
	"justify_days(iv)", "justify_hours(iv)", "justify_interval(iv)", "age(ts, '2000-02-29')", "age(tz, tz - iv)", "age(ts, d)",
	"ts AT TIME ZONE 'Europe/Paris'", "tz AT TIME ZONE 'america/new_york'", "tz AT TIME ZONE 'UTC+3'", "tt AT TIME ZONE 'UTC'", "tt AT TIME ZONE '-5:30'", "tz AT TIME ZONE interval '-02:30'",
	"ts AT TIME ZONE interval '05:45'", "tt AT TIME ZONE interval '05:45:01'", "tz AT TIME ZONE iv", "tz AT TIME ZONE interval '-2562047788:00:54.7758'", "ts AT TIME ZONE interval '2562047788:00:54.7758'", "tt AT TIME ZONE interval '2562047788:00:54.7758'", "d AT TIME ZONE 'Europe/Paris'", "timezone('Asia/Kolkata', tz)", "ts AT TIME ZONE t", "tz AT TIME ZONE t",
	"date_trunc('month', ts)", "date_trunc('week', tz)", "date_trunc('hour', iv)", "date_trunc('day', tz, 'Australia/Lord_Howe')", "date_trunc('quarter', d)", "date_trunc(t, ts)", "date_trunc('decade', ts)",
	"date_part('epoch', ts)", "date_part('hour', d)", "date_part('isodow', d)", "date_part('minute', tm)", "date_part('timezone_hour', tt)", "date_part('second', tz)", "date_part('milliseconds', iv)", "date_part(t, ts)",
	"extract(epoch from ts)", "extract(epoch from tz)", "extract(epoch from d)", "extract(epoch from iv)", "extract(epoch from tm)", "extract(epoch from tt)", "extract(year from d)", "extract(julian from ts)",
	"extract(isoyear from tz)", "extract(week from d)", "extract(century from ts)", "extract(second from tm)", "extract(milliseconds from tt)", "extract(timezone from tz)", "extract(quarter from iv)", "extract(dow from d)",
	"extract(hour from d)", "extract(year from ts) > 1999.5", "isfinite(d)", "isfinite(ts)", "isfinite(tz)", "isfinite(iv)", "date_bin('15 minutes', ts, '2001-01-01')", "date_bin(iv, tz, '2001-01-01')",
	"make_date(i4, 2, 28)", "make_time(i4, 30, f8)", "make_timestamp(i4, 2, 28, 1, 2, f8)", "make_interval()", "make_interval(i4)", "make_interval(0, i4, 1, 2, 3, 4)", "to_timestamp(f8)",
	`"timestamp"(d, tm)`, "timestamptz(d, tm)", "timestamptz(d, tt)",
	"d::timestamp", "d::timestamptz", "ts::date", "ts::time", "ts::timestamptz", "tz::date", "tz::time", "tz::timetz", "tz::timestamp", "tm::interval", "tm::timetz", "iv::time", "tt::time", "d::text", "tm::text",
	"tt::text", "ts::text", "tz::text", "iv::text", "t::interval", "t::timetz", "t::time", "t::date", "t::timestamp", "t::timestamptz", "iv::varchar", "tt::varchar",
	"iv = '1 mon'", "iv < interval '30 days'", "iv IN ('1 mon', '30 days', '720:00:00')", "iv BETWEEN '1 day' AND '2 years'", "iv IS DISTINCT FROM interval '0'", "tt = '12:00+02'", "tt < timetz '12:00+02'", "tt <> tt",
	"tm < tt", "tm = iv", "iv > tm", "d = ts", "d < tz", "d <> '2024-01-01'", "ts >= d + iv", "tz BETWEEN d AND d + 7", "tt IN ('10:00+00', '12:00+02')", "iv * 0 = '0'", "coalesce(iv, '1 day')",
	"d > '294277-01-01'", "ts < date '294277-01-01'", "ts < date '5874897-12-31'", "date '294277-01-01' > tz", "(ts - interval '1 day') > '2024-01-01' OR iv IS NULL",
}

func TestMomentsHaveTheValuesThatPostgresGivesThem(t *testing.T) {
	seed := uint64(envInt(t, "LEYDEN_JUDGE_SEED", int(time.Now().UnixNano()&0xffffffff)))
	t.Logf("LEYDEN_JUDGE_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 7))
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, pgserver.Shared(t).URL("postgres"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(ctx)) })
	var defs []string
	for _, name := range momentNames() {
		defs = append(defs, name+" "+momentTypes[name])
	}
	_, err = conn.Exec(ctx, `
		SET TimeZone = 'UTC'; SET DateStyle = 'ISO, DMY'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1; SET client_min_messages = error;
		CREATE TEMP TABLE moments (n int PRIMARY KEY, `+strings.Join(defs, ", ")+`);
		CREATE FUNCTION pg_temp.answer(expression text, n int) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE result text;
		BEGIN
			EXECUTE 'SELECT (' || expression || ')::text FROM moments WHERE n = ' || n INTO result;
			RETURN result;
		EXCEPTION WHEN OTHERS THEN
			RETURN '!' || sqlerrm;
		END $$`)
	require.NoError(t, err)
	const rows = 24
	for n := range rows {
		_, err := conn.Exec(ctx, fmt.Sprintf("INSERT INTO moments VALUES (%d, %s)", n, strings.Join(momentRow(r), ", ")))
		require.NoError(t, err)
	}
	tuples := make([][][]byte, rows)
	for n := range rows {
		all, err := conn.Query(ctx, "SELECT d, tm, tt, ts, tz, iv, i4, f8, t FROM moments WHERE n = $1", pgx.QueryExecModeSimpleProtocol, n)
		require.NoError(t, err)
		require.True(t, all.Next())
		tuples[n] = [][]byte{nil}
		for _, v := range all.RawValues() {
			if v != nil {
				v = append([]byte{}, v...)
			}
			tuples[n] = append(tuples[n], v)
		}
		all.Close()
	}
	scratch := &where.Scratch{}
	names := append([]string{"wanted"}, momentNames()...)
	values := 0
	for _, expression := range momentExpressions {
		c, err := where.Compile("("+expression+")::text IS NOT DISTINCT FROM wanted", nil, momentColumns())
		require.NoError(t, err, expression)
		p, err := c.Bind(names)
		require.NoError(t, err)
		canonical, _, _ := strings.Cut(c.SQL(), " IS NOT DISTINCT FROM")
		answers, err := conn.Query(ctx, "SELECT pg_temp.answer($1, n), pg_temp.answer($2, n) FROM generate_series(0, $3) AS n", expression, canonical, rows-1)
		require.NoError(t, err)
		type pair struct{ Theirs, Canonical *string }
		pairs, err := pgx.CollectRows(answers, pgx.RowToStructByPos[pair])
		require.NoError(t, err)
		for n, a := range pairs {
			require.Equal(t, text(a.Theirs), text(a.Canonical), "%s and %s", expression, canonical)
			failed := a.Theirs != nil && strings.HasPrefix(*a.Theirs, "!")
			tuples[n][0] = nil
			if a.Theirs != nil {
				tuples[n][0] = []byte(*a.Theirs)
			}
			truth, err := p.Eval(tuples[n], scratch)
			if failed {
				require.Error(t, err, "%s, row %d: %s", expression, n, text(a.Theirs))
				continue
			}
			if errors.Is(err, moment.ErrZone) {
				continue // "1 day" is a zone too, with the summer time of a file of the server
			}
			values++
			require.NoError(t, err, "%s, row %q: %s", expression, tuples[n], text(a.Theirs))
			require.Equal(t, where.True, truth, "%s, row %q: %s", expression, tuples[n], text(a.Theirs))
		}
	}
	t.Logf("%d values agree", values)
}

func text(s *string) string {
	if s == nil {
		return "NULL"
	}
	return *s
}

// momentRow is a row of literals, some of them NULL.
func momentRow(r *rand.Rand) []string {
	pick := func(all ...string) string {
		if r.IntN(12) == 0 {
			return "NULL"
		}
		return "'" + all[r.IntN(len(all))] + "'"
	}
	day := fmt.Sprintf("%04d-%02d-%02d", 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28))
	clock := fmt.Sprintf("%02d:%02d:%02d.%06d", r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1_000_000))
	zone := fmt.Sprintf("%+03d:%02d", r.IntN(27)-13, r.IntN(4)*15)
	span := fmt.Sprintf("%d mons %d days %d us", r.IntN(100)-50, r.IntN(100)-50, r.Int64N(1e12)-5e11)
	return []string{
		pick(day, day, day, "2024-02-29", "infinity", "-infinity", "0044-03-15 BC", "5874897-12-31", "294277-01-01", "2024-01-01"),
		pick(clock, clock, "24:00:00", "00:00:00", "12:00:00"),
		pick(clock+zone, clock+zone, "12:00:00+02", "10:00:00+00", "24:00:00-15:59:59"),
		pick(day+" "+clock, day+" "+clock, "2024-01-31 12:00:00", "infinity", "-infinity", "0001-12-31 23:59:59.999999 BC", "294276-12-31 23:59:59.999999", "2024-03-31 02:30:00", "2024-10-27 02:30:00"),
		pick(day+" "+clock+"+00", day+" "+clock+"+00", "2024-03-31 01:00:00+00", "2024-11-03 06:30:00+00", "infinity", "-infinity", "4714-11-24 00:00:00+00 BC"),
		pick(span, span, span, "1 mon", "30 days", "720:00:00", "0", "1 day", "-1 mon 30 days", "178000000 years", "2147483647 days", "02:00:00", "15 minutes"),
		pick(fmt.Sprint(r.IntN(4000)-1000), fmt.Sprint(r.IntN(4000)-1000), "0", "2147483647", "12"),
		pick(fmt.Sprint(r.Float64()*60), fmt.Sprint(r.NormFloat64()), "0", "1e300", "NaN", "0.1"),
		pick("Europe/Paris", "UTC", "day", "month", "1 day", "2024-01-31", "12:30", "2024-01-31 10:00:00 Europe/Paris", "P1Y2M", "nonsense", "epoch", "Jan 5 2024 3:04 PM"),
	}
}

// Postgres finds several operators for it and asks for a type.
func TestALiteralAddedToADateIsAnInterval(t *testing.T) {
	for clause, canonical := range map[string]string{
		"d + '1 day' > ts": `("d" + 'P1D'::interval) > "ts"`,
		"'1 mon' + d = ts": `('P1M'::interval + "d") = "ts"`,
	} {
		c, err := where.Compile(clause, nil, momentColumns())
		require.NoError(t, err)
		require.Equal(t, canonical, c.SQL())
	}
}

func TestTheTimestampAfterTheLastIsReadAsRoundingMakesIt(t *testing.T) {
	c, err := where.Compile("ts::text = '294277-01-01 00:00:00' AND tz > '294276-12-31'", nil, momentColumns())
	require.NoError(t, err)
	p, err := c.Bind([]string{"ts", "tz"})
	require.NoError(t, err)
	truth, err := p.Eval([][]byte{[]byte("294277-01-01 00:00:00"), []byte("294277-01-01 00:00:00+00")}, &where.Scratch{})
	require.NoError(t, err)
	require.Equal(t, where.True, truth)
	_, err = where.Compile("ts = '294277-01-01 00:00:00'", nil, momentColumns())
	require.Error(t, err)
}

func TestAConstantThatPostgresCannotReadStaysAnExpression(t *testing.T) {
	for _, clause := range []string{
		"tt = timezone(interval '1000 hours', timetz '12:00')", "tm = interval '-2562047788:00:54.775807'::time", "ts = timestamp(0) '294276-12-31 23:59:59.999999'",
	} {
		c, err := where.Compile(clause, nil, momentColumns())
		require.NoError(t, err, clause)
		again, err := where.Compile(c.SQL(), nil, momentColumns())
		require.NoError(t, err, c.SQL())
		require.Equal(t, c.SQL(), again.SQL())
	}
}

func TestTextsThatDependOnTheClockAreRejected(t *testing.T) {
	for _, clause := range []string{"d = 'now'", "ts > 'today'", "tz < 'yesterday'", "tm = 'now'", "ts = timestamp 'tomorrow'", "d = now()", "age(ts) > '1 day'", "tt = 'now'"} {
		_, err := where.Compile(clause, nil, momentColumns())
		require.Error(t, err, clause)
	}
}

func TestZonesThatDependOnTheServerAreRejected(t *testing.T) {
	for _, clause := range []string{
		"ts AT TIME ZONE 'PST' > tz", "tz AT TIME ZONE 'CET' > ts", "tz AT TIME ZONE 'Nowhere/Land' > ts", "date_trunc('day', tz, 'EST') = tz", "tt AT TIME ZONE 'Europe/Paris' = tt", "tt AT TIME ZONE t = tt",
		"tz = '2024-01-01 12:00 EST'", "date_trunc('nonsense', ts) = ts", "extract(nonsense from ts) = 1", "ts AT TIME ZONE 'FOO3BAR' > tz",
	} {
		_, err := where.Compile(clause, nil, momentColumns())
		require.Error(t, err, clause)
	}
}

func BenchmarkTimestampsInAZone(b *testing.B) {
	benchmarkMoments(b, "date_trunc('day', tz AT TIME ZONE 'Europe/Paris') = '2024-02-29'")
}

func BenchmarkIntervalsFromAMoment(b *testing.B) {
	benchmarkMoments(b, "ts + iv > '2024-02-29' AND extract(year from ts) = 2024")
}

func benchmarkMoments(b *testing.B, clause string) {
	c, err := where.Compile(clause, nil, momentColumns())
	require.NoError(b, err)
	p, err := c.Bind(append([]string{"wanted"}, momentNames()...))
	require.NoError(b, err)
	row := [][]byte{
		nil, []byte("2024-02-29"), []byte("12:34:56.789"), []byte("12:34:56.789+02"), []byte("2024-02-28 23:30:00"), []byte("2024-02-28 23:30:00+00"), []byte("P1M2DT3H"), []byte("5"), []byte("1.5"), []byte("day"),
	}
	scratch := &where.Scratch{}
	b.ReportAllocs()
	for b.Loop() {
		if truth, err := p.Eval(row, scratch); err != nil || truth != where.True {
			b.Fatal(truth, err)
		}
	}
}

// The fields of its type say what a number of an interval means that has no unit.
func TestTheFieldsOfAnIntervalAreTheUnitsOfItsNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"interval '5' hour":                     "PT5H",
		"interval '1' day":                      "P1D",
		"interval '7' year to month":            "P7M",
		"interval '7' year":                     "P7Y",
		"interval '1-2' year to month":          "P1Y2M",
		"interval '1 2:03' day to minute":       "P1DT2H3M",
		"interval '1:02' minute to second":      "PT1M2S",
		"interval '1:02' hour to second":        "PT1H2M",
		"interval '1 2' day to hour":            "P1DT2H",
		"interval '2.5' hour":                   "PT2H",
		"interval '1.56789' second(2)":          "PT1.57S",
		"interval '1 day 2.5 seconds' hour":     "P1D",
		"CAST('3 months' AS interval month)":    "P3M",
		"$1::interval minute":                   "PT9M",
		"interval 'P1DT2H3M' hour":              "P1DT2H",
		"interval '4 5:06:07.89' day to second": "P4DT5H6M7.89S",
	} {
		c, err := where.Compile("t = "+"("+text+")::text", map[string]string{"1": "9"}, columns())
		require.NoError(t, err, text)
		require.Equal(t, `"t" = '`+want+`'::text`, c.SQL(), text)
	}
}
