package where

import (
	"errors"

	"leyden/internal/where/array"
)

var errTrim = errors.New("number of elements to trim must be between 0 and the length of the array")

func (m *machine) callArray(c *call, out *value) error {
	switch c.id {
	case fnArrayAppend, fnArrayPrepend, fnArrayCat:
		return m.joinArrays(c, out)
	case fnArrayNdims, fnArrayLength, fnArrayLower, fnArrayUpper, fnCardinality:
		measureArray(c, out)
		return nil
	case fnArrayDims:
		v := array.Value(c.args[0].b)
		out.null = v.Dims() == 0
		m.print(out, func(b []byte) []byte { return array.AppendDims(b, v) })
		return nil
	case fnArrayPosition, fnArrayPositionFrom, fnArrayPositions, fnArrayRemove, fnArrayReplace:
		return m.searchArray(c, out)
	case fnArrayToString:
		m.arrayToString(c, out)
		return nil
	case fnStringToArray:
		m.stringToArray(c, out)
		return nil
	case fnTrimArray:
		return m.trimArray(c, out)
	case fnArrayContains, fnArrayContained, fnArrayOverlaps:
		compareMembers(c, out)
		return nil
	}
	return ErrCorrupt
}

// arrayArg is the i-th argument, nil for NULL.
func (c *call) arrayArg(i int) array.Value {
	if c.args[i].null {
		return nil
	}
	return c.args[i].b
}

// elementArg is the i-th argument as an element of an array.
func (m *machine) elementArg(c *call, i int) array.Search {
	v, id := &c.args[i], c.types[i]
	switch {
	case v.null:
		return array.Search{Null: true}
	case id.rep() == repBytes:
		return array.Search{Value: v.b}
	}
	start := len(m.s.buf)
	m.s.buf = appendElement(m.s.buf, id, v)
	return array.Search{Value: m.s.buf[start:len(m.s.buf):len(m.s.buf)]}
}

func (m *machine) joinArrays(c *call, out *value) (err error) {
	switch c.id {
	case fnArrayAppend:
		e := m.elementArg(c, 1)
		m.print(out, func(b []byte) []byte {
			b, err = array.Append(b, c.arrayArg(0), e.Value, e.Null)
			return b
		})
	case fnArrayPrepend:
		e := m.elementArg(c, 0)
		m.print(out, func(b []byte) []byte {
			b, err = array.Prepend(b, e.Value, e.Null, c.arrayArg(1))
			return b
		})
	default:
		if out.null = c.args[0].null && c.args[1].null; out.null {
			return nil
		}
		m.print(out, func(b []byte) []byte {
			b, err = array.Cat(b, c.arrayArg(0), c.arrayArg(1))
			return b
		})
	}
	return err
}

func measureArray(c *call, out *value) {
	v := array.Value(c.args[0].b)
	dim, n, ok := int32(0), int32(0), true
	if len(c.args) > 1 {
		dim = int32(c.args[1].i)
	}
	switch c.id {
	case fnArrayNdims:
		n, ok = int32(v.Dims()), v.Dims() > 0
	case fnArrayLength:
		n, ok = array.Length(v, dim)
	case fnArrayLower:
		n, ok = array.Lower(v, dim)
	case fnArrayUpper:
		n, ok = array.Upper(v, dim)
	default:
		n = int32(v.Cardinality())
	}
	out.i, out.null = int64(n), !ok
}

func (m *machine) searchArray(c *call, out *value) (err error) {
	if out.null = c.args[0].null; out.null {
		return nil
	}
	v, t := array.Value(c.args[0].b), arrayType(c.types[0].elem())
	s := m.elementArg(c, 1)
	switch c.id {
	case fnArrayPosition, fnArrayPositionFrom:
		var at int32
		found := false
		if c.id == fnArrayPosition {
			at, found, err = array.Position(v, s, t)
		} else {
			at, found, err = array.PositionFrom(v, s, int32(c.args[2].i), c.args[2].null, t)
		}
		out.i, out.null = int64(at), !found
		return err
	}
	by := array.Search{}
	if c.id == fnArrayReplace {
		by = m.elementArg(c, 2)
	}
	m.print(out, func(b []byte) []byte {
		switch c.id {
		case fnArrayPositions:
			b, err = array.Positions(b, v, s, t, appendInt4Element)
		case fnArrayRemove:
			b, err = array.Remove(b, v, s, t)
		default:
			b = array.Replace(b, v, s, by.Value, by.Null, t)
		}
		return b
	})
	return err
}

func appendInt4Element(dst []byte, n int32) []byte {
	return appendElement(dst, tInt4, &value{i: int64(n)})
}

// arrayToString is NULL when the array or the separator is.
func (m *machine) arrayToString(c *call, out *value) {
	if out.null = c.args[0].null || c.args[1].null; out.null {
		return
	}
	m.print(out, func(b []byte) []byte {
		return array.ToString(b, c.args[0].b, arrayType(c.types[0].elem()), c.args[1].b, c.optionalText(2))
	})
}

func (m *machine) stringToArray(c *call, out *value) {
	if out.null = c.args[0].null; out.null {
		return
	}
	m.print(out, func(b []byte) []byte {
		return array.Split(b, c.args[0].b, c.optionalText(1), c.optionalText(2))
	})
}

// optionalText is the i-th argument, nil when it is NULL or missing.
func (c *call) optionalText(i int) []byte {
	switch {
	case i >= len(c.args) || c.args[i].null:
		return nil
	case c.args[i].b == nil:
		return []byte{}
	}
	return c.args[i].b
}

// trimArray cuts elements off the end of the first dimension.
func (m *machine) trimArray(c *call, out *value) error {
	v, n := array.Value(c.args[0].b), c.args[1].i
	length, _ := array.Length(v, 1)
	if n < 0 || n > int64(length) {
		return errTrim
	}
	lower, _ := array.Lower(v, 1)
	upper := int64(lower) + int64(length) - n - 1
	m.print(out, func(b []byte) []byte {
		if n == int64(length) {
			return array.Empty(b)
		}
		return array.Slice(b, v, array.Range{Upper: int32(upper), HasUpper: true})
	})
	return nil
}

func compareMembers(c *call, out *value) {
	a, b, t := array.Value(c.args[0].b), array.Value(c.args[1].b), arrayType(c.types[0].elem())
	switch c.id {
	case fnArrayContains:
		out.setBool(array.Contains(a, b, t))
	case fnArrayContained:
		out.setBool(array.Contains(b, a, t))
	default:
		out.setBool(array.Overlaps(a, b, t))
	}
}
