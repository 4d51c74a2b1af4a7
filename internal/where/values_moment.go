package where

import (
	"errors"

	"leyden/internal/where/moment"
)

const (
	intervalSize = 16
	timetzSize   = 12
)

func intervalOf(v *value) moment.Interval { return moment.IntervalOf(v.b) }

func (m *machine) setInterval(out *value, i moment.Interval, err error) error {
	if err != nil {
		return err
	}
	b := i.Bytes()
	m.keep(out, b[:])
	return nil
}

func (m *machine) setTimetz(out *value, t moment.TimeTZ, err error) error {
	if err != nil {
		return err
	}
	b := t.Bytes()
	m.keep(out, b[:])
	return nil
}

// keep copies bytes into the scratch memory and makes them the value.
func (m *machine) keep(out *value, b []byte) {
	start := len(m.s.buf)
	m.s.buf = append(m.s.buf, b...)
	out.b = m.s.buf[start:len(m.s.buf):len(m.s.buf)]
}

func compareTimetz(a, b []byte) int { return moment.TimeTZOf(a).Compare(moment.TimeTZOf(b)) }

func compareIntervals(a, b []byte) int { return moment.IntervalOf(a).Compare(moment.IntervalOf(b)) }

// zones are the time zones that evaluations with this memory have come to.
func (s *Scratch) zones() *moment.Zones {
	if s.known == nil {
		s.known = new(moment.Zones)
	}
	return s.known
}

// inputMoment is the input function of dates, times and intervals.
func (m *machine) inputMoment(to typeID, out *value) (err error) {
	switch to {
	case tDate:
		var d moment.Date
		d, err = moment.ParseDate(out.b, m.s.zones())
		out.i = int64(d)
	case tTime:
		var t moment.Time
		t, err = moment.ParseTime(out.b, m.s.zones())
		out.i = int64(t)
	case tTimestamp:
		var t moment.Timestamp
		t, err = moment.ParseTimestamp(out.b, m.s.zones())
		out.i = int64(t)
	case tTimestamptz:
		var t moment.Timestamp
		t, err = moment.ParseTimestampTZ(out.b, m.s.zones())
		out.i = int64(t)
	case tTimetz:
		var t moment.TimeTZ
		t, err = moment.ParseTimeTZ(out.b, m.s.zones())
		err = m.setTimetz(out, t, err)
	default:
		var i moment.Interval
		i, err = moment.ParseInterval(out.b)
		err = m.setInterval(out, i, err)
	}
	if errors.Is(err, moment.ErrZone) {
		return moment.ErrZone // without the name: errors are logged
	}
	return err
}

// inputIntervalOf reads an interval for a type of certain fields.
func inputIntervalOf(text []byte, fields int) ([]byte, error) {
	i, err := moment.ParseIntervalOf(text, fields)
	b := i.Bytes()
	return b[:], err
}

// momentColumn reads the text that the stream has for a column.
func (m *machine) momentColumn(id typeID, text []byte, out *value) error {
	out.b = text
	return m.inputMoment(id, out)
}

// appendMoment is the output function of interval, IntervalStyle iso_8601, and timetz.
func appendMoment(dst []byte, from typeID, v *value) []byte {
	if from == tInterval {
		return moment.AppendInterval(dst, intervalOf(v))
	}
	return moment.AppendTimeTZ(dst, moment.TimeTZOf(v.b))
}

// validMoment reports whether b can be a value: whatever an interval has is one.
func validMoment(id typeID, b []byte) bool {
	if id == tInterval {
		return len(b) == intervalSize
	}
	return len(b) == timetzSize && moment.TimeTZOf(b).Valid()
}

// readable reports whether the text of a value is read as the value. Some functions of Postgres yield more than it can read.
func readable(id typeID, v *value) bool {
	switch {
	case v.null:
		return true
	case id == tTime:
		return moment.Time(v.i).Readable()
	case id == tTimetz:
		return moment.TimeTZOf(v.b).Readable()
	case id == tTimestamp || id == tTimestamptz:
		return moment.Timestamp(v.i).Readable()
	}
	return true
}
