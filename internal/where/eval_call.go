package where

// call is a function with its arguments.
type call struct {
	id     callID
	result typeID
	args   []value
	types  []typeID // of the arguments
	aux    uint8    // collation of a function that maps letters
}

// call evaluates all arguments, left to right, and then the function. They lie on a stack in the scratch memory.
func (m *machine) call(i int, out *value) (int, error) {
	c := call{id: callID(m.code[i])<<8 | callID(m.code[i+1]), result: typeID(m.code[i+2]), aux: m.code[i+3] & callAux}
	strict, n := m.code[i+3]&callLoose == 0, int(m.code[i+4])
	i += 5
	base, baseTypes, null := len(m.s.stack), len(m.s.types), false
	var v value // outside of the loop, where it needs no memory
	for range n {
		t := m.typeAt(i)
		next, err := m.eval(i, &v)
		if err != nil {
			m.s.stack, m.s.types = m.s.stack[:base], m.s.types[:baseTypes]
			return next, err
		}
		null = null || v.null
		m.s.stack, m.s.types = append(m.s.stack, v), append(m.s.types, t)
		i = next
	}
	if out.null = null && strict; out.null {
		m.s.stack, m.s.types = m.s.stack[:base], m.s.types[:baseTypes]
		return i, nil
	}
	c.args, c.types = m.s.stack[base:], m.s.types[baseTypes:]
	err := m.dispatch(&c, out)
	m.s.stack, m.s.types = m.s.stack[:base], m.s.types[:baseTypes]
	return i, err
}

func (m *machine) dispatch(c *call, out *value) error {
	switch c.id & groupMask {
	case groupMath:
		return m.callMath(c, out)
	case groupText:
		return m.callText(c, out)
	case groupBytea:
		return m.callBytea(c, out)
	case groupMoment:
		return m.callMoment(c, out)
	case groupArray:
		return m.callArray(c, out)
	case groupJSON:
		return m.callJSON(c, out)
	case groupCore:
		return m.callCore(c, out)
	}
	return ErrCorrupt
}
