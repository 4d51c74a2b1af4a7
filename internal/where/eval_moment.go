package where

import "leyden/internal/where/moment"

func (m *machine) callMoment(c *call, out *value) error {
	switch c.id {
	case fnDateAddDays, fnDateSubDays, fnDateSub, fnDateAtTime, fnDateAtTimetz, fnAddInterval, fnSubInterval, fnSubMoment, fnAge:
		return m.momentSum(c, out)
	case fnIntervalAdd, fnIntervalSub, fnIntervalNeg, fnIntervalMul, fnIntervalDiv, fnJustifyDays, fnJustifyHours, fnJustifyInterval:
		return m.intervalSum(c, out)
	case fnTimezone, fnTimezoneInterval:
		return m.timezone(c, out)
	case fnDateTrunc, fnDateTruncIn, fnDateBin:
		return m.truncate(c, out)
	case fnDatePart, fnExtract:
		return m.extract(c, out)
	case fnIsFinite:
		out.setBool(c.types[0] == tInterval || finiteMoment(c.args[0].i))
		return nil
	}
	return m.makeMoment(c, out)
}

// momentSum adds and subtracts moments and what lies between them.
func (m *machine) momentSum(c *call, out *value) error {
	left, right, t := &c.args[0], &c.args[1], c.types[0]
	switch c.id {
	case fnAddInterval:
		if t == tInterval {
			left, right, t = right, left, c.types[1]
		}
		return m.shift(t, left, intervalOf(right), 1, out)
	case fnSubInterval:
		return m.shift(t, left, intervalOf(right), -1, out)
	case fnDateAddDays, fnDateAtTime, fnDateAtTimetz:
		if t != tDate {
			left, right = right, left
		}
	}
	switch c.id {
	case fnDateAddDays:
		d, err := moment.Date(left.i).AddDays(int32(right.i))
		return out.setInt(int64(d), err)
	case fnDateSubDays:
		d, err := moment.Date(left.i).SubDays(int32(right.i))
		return out.setInt(int64(d), err)
	case fnDateSub:
		n, err := moment.Date(left.i).Sub(moment.Date(right.i))
		return out.setInt(int64(n), err)
	case fnDateAtTime:
		ts, err := moment.Date(left.i).At(moment.Time(right.i))
		return out.setInt(int64(ts), err)
	case fnDateAtTimetz:
		ts, err := moment.Date(left.i).AtTZ(moment.TimeTZOf(right.b))
		return out.setInt(int64(ts), err)
	case fnAge:
		i, err := moment.Timestamp(left.i).Age(moment.Timestamp(right.i))
		return m.setInterval(out, i, err)
	}
	if t == tTime {
		return m.setInterval(out, moment.Time(left.i).Sub(moment.Time(right.i)), nil)
	}
	i, err := moment.Timestamp(left.i).Sub(moment.Timestamp(right.i))
	return m.setInterval(out, i, err)
}

// shift adds an interval, or subtracts it when sign is negative.
func (m *machine) shift(t typeID, v *value, by moment.Interval, sign int, out *value) error {
	switch t {
	case tTime:
		if sign < 0 {
			return out.setInt(int64(moment.Time(v.i).SubInterval(by)), nil)
		}
		return out.setInt(int64(moment.Time(v.i).Add(by)), nil)
	case tTimetz:
		if sign < 0 {
			return m.setTimetz(out, moment.TimeTZOf(v.b).SubInterval(by), nil)
		}
		return m.setTimetz(out, moment.TimeTZOf(v.b).Add(by), nil)
	}
	ts, err := moment.Timestamp(v.i), error(nil)
	if t == tDate {
		if ts, err = moment.Date(v.i).Timestamp(); err != nil {
			return err
		}
	}
	if sign < 0 {
		ts, err = ts.SubInterval(by)
	} else {
		ts, err = ts.Add(by)
	}
	return out.setInt(int64(ts), err)
}

func (m *machine) intervalSum(c *call, out *value) error {
	left, factor := &c.args[0], 0.0
	switch c.id {
	case fnIntervalMul, fnIntervalDiv:
		factor = c.args[1].f
		if c.types[0] == tFloat8 {
			left, factor = &c.args[1], c.args[0].f
		}
	}
	i, err := intervalOf(left), error(nil)
	switch c.id {
	case fnIntervalAdd:
		i, err = i.Add(intervalOf(&c.args[1]))
	case fnIntervalSub:
		i, err = i.Sub(intervalOf(&c.args[1]))
	case fnIntervalNeg:
		i, err = i.Neg()
	case fnIntervalMul:
		i, err = i.Mul(factor)
	case fnIntervalDiv:
		i, err = i.Div(factor)
	case fnJustifyDays:
		i, err = i.JustifyDays()
	case fnJustifyHours:
		i, err = i.JustifyHours()
	default:
		i, err = i.JustifyInterval()
	}
	return m.setInterval(out, i, err)
}

// timezone reads a clock of one zone in another. Infinity has no clock, whatever the zone.
func (m *machine) timezone(c *call, out *value) error {
	zone, v, t := &c.args[0], &c.args[1], c.types[1]
	if t != tTimetz && !finiteMoment(v.i) {
		return out.setInt(v.i, nil)
	}
	ts := moment.Timestamp(v.i)
	var err error
	if c.id == fnTimezoneInterval {
		switch east := intervalOf(zone); t {
		case tTimetz:
			clock, err := moment.TimeTZOf(v.b).ToOffset(east)
			return m.setTimetz(out, clock, err)
		case tTimestamp:
			ts, err = ts.FromOffset(east)
		default:
			ts, err = ts.ToOffset(east)
		}
		return out.setInt(int64(ts), err)
	}
	z, err := m.zone(zone)
	if err != nil {
		return err
	}
	switch t {
	case tTimetz:
		clock, err := moment.TimeTZOf(v.b).ToZone(z)
		return m.setTimetz(out, clock, err)
	case tTimestamp:
		ts, err = ts.FromZone(z)
	default:
		ts, err = ts.ToZone(z)
	}
	return out.setInt(int64(ts), err)
}

// zone finds a zone by its name, and keeps the name out of the error.
func (m *machine) zone(name *value) (moment.Zone, error) {
	z, err := m.s.zones().Find(name.b)
	if err != nil {
		return z, moment.ErrZone
	}
	return z, nil
}

func (m *machine) truncate(c *call, out *value) error {
	if c.id == fnDateBin {
		ts, err := moment.Timestamp(c.args[1].i).Bin(intervalOf(&c.args[0]), moment.Timestamp(c.args[2].i))
		return out.setInt(int64(ts), err)
	}
	v := &c.args[1]
	if c.types[1] != tInterval && !finiteMoment(v.i) {
		return out.setInt(v.i, nil) // whatever the unit
	}
	u, err := moment.FindUnit(c.args[0].b)
	if err != nil {
		return err
	}
	if c.types[1] == tInterval {
		i, err := intervalOf(v).Trunc(u)
		return m.setInterval(out, i, err)
	}
	ts := moment.Timestamp(v.i)
	if c.id == fnDateTruncIn {
		z, err := m.zone(&c.args[2])
		if err != nil {
			return err
		}
		ts, err = ts.TruncIn(u, z)
		return out.setInt(int64(ts), err)
	}
	ts, err = ts.Trunc(u)
	return out.setInt(int64(ts), err)
}

func (m *machine) extract(c *call, out *value) error {
	u, err := moment.FindUnit(c.args[0].b)
	if err != nil {
		return err
	}
	var part moment.Part
	switch v := &c.args[1]; c.types[1] {
	case tDate:
		if c.id == fnExtract {
			part, err = moment.Date(v.i).Extract(u)
			break
		}
		ts, outside := moment.Date(v.i).Timestamp()
		if outside != nil {
			return outside
		}
		part, err = ts.Extract(u)
	case tTime:
		part, err = moment.Time(v.i).Extract(u)
	case tTimetz:
		part, err = moment.TimeTZOf(v.b).Extract(u)
	case tTimestamp:
		part, err = moment.Timestamp(v.i).Extract(u)
	case tTimestamptz:
		part, err = moment.Timestamp(v.i).ExtractTZ(u)
	default:
		part, err = intervalOf(v).Extract(u)
	}
	if out.null = err == nil && part.Null(); err != nil || out.null {
		return err
	}
	if c.id == fnDatePart {
		out.f = part.Float()
		return nil
	}
	start := len(m.s.buf)
	m.s.buf = part.AppendNumeric(m.s.buf)
	out.b = m.s.buf[start:len(m.s.buf):len(m.s.buf)]
	return nil
}

// makeMoment puts a moment together out of numbers.
func (m *machine) makeMoment(c *call, out *value) error {
	var n [6]int32
	seconds := 0.0
	for i := range c.args {
		if c.types[i] == tFloat8 {
			seconds = c.args[i].f
		} else {
			n[i] = int32(c.args[i].i)
		}
	}
	switch c.id {
	case fnMakeDate:
		d, err := moment.MakeDate(n[0], n[1], n[2])
		return out.setInt(int64(d), err)
	case fnMakeTime:
		t, err := moment.MakeTime(n[0], n[1], seconds)
		return out.setInt(int64(t), err)
	case fnMakeTimestamp:
		ts, err := moment.MakeTimestamp(n[0], n[1], n[2], n[3], n[4], seconds)
		return out.setInt(int64(ts), err)
	case fnMakeInterval:
		i, err := moment.MakeInterval(n[0], n[1], n[2], n[3], n[4], n[5], 0)
		return m.setInterval(out, i, err)
	case fnToTimestamp:
		ts, err := moment.FromUnix(seconds)
		return out.setInt(int64(ts), err)
	}
	return ErrCorrupt
}

func (v *value) setInt(n int64, err error) error {
	v.i = n
	return err
}
