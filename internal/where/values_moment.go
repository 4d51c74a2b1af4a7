package where

import (
	"cmp"
	"encoding/binary"
	"math/bits"
)

const (
	intervalSize = 16
	timetzSize   = 12
)

// compareTimetz orders by the moment, then by the zone.
func compareTimetz(a, b []byte) int {
	ta, za := int64(binary.BigEndian.Uint64(a)), int32(binary.BigEndian.Uint32(a[8:]))
	tb, zb := int64(binary.BigEndian.Uint64(b)), int32(binary.BigEndian.Uint32(b[8:]))
	if c := cmp.Compare(ta+int64(za)*usPerSecond, tb+int64(zb)*usPerSecond); c != 0 {
		return c
	}
	return cmp.Compare(za, zb)
}

// compareIntervals orders by the length, where a month has 30 days and a day 24 hours.
func compareIntervals(a, b []byte) int {
	ah, al := intervalLength(a)
	bh, bl := intervalLength(b)
	if c := cmp.Compare(ah, bh); c != 0 {
		return c
	}
	return cmp.Compare(al, bl)
}

// intervalLength is the length in microseconds, which takes 128 bits.
func intervalLength(b []byte) (high int64, low uint64) {
	months, days := int64(int32(binary.BigEndian.Uint32(b))), int64(int32(binary.BigEndian.Uint32(b[4:])))
	us := int64(binary.BigEndian.Uint64(b[8:]))
	days += months * 30
	h, l := bits.Mul64(uint64(days), usPerDay)
	if days < 0 {
		h -= usPerDay
	}
	l, carry := bits.Add64(l, uint64(us), 0)
	h += uint64(us>>63) + carry
	return int64(h), l
}

// inputMoment is the input function of interval and timetz.
func (m *machine) inputMoment(to typeID, out *value) error { return errUnsupported }

// momentColumn reads the text that the stream has for a column.
func (m *machine) momentColumn(id typeID, text []byte, out *value) error { return errUnsupported }

// appendMoment is the output function of interval, IntervalStyle iso_8601, and timetz.
func appendMoment(dst []byte, from typeID, v *value) []byte { return append(dst, v.b...) }

func validMoment(id typeID, b []byte) bool {
	if id == tInterval {
		return len(b) == intervalSize
	}
	return len(b) == timetzSize
}
