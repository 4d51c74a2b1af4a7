package where

import "leyden/internal/where/moment"

// The texts of columns. They are read without a memory for zones, which they do not name.

func inputDate(text []byte) (int64, error) {
	d, err := moment.ParseDate(text, nil)
	return int64(d), err
}

func inputTime(text []byte) (int64, error) {
	t, err := moment.ParseTime(text, nil)
	return int64(t), err
}

func inputTimestamp(text []byte, zoned bool) (int64, error) {
	if zoned {
		t, err := moment.ParseTimestampTZ(text, nil)
		return int64(t), err
	}
	t, err := moment.ParseTimestamp(text, nil)
	return int64(t), err
}

// columnTimestamp reads what the stream has for a column. Rounding to a column's precision makes of the last microsecond what is
// printed, though nobody can write it.
func columnTimestamp(text []byte, zoned bool) (int64, error) {
	t, err := inputTimestamp(text, zoned)
	if err == moment.ErrRange {
		switch string(text) {
		case "294277-01-01 00:00:00", "294277-01-01 00:00:00+00":
			return int64(moment.AfterLast), nil
		}
	}
	return t, err
}

func appendDate(dst []byte, days int64) []byte { return moment.AppendDate(dst, moment.Date(days)) }

func appendTime(dst []byte, t int64) []byte { return moment.AppendTime(dst, moment.Time(t)) }

func appendTimestamp(dst []byte, t int64, zoned bool) []byte {
	if zoned {
		return moment.AppendTimestampTZ(dst, moment.Timestamp(t))
	}
	return moment.AppendTimestamp(dst, moment.Timestamp(t))
}
