package where

import (
	"errors"
	"math"

	"leyden/internal/where/decimal"
	"leyden/internal/where/float"
	"leyden/internal/where/integer"
	"leyden/internal/where/pgtext"
)

func (m *machine) callMath(c *call, out *value) error {
	if c.id == fnPlus {
		*out = c.args[0]
		return nil
	}
	switch c.types[0] {
	case tInt2, tInt4, tInt8:
		return callInteger(c, out)
	case tFloat4, tFloat8:
		err := callFloat(c, out)
		if out.f != out.f {
			out.f = math.NaN() // of which there is one: bits tell stored constants apart
		}
		return err
	case tNumeric:
		return m.callNumeric(c, out)
	}
	return ErrCorrupt
}

func bitsOf(id typeID) int {
	switch id {
	case tInt2:
		return 16
	case tInt4:
		return 32
	}
	return 64
}

func callInteger(c *call, out *value) (err error) {
	size := bitsOf(c.result)
	a, b := c.args[0].i, c.args[len(c.args)-1].i
	switch c.id {
	case fnAdd:
		out.i, err = integer.Add(a, b, size)
	case fnSubtract:
		out.i, err = integer.Sub(a, b, size)
	case fnMultiply:
		out.i, err = integer.Mul(a, b, size)
	case fnDivide:
		out.i, err = integer.Div(a, b, size)
	case fnModulo:
		out.i, err = integer.Mod(a, b)
	case fnNegate:
		out.i, err = integer.Neg(a, size)
	case fnAbs:
		out.i, err = integer.Abs(a, size)
	case fnBitAnd:
		out.i = a & b
	case fnBitOr:
		out.i = a | b
	case fnBitXor:
		out.i = a ^ b
	case fnBitNot:
		out.i = ^a
	case fnShiftLeft:
		out.i = integer.ShiftLeft(a, b, size)
	case fnShiftRight:
		out.i = integer.ShiftRight(a, b, size)
	default:
		return ErrCorrupt
	}
	return err
}

// callFloat has a float on the left. With a float8 on either side both are float8.
func callFloat(c *call, out *value) error {
	if c.result != tFloat4 {
		return callFloat8(c, out)
	}
	a, b := float32(c.args[0].f), float32(c.args[len(c.args)-1].f)
	var r float32
	var err error
	switch c.id {
	case fnAdd:
		r, err = float.Add(a, b)
	case fnSubtract:
		r, err = float.Sub(a, b)
	case fnMultiply:
		r, err = float.Mul(a, b)
	case fnDivide:
		r, err = float.Div(a, b)
	case fnNegate:
		r = -a
	case fnAbs:
		r = float.Abs(a)
	default:
		return ErrCorrupt
	}
	out.f = float64(r)
	return err
}

func callFloat8(c *call, out *value) (err error) {
	a, b := c.args[0].f, c.args[len(c.args)-1].f
	switch c.id {
	case fnAdd:
		out.f, err = float.Add(a, b)
	case fnSubtract:
		out.f, err = float.Sub(a, b)
	case fnMultiply:
		out.f, err = float.Mul(a, b)
	case fnDivide:
		out.f, err = float.Div(a, b)
	case fnPower:
		out.f, err = float.Power(a, b)
	case fnSqrt:
		out.f, err = float.Sqrt(a)
	case fnNegate:
		out.f = -a
	case fnAbs:
		out.f = float.Abs(a)
	case fnSign:
		out.f = float.Sign(a)
	case fnRound:
		out.f = float.Round(a)
	case fnTrunc:
		out.f = float.Trunc(a)
	case fnFloor:
		out.f = float.Floor(a)
	case fnCeil:
		out.f = float.Ceil(a)
	default:
		return ErrCorrupt
	}
	return err
}

func (m *machine) callNumeric(c *call, out *value) (err error) {
	a, b := c.args[0].b, c.args[len(c.args)-1].b
	switch c.id {
	case fnAdd:
		out.b, err = m.wrote(decimal.Add(m.s.buf, a, b))
	case fnSubtract:
		out.b, err = m.wrote(decimal.Sub(m.s.buf, a, b))
	case fnMultiply:
		out.b, err = m.wrote(decimal.Mul(m.s.buf, a, b))
	case fnDivide:
		out.b, err = m.wrote(decimal.Div(m.s.buf, a, b))
	case fnDivTrunc:
		out.b, err = m.wrote(decimal.DivTrunc(m.s.buf, a, b))
	case fnModulo:
		out.b, err = m.wrote(decimal.Mod(m.s.buf, a, b))
	case fnPower:
		out.b, err = m.wrote(decimal.Power(m.s.buf, a, b))
	case fnSqrt:
		out.b, err = m.wrote(decimal.Sqrt(m.s.buf, a))
	case fnNegate:
		out.b, err = m.wrote(decimal.Neg(m.s.buf, a))
	case fnAbs:
		out.b, err = m.wrote(decimal.Abs(m.s.buf, a))
	case fnSign:
		out.b, err = m.wrote(decimal.Sign(m.s.buf, a))
	case fnRound:
		out.b, err = m.wrote(decimal.Round(m.s.buf, a, scaleOf(c)))
	case fnTrunc:
		out.b, err = m.wrote(decimal.Trunc(m.s.buf, a, scaleOf(c)))
	case fnFloor:
		out.b, err = m.wrote(decimal.Floor(m.s.buf, a))
	case fnCeil:
		out.b, err = m.wrote(decimal.Ceil(m.s.buf, a))
	default:
		return ErrCorrupt
	}
	return err
}

// scaleOf is the second argument of round and trunc.
func scaleOf(c *call) int {
	if len(c.args) < 2 {
		return 0
	}
	return int(c.args[1].i)
}

// maxScratch bounds, in bytes, what one evaluation may write.
const maxScratch = 64 << 20

// wrote makes what a function has appended to the scratch memory a value.
func (m *machine) wrote(buf []byte, err error) ([]byte, error) {
	start := len(m.s.buf)
	switch {
	case errors.Is(err, pgtext.ErrTooLong):
		return nil, errTooLarge
	case err != nil:
		return nil, err
	case len(buf) > maxScratch:
		return nil, errTooLarge
	}
	m.s.buf = buf
	return buf[start:len(buf):len(buf)], nil
}
