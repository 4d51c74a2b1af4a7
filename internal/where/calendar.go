package where

import "leyden/internal/where/moment"

func finiteMoment(v int64) bool { return moment.Timestamp(v).Finite() }

// beyondTimestamps reports whether a date is finite and after every timestamp.
func beyondTimestamps(days int64) bool {
	_, err := moment.Date(days).Timestamp()
	return err != nil
}

// dateToTimestamp is the cast; lift makes what is out of range greater than all finite timestamps in place of an error.
func dateToTimestamp(days int64, lift bool) (int64, error) {
	if lift {
		return int64(moment.Date(days).Comparable()), nil
	}
	t, err := moment.Date(days).Timestamp()
	return int64(t), err
}

func timestampToDate(t int64) int64 { return int64(moment.Timestamp(t).Date()) }

// timestampToTime is not ok for the infinite ones.
func timestampToTime(t int64) (clock int64, ok bool) {
	c, ok := moment.Timestamp(t).Time()
	return int64(c), ok
}
