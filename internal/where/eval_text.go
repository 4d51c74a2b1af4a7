package where

import "unicode/utf8"

func (m *machine) callText(c *call, out *value) error {
	switch c.id {
	case fnLength:
		b := c.args[0].b
		if c.types[0] == tBpchar {
			b = trimBlanks(b)
		}
		out.i = int64(utf8.RuneCount(b))
		return nil
	case fnLower:
		return m.mapCase(c, lowerCase, out)
	case fnUpper:
		return m.mapCase(c, upperCase, out)
	}
	return ErrCorrupt
}
