package array

// AppendKey appends the one string of bytes that all arrays equal to v share, and no other.
func AppendKey(dst []byte, v Value, t *Type) []byte {
	dst = append(dst, v[:v.header()]...)
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		switch {
		case !ok:
			return dst
		case null:
			dst = AppendNull(dst)
		default:
			start := len(dst)
			dst = closeElement(t.Key(openElement(dst), value), start)
		}
	}
}
