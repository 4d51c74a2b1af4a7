package where

import (
	"encoding/binary"
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"

	numeric "leyden/internal/where/decimal"
)

// A type modifier is kept as Postgres keeps it in pg_attribute.atttypmod.
const (
	noTypmod = -1

	numericOverhead    = 4
	maxNumericDigitsOf = 1000 // of a declared precision or scale
	maxTimePrecision   = 6

	intervalAllFields    = 0x7fff
	intervalAnyPrecision = 0xffff
)

// The fields of an interval's modifier, as bits.
const (
	fieldMonth  = 1 << 1
	fieldYear   = 1 << 2
	fieldDay    = 1 << 3
	fieldHour   = 1 << 10
	fieldMinute = 1 << 11
	fieldSecond = 1 << 12
)

// hasTypmod reports whether castTypmod applies to a type.
func hasTypmod(id typeID) bool {
	switch id {
	case tNumeric, tTime, tTimetz, tTimestamp, tTimestamptz, tInterval:
		return true
	}
	return false
}

// typmod reads the numbers behind the name of a type.
func (a *analyzer) typmod(id typeID, t *pg.TypeName) (int, error) {
	name := id.info().name
	numbers := make([]int, len(t.GetTypmods()))
	for i, n := range t.GetTypmods() {
		c := n.GetAConst()
		if c == nil || c.GetIval() == nil {
			return noTypmod, a.errorf(t.GetLocation(), "type modifiers must be simple constants")
		}
		numbers[i] = int(c.GetIval().GetIval())
	}
	mod, ok := makeTypmod(id, numbers)
	if !ok {
		return noTypmod, a.errorf(t.GetLocation(), "invalid modifier of type %s", name)
	}
	return mod, nil
}

func makeTypmod(id typeID, n []int) (int, bool) {
	switch id {
	case tVarchar, tBpchar:
		return n[0], len(n) == 1 && n[0] >= 1 && n[0] <= maxChars
	case tNumeric:
		if len(n) == 1 {
			n = append(n, 0)
		}
		if len(n) != 2 || n[0] < 1 || n[0] > maxNumericDigitsOf || n[1] < -maxNumericDigitsOf || n[1] > maxNumericDigitsOf {
			return noTypmod, false
		}
		return (n[0]<<16 | n[1]&0x7ff) + numericOverhead, true
	case tTime, tTimetz, tTimestamp, tTimestamptz:
		if len(n) != 1 || n[0] < 0 {
			return noTypmod, false
		}
		return min(n[0], maxTimePrecision), true
	case tInterval:
		if len(n) == 1 {
			n = append(n, intervalAnyPrecision)
		}
		if len(n) != 2 || n[1] < 0 || intervalFields(n[0]) == "-" {
			return noTypmod, false
		}
		if n[1] != intervalAnyPrecision {
			n[1] = min(n[1], maxTimePrecision)
		}
		return n[0]<<16 | n[1], true
	}
	return noTypmod, false
}

// validTypmod reports whether a stored modifier is one that makeTypmod gives.
func validTypmod(id typeID, mod int) bool {
	switch id {
	case tNumeric:
		p, s := numericTypmod(mod)
		again, ok := makeTypmod(id, []int{p, s})
		return ok && again == mod
	case tInterval:
		again, ok := makeTypmod(id, []int{mod >> 16, mod & 0xffff})
		return ok && again == mod
	}
	again, ok := makeTypmod(id, []int{mod})
	return ok && again == mod
}

func numericTypmod(mod int) (precision, scale int) {
	mod -= numericOverhead
	return mod >> 16 & 0xffff, (mod&0x7ff ^ 0x400) - 0x400
}

// intervalFields names a set of fields as SQL does, "" for all and "-" for what is none.
func intervalFields(set int) string {
	switch set {
	case intervalAllFields:
		return ""
	case fieldYear:
		return "year"
	case fieldMonth:
		return "month"
	case fieldDay:
		return "day"
	case fieldHour:
		return "hour"
	case fieldMinute:
		return "minute"
	case fieldSecond:
		return "second"
	case fieldYear | fieldMonth:
		return "year to month"
	case fieldDay | fieldHour:
		return "day to hour"
	case fieldDay | fieldHour | fieldMinute:
		return "day to minute"
	case fieldDay | fieldHour | fieldMinute | fieldSecond:
		return "day to second"
	case fieldHour | fieldMinute:
		return "hour to minute"
	case fieldHour | fieldMinute | fieldSecond:
		return "hour to second"
	case fieldMinute | fieldSecond:
		return "minute to second"
	}
	return "-"
}

// withTypmod is the type as SQL writes it.
func (id typeID) withTypmod(mod int) string {
	if id.isArray() {
		return id.elem().withTypmod(mod) + "[]"
	}
	name := id.info().name
	switch id {
	case tNumeric:
		p, s := numericTypmod(mod)
		return name + "(" + strconv.Itoa(p) + "," + strconv.Itoa(s) + ")"
	case tInterval:
		fields, precision := intervalFields(mod>>16), ""
		if p := mod & 0xffff; p != intervalAnyPrecision {
			precision = "(" + strconv.Itoa(p) + ")"
		}
		if fields == "" {
			return name + precision
		}
		return name + " " + fields + precision
	}
	return name + "(" + strconv.Itoa(mod) + ")"
}

// applyTypmod is an explicit cast to a precision, scale or fields.
func (m *machine) applyTypmod(to typeID, mod int, out *value) (err error) {
	switch to {
	case tNumeric:
		return m.numericTo(mod, out)
	case tTimestamp, tTimestamptz:
		if finiteMoment(out.i) {
			out.i = roundTime(out.i, mod)
		}
	case tTime:
		out.i = roundTime(out.i, mod)
	case tTimetz:
		t := int64(binary.BigEndian.Uint64(out.b))
		zone := out.b[8:]
		m.print(out, func(b []byte) []byte {
			return append(binary.BigEndian.AppendUint64(b, uint64(roundTime(t, mod))), zone...)
		})
	case tInterval:
		held := out.b
		m.print(out, func(b []byte) []byte { return appendIntervalTo(b, held, mod) })
	default:
		return ErrCorrupt
	}
	return nil
}

func (m *machine) numericTo(mod int, out *value) (err error) {
	d, _ := viewDecimal(out.b)
	switch d.kind {
	case notANumber:
		return nil
	case finite:
	default:
		return errRange
	}
	precision, scale := numericTypmod(mod)
	a := out.b
	m.print(out, func(b []byte) []byte {
		b, err = numeric.Round(b, a, scale)
		return b
	})
	if err != nil {
		return err
	}
	d, ok := viewDecimal(out.b)
	if !ok {
		return errRange
	}
	digits := len(d.whole)
	if digits == 0 {
		for digits = 0; -digits < len(d.frac) && d.frac[-digits] == '0'; digits-- {
		}
	}
	if !d.zero() && digits > precision-scale {
		return errRange
	}
	return nil
}

// roundTime rounds microseconds to so many digits of a second, half away from zero.
func roundTime(us int64, digits int) int64 {
	scale := int64(1)
	for range maxTimePrecision - digits {
		scale *= 10
	}
	if us >= 0 {
		return (us + scale/2) / scale * scale
	}
	return -((-us + scale/2) / scale * scale)
}

func appendIntervalTo(b, held []byte, mod int) []byte {
	months, days := int32(binary.BigEndian.Uint32(held)), int32(binary.BigEndian.Uint32(held[4:]))
	us := int64(binary.BigEndian.Uint64(held[8:]))
	const minute, hour = 60_000_000, 60 * 60_000_000
	switch mod >> 16 {
	case fieldYear:
		months, days, us = months/12*12, 0, 0
	case fieldMonth, fieldYear | fieldMonth:
		days, us = 0, 0
	case fieldDay:
		us = 0
	case fieldHour, fieldDay | fieldHour:
		us = us / hour * hour
	case fieldMinute, fieldDay | fieldHour | fieldMinute, fieldHour | fieldMinute:
		us = us / minute * minute
	}
	if p := mod & 0xffff; p <= maxTimePrecision {
		us = roundTime(us, p)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(months))
	b = binary.BigEndian.AppendUint32(b, uint32(days))
	return binary.BigEndian.AppendUint64(b, uint64(us))
}
