package filter

// elements lists shapes by an element that they want an array to have. A shape that wants several is listed under the one with the
// fewest others, and the rest is evaluated.
type elements struct{ equalities }

func newElements(about subject) *elements {
	return &elements{*newEqualities(about)}
}

func (e *elements) find(l *lookup, v *values) bool {
	l.twice = true // an array may have an element more than once, and so may both rows
	for i, text := range v.text {
		if text == nil {
			continue
		}
		if err := l.f.elements.Read(e.form, text); err != nil {
			return false
		}
		for key, ok := l.f.elements.Next(); ok; key, ok = l.f.elements.Next() {
			if c := e.cells[string(key)]; c != nil {
				l.visit(c, 1<<i)
			}
		}
	}
	return true
}
