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
	case from == tChar && to == tVarchar:
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

// inputChar makes the "char" of a text: its first byte, or the one that is written as a backslash and three octal digits.
func (m *machine) inputChar(v *value) {
	text := v.b
	if len(text) != 4 || text[0] != '\\' || !isOctal(text[1]) || !isOctal(text[2]) || !isOctal(text[3]) {
		v.b = text[:min(len(text), 1)]
		return
	}
	c := (text[1]-'0')<<6 | (text[2]-'0')<<3 | (text[3] - '0')
	m.print(v, func(b []byte) []byte {
		if c == 0 {
			return b
		}
		return append(b, c)
	})
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// appendChar appends the text of a "char": a byte beyond ASCII is no character by itself, and is written by its octal digits.
func appendChar(b, held []byte) []byte {
	if len(held) == 0 || held[0] < 0x80 {
		return append(b, held...)
	}
	c := held[0]
	return append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
}

// castText converts between texts of one byte and others. A zero byte is no text at all.
func (m *machine) castText(id castID, out *value) error {
	switch id {
	case castCharToText:
		m.print(out, func(b []byte) []byte { return appendChar(b, out.b) })
		return nil
	case castTextToChar:
		m.inputChar(out)
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
