package moment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where/moment"
)

// What is read is printed so that it is read as the same value.
func FuzzReadAndPrint(f *testing.F) {
	for _, text := range edgeInputs {
		f.Add(text)
	}
	zones := new(moment.Zones)
	f.Fuzz(func(t *testing.T, text string) {
		b := []byte(text)
		if d, err := moment.ParseDate(b, zones); err == nil {
			back, err := moment.ParseDate(moment.AppendDate(nil, d), zones)
			require.NoError(t, err)
			require.Equal(t, d, back)
		}
		if ts, err := moment.ParseTimestamp(b, zones); err == nil {
			back, err := moment.ParseTimestamp(moment.AppendTimestamp(nil, ts), zones)
			require.NoError(t, err)
			require.Equal(t, ts, back)
		}
		if ts, err := moment.ParseTimestampTZ(b, zones); err == nil {
			back, err := moment.ParseTimestampTZ(moment.AppendTimestampTZ(nil, ts), zones)
			require.NoError(t, err)
			require.Equal(t, ts, back)
		}
		if i, err := moment.ParseInterval(b); err == nil {
			back, err := moment.ParseInterval(moment.AppendInterval(nil, i))
			require.NoError(t, err)
			require.Equal(t, i, back)
		}
		if tm, err := moment.ParseTime(b, zones); err == nil {
			back, err := moment.ParseTime(moment.AppendTime(nil, tm), zones)
			require.NoError(t, err)
			require.Equal(t, tm, back)
		}
		// The zone of a time may be farther from Greenwich than the offsets that are read.
		if tz, err := moment.ParseTimeTZ(b, zones); err == nil && tz.West > -16*3600 && tz.West < 16*3600 {
			back, err := moment.ParseTimeTZ(moment.AppendTimeTZ(nil, tz), zones)
			require.NoError(t, err)
			require.Equal(t, tz, back)
		}
	})
}

// A text from a zone or a unit is looked up or refused.
func FuzzNames(f *testing.F) {
	f.Add("Europe/Paris")
	f.Add("<+03>-3:30:15")
	f.Add("millisecondsx")
	zones := new(moment.Zones)
	f.Fuzz(func(t *testing.T, text string) {
		ts := moment.Timestamp(762_525_296_789_012)
		if z, err := zones.Find([]byte(text)); err == nil {
			_, err = ts.ToZone(z)
			require.NoError(t, err)
		}
		if u, err := moment.FindUnit([]byte(text)); err == nil {
			_, _ = ts.Trunc(u)
			_, _ = ts.Extract(u)
		}
	})
}
