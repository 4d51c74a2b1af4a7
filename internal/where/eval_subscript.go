package where

import "leyden/internal/where/array"

// index is a[i][j]..., NULL outside of the array. As in Postgres nothing else is evaluated when the array is NULL.
func (m *machine) index(i int, out *value) (int, error) {
	id, dims := typeID(m.code[i]), int(m.code[i+1])
	i, err := m.eval(i+2, out)
	if err != nil {
		return i, err
	}
	length, i := m.uvarint(i)
	if out.null {
		return i + int(length), nil
	}
	var subscripts [array.MaxDims]int32
	null := false
	var v value // outside of the loop, where it needs no memory
	for k := range dims {
		if i, err = m.eval(i, &v); err != nil {
			return i, err
		}
		null = null || v.null
		subscripts[k] = int32(v.i)
	}
	if out.null = null; null {
		return i, nil
	}
	b, null := array.At(array.Value(out.b), subscripts[:dims]...)
	if out.null = null; !null && !readElement(id, b, out) {
		err = ErrCorrupt
	}
	return i, err
}

// slice is a[i:j]..., empty outside of the array.
func (m *machine) slice(i int, out *value) (int, error) {
	dims, given := int(m.code[i+1]), i+2
	i, err := m.eval(given+dims, out)
	if err != nil {
		return i, err
	}
	length, i := m.uvarint(i)
	if out.null {
		return i + int(length), nil
	}
	var ranges [array.MaxDims]array.Range
	null := false
	var v value
	for k := range dims {
		r := &ranges[k]
		if r.HasLower = m.code[given+k]&hasLower != 0; r.HasLower {
			if i, err = m.eval(i, &v); err != nil {
				return i, err
			}
			null, r.Lower = null || v.null, int32(v.i)
		}
		if r.HasUpper = m.code[given+k]&hasUpper != 0; r.HasUpper {
			if i, err = m.eval(i, &v); err != nil {
				return i, err
			}
			null, r.Upper = null || v.null, int32(v.i)
		}
	}
	if out.null = null; null {
		return i, nil
	}
	whole := array.Value(out.b)
	m.print(out, func(b []byte) []byte { return array.Slice(b, whole, ranges[:dims]...) })
	return i, nil
}

// array is ARRAY[...].
func (m *machine) array(i int, out *value) (int, error) {
	id, nested := typeID(m.code[i]).elem(), m.code[i+1] == 1
	n, i := m.uvarint(i + 2)
	base := len(m.s.stack)
	var v value
	for range n {
		next, err := m.eval(i, &v)
		if err != nil {
			m.s.stack = m.s.stack[:base]
			return next, err
		}
		m.s.stack = append(m.s.stack, v)
		i = next
	}
	out.null = false
	err := m.build(id, nested, m.s.stack[base:], out)
	m.s.stack = m.s.stack[:base]
	return i, err
}

func (m *machine) build(id typeID, nested bool, args []value, out *value) (err error) {
	if nested {
		parts := make([]array.Value, 0, len(args))
		for _, v := range args {
			if !v.null {
				parts = append(parts, array.Value(v.b))
			} else {
				parts = append(parts, nil)
			}
		}
		m.print(out, func(b []byte) []byte {
			b, err = array.Nest(b, parts)
			return b
		})
		return err
	}
	m.print(out, func(b []byte) []byte {
		if len(args) == 0 {
			return array.Empty(b)
		}
		b = array.AppendHeader(b, array.Dim{Length: int32(len(args)), Lower: 1})
		for k := range args {
			if args[k].null {
				b = array.AppendNull(b)
				continue
			}
			start := len(m.s.element)
			m.s.element = appendElement(m.s.element, id, &args[k])
			b = array.AppendElement(b, m.s.element[start:])
			m.s.element = m.s.element[:start]
		}
		return b
	})
	return nil
}
