package where

import (
	"encoding/binary"
	"math"
)

// value reads a constant of a type and checks that it is one.
func (d *decoder) value(id typeID, v *value) bool {
	if !id.known() {
		return false
	}
	switch id.rep() {
	case repInt:
		u := uint64(0)
		for shift := 0; ; shift += 7 {
			c := d.byte()
			if d.i < 0 || shift > 63 || shift == 63 && c > 1 {
				return false
			}
			u |= uint64(c&0x7f) << shift
			if c < 0x80 {
				break
			}
		}
		v.i = int64(u>>1) ^ -int64(u&1)
		if !fits(id, v.i) {
			return false
		}
	case repFloat:
		if d.i < 0 || len(d.b)-d.i < 8 {
			return false
		}
		v.f = math.Float64frombits(binary.LittleEndian.Uint64([]byte(d.b[d.i : d.i+8])))
		d.i += 8
		if id == tFloat4 && v.f == v.f && float64(float32(v.f)) != v.f {
			return false
		}
	case repBytes:
		v.b = []byte(d.text())
		return d.i >= 0 && validBytes(id, v.b)
	default:
		return false
	}
	return d.i >= 0
}

// fits reports whether the type has the integer that holds one of its values.
func fits(id typeID, i int64) bool {
	switch id {
	case tBool:
		return i == 0 || i == 1
	case tInt2:
		return i == int64(int16(i))
	case tInt4:
		return i == int64(int32(i))
	}
	return true
}

// validBytes reports whether b is how a value of the type is held.
func validBytes(id typeID, b []byte) bool {
	if id.isArray() {
		return validArray(id, b)
	}
	switch id {
	case tNumeric:
		_, ok := viewDecimal(b)
		return ok
	case tTimetz, tInterval:
		return validMoment(id, b)
	case tJSON, tJSONB:
		return validJSON(id, b)
	case tChar:
		return len(b) <= 1
	}
	return true
}
