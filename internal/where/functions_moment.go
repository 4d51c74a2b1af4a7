package where

import "leyden/internal/where/moment"

// Functions of dates, times and intervals. The numbers are stored in compiled clauses.
const (
	fnDateAddDays      callID = groupMoment | 1
	fnDateSubDays      callID = groupMoment | 2
	fnDateSub          callID = groupMoment | 3
	fnDateAtTime       callID = groupMoment | 4
	fnDateAtTimetz     callID = groupMoment | 5
	fnAddInterval      callID = groupMoment | 6
	fnSubInterval      callID = groupMoment | 7
	fnSubMoment        callID = groupMoment | 8
	fnIntervalAdd      callID = groupMoment | 9
	fnIntervalSub      callID = groupMoment | 10
	fnIntervalNeg      callID = groupMoment | 11
	fnIntervalMul      callID = groupMoment | 12
	fnIntervalDiv      callID = groupMoment | 13
	fnAge              callID = groupMoment | 14
	fnJustifyDays      callID = groupMoment | 15
	fnJustifyHours     callID = groupMoment | 16
	fnJustifyInterval  callID = groupMoment | 17
	fnTimezone         callID = groupMoment | 18
	fnTimezoneInterval callID = groupMoment | 19
	fnDateTrunc        callID = groupMoment | 20
	fnDateTruncIn      callID = groupMoment | 21
	fnDatePart         callID = groupMoment | 22
	fnExtract          callID = groupMoment | 23
	fnIsFinite         callID = groupMoment | 24
	fnMakeDate         callID = groupMoment | 25
	fnMakeTime         callID = groupMoment | 26
	fnMakeTimestamp    callID = groupMoment | 27
	fnMakeInterval     callID = groupMoment | 28
	fnDateBin          callID = groupMoment | 29
	fnToTimestamp      callID = groupMoment | 30
)

// What depends on the time zone of a session in Postgres is immutable here: it is UTC, in the snapshot as in the stream.
func momentFunctions() []function {
	rows := []function{
		{fnDateAddDays, "+", asOperator, in(tDate, tInt4), tDate, strict},
		{fnDateAddDays, "+", asOperator, in(tInt4, tDate), tDate, strict},
		{fnDateSubDays, "-", asOperator, in(tDate, tInt4), tDate, strict},
		{fnDateSub, "-", asOperator, in(tDate, tDate), tInt4, strict},
		{fnDateAtTime, "+", asOperator, in(tDate, tTime), tTimestamp, strict},
		{fnDateAtTime, "+", asOperator, in(tTime, tDate), tTimestamp, strict},
		{fnDateAtTimetz, "+", asOperator, in(tDate, tTimetz), tTimestamptz, strict},
		{fnDateAtTimetz, "+", asOperator, in(tTimetz, tDate), tTimestamptz, strict},
		{fnDateAtTime, "timestamp", asFunction, in(tDate, tTime), tTimestamp, strict},
		{fnDateAtTime, "timestamptz", asFunction, in(tDate, tTime), tTimestamptz, strict},
		{fnDateAtTimetz, "timestamptz", asFunction, in(tDate, tTimetz), tTimestamptz, strict},

		{fnSubMoment, "-", asOperator, in(tTime, tTime), tInterval, strict},
		{fnSubMoment, "-", asOperator, in(tTimestamp, tTimestamp), tInterval, strict},
		{fnSubMoment, "-", asOperator, in(tTimestamptz, tTimestamptz), tInterval, strict},
		{fnAge, "age", asFunction, in(tTimestamp, tTimestamp), tInterval, strict},
		{fnAge, "age", asFunction, in(tTimestamptz, tTimestamptz), tInterval, strict},

		{fnIntervalAdd, "+", asOperator, in(tInterval, tInterval), tInterval, strict},
		{fnIntervalSub, "-", asOperator, in(tInterval, tInterval), tInterval, strict},
		{fnIntervalNeg, "-", asPrefix, in(tInterval), tInterval, strict},
		{fnIntervalMul, "*", asOperator, in(tInterval, tFloat8), tInterval, strict},
		{fnIntervalMul, "*", asOperator, in(tFloat8, tInterval), tInterval, strict},
		{fnIntervalDiv, "/", asOperator, in(tInterval, tFloat8), tInterval, strict},
		{fnJustifyDays, "justify_days", asFunction, in(tInterval), tInterval, strict},
		{fnJustifyHours, "justify_hours", asFunction, in(tInterval), tInterval, strict},
		{fnJustifyInterval, "justify_interval", asFunction, in(tInterval), tInterval, strict},

		{fnTimezone, "timezone", asFunction, in(tText, tTimestamp), tTimestamptz, strict},
		{fnTimezone, "timezone", asFunction, in(tText, tTimestamptz), tTimestamp, strict},
		{fnTimezone, "timezone", asFunction, in(tText, tTimetz), tTimetz, strict},
		{fnTimezoneInterval, "timezone", asFunction, in(tInterval, tTimestamp), tTimestamptz, strict},
		{fnTimezoneInterval, "timezone", asFunction, in(tInterval, tTimestamptz), tTimestamp, strict},
		{fnTimezoneInterval, "timezone", asFunction, in(tInterval, tTimetz), tTimetz, strict},

		{fnDateTrunc, "date_trunc", asFunction, in(tText, tTimestamp), tTimestamp, strict},
		{fnDateTrunc, "date_trunc", asFunction, in(tText, tTimestamptz), tTimestamptz, strict},
		{fnDateTrunc, "date_trunc", asFunction, in(tText, tInterval), tInterval, strict},
		{fnDateTruncIn, "date_trunc", asFunction, in(tText, tTimestamptz, tText), tTimestamptz, strict},
		{fnDateBin, "date_bin", asFunction, in(tInterval, tTimestamp, tTimestamp), tTimestamp, strict},
		{fnDateBin, "date_bin", asFunction, in(tInterval, tTimestamptz, tTimestamptz), tTimestamptz, strict},

		{fnMakeDate, "make_date", asFunction, in(tInt4, tInt4, tInt4), tDate, strict},
		{fnMakeTime, "make_time", asFunction, in(tInt4, tInt4, tFloat8), tTime, strict},
		{fnMakeTimestamp, "make_timestamp", asFunction, in(tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8), tTimestamp, strict},
		{fnToTimestamp, "to_timestamp", asFunction, in(tFloat8), tTimestamptz, strict},
	}
	for _, t := range []typeID{tDate, tTime, tTimetz, tTimestamp, tTimestamptz} {
		sum := t
		if t == tDate {
			sum = tTimestamp
		}
		rows = append(rows,
			function{fnAddInterval, "+", asOperator, in(t, tInterval), sum, strict},
			function{fnAddInterval, "+", asOperator, in(tInterval, t), sum, strict},
			function{fnSubInterval, "-", asOperator, in(t, tInterval), sum, strict})
	}
	for _, t := range []typeID{tDate, tTime, tTimetz, tTimestamp, tTimestamptz, tInterval} {
		rows = append(rows,
			function{fnDatePart, "date_part", asFunction, in(tText, t), tFloat8, strict},
			function{fnExtract, "extract", asFunction, in(tText, t), tNumeric, strict})
	}
	for _, t := range []typeID{tDate, tTimestamp, tTimestamptz, tInterval} {
		rows = append(rows, function{fnIsFinite, "isfinite", asFunction, in(t), tBool, strict})
	}
	// With seconds the result depends on the machine where they do not fit.
	parts := in(tInt4, tInt4, tInt4, tInt4, tInt4, tInt4)
	for n := range len(parts) + 1 {
		rows = append(rows, function{fnMakeInterval, "make_interval", asFunction, parts[:n], tInterval, strict})
	}
	return rows
}

// checkMoment rejects calls whose constants no row can make right: a name of a zone or of a unit that is none here.
func (a *analyzer) checkMoment(f *function, args []*node, loc int32) error {
	zone := -1 // where the name of a zone is
	switch f.id {
	case fnTimezone:
		zone = 0
	case fnDateTrunc, fnDatePart, fnExtract, fnDateTruncIn:
		if f.id == fnDateTruncIn {
			zone = 2
		}
		if unit := args[0]; unit.op == opConst {
			if _, err := moment.FindUnit(unit.val.b); err != nil {
				return a.errorf(loc, "unit %q is not recognized by %s", unit.val.b, f.name)
			}
		}
	}
	if zone < 0 {
		return nil
	}
	ofClock := args[1].typ.id == tTimetz
	if args[zone].op != opConst {
		if ofClock && args[zone].op != opNull {
			return a.errorf(loc, "the time zone of a timetz must be a constant")
		}
		return nil
	}
	z, err := (*moment.Zones)(nil).Find(args[zone].val.b)
	if err != nil {
		return a.errorf(loc, "time zone %q is not recognized; abbreviations depend on the settings of the server", args[zone].val.b)
	}
	if _, err := (moment.TimeTZ{}).ToZone(z); ofClock && err != nil {
		return a.errorf(loc, "a timetz in the time zone %q depends on the day", args[zone].val.b)
	}
	return nil
}

// dateAndLiteral takes an untyped literal that is added to a date for an interval, where Postgres asks for its type.
func dateAndLiteral(all []*function, types []typ) int {
	date, interval := typ{id: tDate}, typ{id: tInterval}
	switch {
	case len(types) != 2:
		return -1
	case types[0] == date && types[1].isUnknown():
		return exact(all, []typ{date, interval})
	case types[1] == date && types[0].isUnknown():
		return exact(all, []typ{interval, date})
	}
	return -1
}
