package array

// Map appends an array of the dimensions of v. element appends the value that the i-th element has, or says that it is NULL.
func Map(dst []byte, v Value, element func(dst []byte, i int) (grown []byte, null bool)) []byte {
	dst = append(dst, v[:v.header()]...)
	for i := range v.Cardinality() {
		start := len(dst)
		grown, null := element(openElement(dst), i)
		if dst = closeElement(grown, start); null {
			dst = AppendNull(dst[:start])
		}
	}
	return dst
}
