package where

import "leyden/internal/where/array"

// any evaluates the condition over the elements of an array, in three-valued logic.
func (m *machine) any(i int, out *value) (int, error) {
	test := anyTest(m.code[i])
	length, i := m.uvarint(i + 1)
	end := i + int(length)
	var elements value
	id := typeID(0)
	i, err := m.eval(i, out)
	if err != nil {
		return end, err
	}
	id = m.typeAt(i).elem()
	if i, err = m.eval(i, &elements); err != nil {
		return end, err
	}
	if elements.null {
		out.null = true
		return end, nil
	}
	m.operand = *out
	decides, null := True, false
	if test == testAll {
		decides = False
	}
	for w := array.Value(elements.b).Walk(); ; {
		b, isNull, ok := w.Next()
		if !ok {
			break
		}
		if m.element.null = isNull; !isNull && !readElement(id, b, &m.element) {
			return end, ErrCorrupt
		}
		if _, err := m.eval(i, out); err != nil {
			return end, err
		}
		switch out.truth() {
		case decides:
			return end, nil
		case Null:
			null = true
		}
	}
	out.setBool(test == testAll)
	out.null = null
	return end, nil
}
