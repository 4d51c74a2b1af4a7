package jsonb

// Contains is a @> b. An array contains a scalar that is one of its elements; otherwise both must be of the same kind.
func Contains(a, b Value) bool {
	x, y := kindOf(a), kindOf(b)
	switch {
	case x == kindArray && y.scalar():
		return hasScalar(a, b)
	case x.scalar() && y.scalar():
		return equalScalars(a, b)
	}
	return contains(a, b)
}

func equalScalars(a, b []byte) bool { return compare(a, b) == 0 }

// contains decides about containers of any depth.
func contains(a, b []byte) bool {
	switch x := kindOf(a); {
	case x != kindOf(b):
		return false
	case x == kindObject:
		return objectContains(a, b)
	}
	return arrayContains(a, b)
}

// objectContains walks both at once: their keys are in the same order.
func objectContains(a, b []byte) bool {
	m, n := membersOf(a), membersOf(b)
	for {
		key, sought, ok := n.pair()
		if !ok {
			return true
		}
		var value []byte
		for {
			k, v, ok := m.pair()
			if !ok {
				return false
			}
			c := compareKeys(k, key)
			if c > 0 {
				return false
			}
			if c == 0 {
				value = v
				break
			}
		}
		if kindOf(sought).scalar() {
			if !equalScalars(value, sought) {
				return false
			}
		} else if !contains(value, sought) {
			return false
		}
	}
}

// arrayContains finds for each element of b one of a; several of b may find the same.
func arrayContains(a, b []byte) bool {
	for n := membersOf(b); ; {
		sought, ok := n.element()
		if !ok {
			return true
		}
		if kindOf(sought).scalar() {
			if !hasScalar(a, sought) {
				return false
			}
		} else if !hasContainer(a, sought) {
			return false
		}
	}
}

func hasScalar(array, sought []byte) bool {
	for m := membersOf(array); ; {
		element, ok := m.element()
		if !ok {
			return false
		}
		if equalScalars(element, sought) {
			return true
		}
	}
}

func hasContainer(array, sought []byte) bool {
	for m := membersOf(array); ; {
		element, ok := m.element()
		if !ok {
			return false
		}
		if contains(element, sought) {
			return true
		}
	}
}
