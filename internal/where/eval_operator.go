package where

func (m *machine) compare(i int, out *value) (int, error) {
	fam, rel := family(m.code[i]), relation(m.code[i+1])
	var right value
	id := m.typeAt(i + 2)
	i, err := m.pair(i+2, out, &right)
	if err != nil {
		return i, err
	}
	if out.null || right.null {
		out.null = true
		return i, nil
	}
	out.setBool(rel.holds(fam.compareAs(id, out, &right)))
	return i, nil
}

func (m *machine) pair(i int, left, right *value) (int, error) {
	i, err := m.eval(i, left)
	if err != nil {
		return i, err
	}
	return m.eval(i, right)
}

func (m *machine) distinct(i int, out *value) (int, error) {
	fam := family(m.code[i])
	var right value
	id := m.typeAt(i + 1)
	i, err := m.pair(i+1, out, &right)
	if err != nil {
		return i, err
	}
	if out.null || right.null {
		out.setBool(out.null != right.null)
		return i, nil
	}
	out.setBool(fam.compareAs(id, out, &right) != 0)
	return i, nil
}

func (m *machine) isNull(i int, out *value) (int, error) {
	test := m.code[i]
	if op(m.code[i+1]) == opColumn && typeID(m.code[i+2]) != tComposite {
		return m.columnIsNull(test, i+3, out)
	}
	composite := m.typeAt(i+1) == tComposite
	i, err := m.eval(i+1, out)
	if err != nil {
		return i, err
	}
	switch {
	case out.null || !composite:
		out.setBool(out.null == (test == isNull))
	default:
		nulls, others := compositeFields(out.b)
		if test == isNull {
			out.setBool(others == 0)
		} else {
			out.setBool(nulls == 0)
		}
	}
	return i, nil
}

// columnIsNull needs no value, and none that can be read.
func (m *machine) columnIsNull(test nullTest, i int, out *value) (int, error) {
	col, next := m.uvarint(i)
	at := int(m.pos[col])
	if at >= len(m.row) {
		return next, errTuple
	}
	out.setBool((m.row[at] == nil) == (test == isNull))
	return next, nil
}

func (m *machine) isTruth(i int, out *value) (int, error) {
	test := m.code[i]
	i, err := m.eval(i+1, out)
	if err != nil {
		return i, err
	}
	t := out.truth()
	switch test {
	case isTrue:
		out.setBool(t == True)
	case isNotTrue:
		out.setBool(t != True)
	case isFalse:
		out.setBool(t == False)
	case isNotFalse:
		out.setBool(t != False)
	case isUnknown:
		out.setBool(t == Null)
	default:
		out.setBool(t != Null)
	}
	return i, nil
}

func (m *machine) in(i int, out *value) (int, error) {
	fam, withNull, item := family(m.code[i]), m.code[i+1] == 1, typeID(m.code[i+2])
	i, err := m.eval(i+3, out)
	if err != nil {
		return i, err
	}
	n, table := m.uvarint(i)
	length, start := m.uvarint(table + 4*int(n))
	end := start + int(length)
	if out.null {
		return end, nil
	}
	low, high := 0, int(n)
	var v value
	for low < high {
		mid := int(uint(low+high) >> 1)
		m.value(item, start+offsetAt(m.code, table, mid), &v)
		switch c := fam.compareAs(item, out, &v); {
		case c == 0:
			out.setBool(true)
			return end, nil
		case c < 0:
			high = mid
		default:
			low = mid + 1
		}
	}
	out.setBool(false)
	out.null = withNull
	return end, nil
}

func (m *machine) like(i int, out *value) (int, error) {
	flags := m.code[i]
	var pattern value
	i, err := m.pair(i+1, out, &pattern)
	if err != nil {
		return i, err
	}
	if out.null || pattern.null {
		out.null = true
		return i, nil
	}
	ok, err := m.matches(flags, out.b, pattern.b)
	out.setBool(ok)
	return i, err
}

// coalesce stops at the first argument that is not NULL.
func (m *machine) coalesce(i int, out *value) (int, error) {
	n, i := m.uvarint(i + 1)
	end := i + int(n)
	for i < end {
		var err error
		if i, err = m.eval(i, out); err != nil || !out.null {
			return end, err
		}
	}
	return end, nil
}
