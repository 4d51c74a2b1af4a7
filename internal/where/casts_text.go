package where

// The casts of "char". The numbers are stored in compiled clauses.
const (
	castCharToText castID = castsOfText + 0
	castTextToChar castID = castsOfText + 1
	castCharToInt4 castID = castsOfText + 2
	castInt4ToChar castID = castsOfText + 3
)

func textCast(from, to typeID) (castID, castContext) {
	switch {
	case from == tChar && to == tText:
		return castCharToText, castImplicit
	case from == tChar && (to == tVarchar || to == tBpchar):
		return castCharToText, castAssignment
	case from == tChar && to == tInt4:
		return castCharToInt4, castExplicit
	case (from == tText || from == tVarchar || from == tBpchar) && to == tChar:
		return castTextToChar, castAssignment
	case from == tInt4 && to == tChar:
		return castInt4ToChar, castExplicit
	}
	return 0, castNone
}

// castText converts between texts of one byte and others. A zero byte is no text at all.
func (m *machine) castText(id castID, out *value) error {
	switch id {
	case castCharToText:
		return nil
	case castTextToChar:
		out.b = out.b[:min(len(out.b), 1)]
		return nil
	case castCharToInt4:
		out.i = 0
		if len(out.b) > 0 {
			out.i = int64(int8(out.b[0]))
		}
		return nil
	case castInt4ToChar:
		n := out.i
		if n < -128 || n > 127 {
			return errRange
		}
		m.print(out, func(b []byte) []byte {
			if n == 0 {
				return b
			}
			return append(b, byte(n))
		})
		return nil
	}
	return ErrCorrupt
}
