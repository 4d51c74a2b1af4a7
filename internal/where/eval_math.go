package where

func (m *machine) callMath(c *call, out *value) error {
	switch c.id {
	case fnAbsInt4:
		if out.i = c.args[0].i; out.i < 0 {
			out.i = -out.i
		}
		return checkInt(out.i, tInt4)
	case fnAddInt4:
		out.i = c.args[0].i + c.args[1].i
		return checkInt(out.i, tInt4)
	case fnMinusInt4:
		out.i = -c.args[0].i
		return checkInt(out.i, tInt4)
	}
	return ErrCorrupt
}
