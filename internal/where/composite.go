package where

// compositeFields counts the NULL and the other fields of a composite value's text. A field is NULL when nothing stands
// between its delimiters.
func compositeFields(text []byte) (nulls, others int) {
	if len(text) < 2 {
		return 0, 1
	}
	empty, quoted := true, false
	closeField := func() {
		if empty {
			nulls++
		} else {
			others++
		}
		empty = true
	}
	for i := 1; i < len(text)-1; i++ {
		switch c := text[i]; {
		case c == '"':
			// A doubled quote closes and opens again, which changes nothing here.
			quoted = !quoted
			empty = false
		case c == '\\':
			i++
			empty = false
		case c == ',' && !quoted:
			closeField()
		default:
			empty = false
		}
	}
	closeField()
	return nulls, others
}
