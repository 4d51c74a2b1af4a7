package where

// caseOf evaluates conditions until one is true, and the result that stands behind it.
func (m *machine) caseOf(i int, out *value) (int, error) {
	n, i := m.uvarint(i + 1)
	end := i + int(n)
	for {
		length, start := m.uvarint(i)
		if length == 0 { // the result otherwise
			_, err := m.eval(start, out)
			return end, err
		}
		next, err := m.eval(start, out)
		if err != nil {
			return end, err
		}
		if out.truth() == True {
			_, err := m.eval(next, out)
			return end, err
		}
		i = start + int(length)
	}
}

// minMax evaluates all arguments and passes over NULLs. Of equal values it keeps the first.
func (m *machine) minMax(i int, out *value) (int, error) {
	id, kind, fam := typeID(m.code[i]), minMax(m.code[i+1]), family(m.code[i+2])
	n, i := m.uvarint(i + 3)
	var best value
	best.null = true
	for range n {
		var v value
		var err error
		if i, err = m.eval(i, &v); err != nil {
			return i, err
		}
		if v.null {
			continue
		}
		if best.null {
			best = v
			continue
		}
		if c := fam.compareAs(id, &best, &v); c > 0 && kind == least || c < 0 && kind == greatest {
			best = v
		}
	}
	*out = best
	return i, nil
}
