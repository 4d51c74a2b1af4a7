package array

import "cmp"

// Compare orders arrays as Postgres' btree does: by their elements, where NULLs are equal to each other and greater than all
// else; then by the number of elements, of dimensions, by the lengths and the lower bounds of the dimensions.
func Compare(a, b Value, t *Type) int {
	if c := compareElements(a.Walk(), b.Walk(), t); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Cardinality(), b.Cardinality()); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Dims(), b.Dims()); c != 0 {
		return c
	}
	for i := range a.Dims() {
		if c := cmp.Compare(a.Dim(i).Length, b.Dim(i).Length); c != 0 {
			return c
		}
	}
	for i := range a.Dims() {
		if c := cmp.Compare(a.Dim(i).Lower, b.Dim(i).Lower); c != 0 {
			return c
		}
	}
	return 0
}

// compareElements compares up to the end of the shorter.
func compareElements(a, b Walker, t *Type) int {
	for {
		x, xNull, ok := a.Next()
		if !ok {
			return 0
		}
		y, yNull, ok := b.Next()
		switch {
		case !ok:
			return 0
		case xNull && yNull:
		case xNull:
			return 1
		case yNull:
			return -1
		default:
			if c := t.Compare(x, y); c != 0 {
				return c
			}
		}
	}
}

// Equal reports whether dimensions and elements are the same; NULLs equal each other.
func Equal(a, b Value, t *Type) bool {
	if a.Dims() != b.Dims() || !a.sameShape(0, b, 0) {
		return false
	}
	v, w := a.Walk(), b.Walk()
	for {
		x, xNull, ok := v.Next()
		if !ok {
			return true
		}
		y, yNull, ok := w.Next()
		if !ok || xNull != yNull || !xNull && !t.Equal(x, y) {
			return false
		}
	}
}

// Contains is a @> b: every element of b is one of a, whatever the dimensions. NULL is contained in nothing.
func Contains(a, b Value, t *Type) bool {
	for w := b.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			return true
		}
		if null || !has(a, value, t) {
			return false
		}
	}
}

// Overlaps is a && b: an element that is not NULL is in both.
func Overlaps(a, b Value, t *Type) bool {
	for w := b.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			return false
		}
		if !null && has(a, value, t) {
			return true
		}
	}
}

func has(a Value, sought []byte, t *Type) bool {
	for w := a.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			return false
		}
		if !null && t.Equal(value, sought) {
			return true
		}
	}
}
