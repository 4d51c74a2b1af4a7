package moment

import "encoding/binary"

// Add is t + i.
func (t TimeTZ) Add(i Interval) TimeTZ { return TimeTZ{t.Time.Add(i), t.West} }

// SubInterval is t - i.
func (t TimeTZ) SubInterval(i Interval) TimeTZ { return TimeTZ{t.Time.SubInterval(i), t.West} }

// utc is the time in Greenwich, which may be on the day before or after.
func (t TimeTZ) utc() int64 { return int64(t.Time) + int64(t.West)*usPerSecond }

// Compare orders by the time in Greenwich, then from east to west.
func (t TimeTZ) Compare(u TimeTZ) int {
	if c := order(t.utc(), u.utc()); c != 0 {
		return c
	}
	return order(int64(t.West), int64(u.West))
}

// Key is the same for equal times and for no others, and is ordered as they are.
func (t TimeTZ) Key() [12]byte {
	var b [12]byte
	binary.BigEndian.PutUint64(b[0:], uint64(t.utc())^1<<63)
	binary.BigEndian.PutUint32(b[8:], uint32(t.West)^1<<31)
	return b
}

// ToZone is timezone(zone, timetz) for a zone with one offset. Others depend on the day, which is the clock's.
func (t TimeTZ) ToZone(z Zone) (TimeTZ, error) {
	west, ok := z.constant()
	if !ok {
		return TimeTZ{}, ErrClock
	}
	return TimeTZ{wrapClock(t.utc() - west*usPerSecond), int32(west)}, nil
}

// ToOffset is timezone(interval, timetz).
func (t TimeTZ) ToOffset(east Interval) (TimeTZ, error) {
	if east.Months != 0 || east.Days != 0 {
		return TimeTZ{}, ErrRange
	}
	west := -int32(east.Micros / usPerSecond)
	return TimeTZ{wrapClock(t.utc() - int64(west)*usPerSecond), west}, nil
}

// Bytes is the time in 12 bytes, big endian: microseconds of the day, seconds west of Greenwich.
func (t TimeTZ) Bytes() [12]byte {
	var b [12]byte
	binary.BigEndian.PutUint64(b[0:], uint64(t.Time))
	binary.BigEndian.PutUint32(b[8:], uint32(t.West))
	return b
}

// TimeTZOf is the inverse of Bytes.
func TimeTZOf(b []byte) TimeTZ {
	return TimeTZ{Time(binary.BigEndian.Uint64(b[0:])), int32(binary.BigEndian.Uint32(b[8:]))}
}

// Valid reports whether t is a time of a day. Its zone can be anywhere.
func (t TimeTZ) Valid() bool { return t.Time >= 0 && t.Time <= usPerDay }

// Readable reports whether the text of t is read as t: an offset has less than 16 hours.
func (t TimeTZ) Readable() bool { return t.Time.Readable() && t.West > -16*3600 && t.West < 16*3600 }

// Readable reports whether the text of t is read as t.
func (t Time) Readable() bool { return t >= 0 && t <= usPerDay }

// Readable reports whether the text of t is read as t.
func (t Timestamp) Readable() bool { return !t.Finite() || t.valid() }
