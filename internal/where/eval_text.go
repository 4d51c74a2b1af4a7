package where

import (
	"bytes"

	"leyden/internal/where/pgtext"
)

// blankSet is what trimming without a set of characters drops.
func blankSet() []byte { return []byte{' '} }

func (m *machine) callText(c *call, out *value) (err error) {
	b := c.args[0].b
	switch c.id {
	case fnLength:
		if c.types[0] == tBpchar {
			b = trimBlanks(b)
		}
		out.i = int64(pgtext.Length(b))
	case fnOctetLength:
		out.i = int64(len(b))
	case fnBitLength:
		out.i = int64(len(b)) * 8
		err = checkInt(out.i, tInt4)
	case fnLower:
		return m.mapCase(c, lowerCase, out)
	case fnUpper:
		return m.mapCase(c, upperCase, out)
	case fnPosition:
		out.i = int64(pgtext.Position(b, c.args[1].b))
	case fnStartsWith:
		out.setBool(bytes.HasPrefix(b, c.args[1].b))
	case fnASCII:
		out.i = pgtext.ASCII(b)
	case fnConcat:
		return m.concat(nil, c.args, c.types, out)
	case fnConcatSeparated:
		if out.null = c.args[0].null; out.null {
			return nil
		}
		return m.concat(b, c.args[1:], c.types[1:], out)
	default:
		if out.b, err = textPart(c); err == ErrCorrupt {
			out.b, err = m.newText(c)
		}
	}
	return err
}

// textPart has the functions that yield a part of their first argument.
func textPart(c *call) ([]byte, error) {
	b := c.args[0].b
	switch c.id {
	case fnSubstring:
		if len(c.args) == 2 {
			return pgtext.From(b, c.args[1].i), nil
		}
		return pgtext.Substring(b, c.args[1].i, c.args[2].i)
	case fnLeft:
		return pgtext.Left(b, c.args[1].i), nil
	case fnRight:
		return pgtext.Right(b, c.args[1].i), nil
	case fnSplitPart:
		return pgtext.SplitPart(b, c.args[1].b, c.args[2].i)
	case fnTrimBoth:
		return pgtext.Trim(b, setOf(c, 1)), nil
	case fnTrimLeft:
		return pgtext.TrimLeft(b, setOf(c, 1)), nil
	case fnTrimRight:
		return pgtext.TrimRight(b, setOf(c, 1)), nil
	}
	return nil, ErrCorrupt
}

// setOf is an argument that is a blank when it is left out.
func setOf(c *call, i int) []byte {
	if i < len(c.args) {
		return c.args[i].b
	}
	return blankSet()
}

// newText has the functions that write a text.
func (m *machine) newText(c *call) ([]byte, error) {
	b := c.args[0].b
	switch c.id {
	case fnConcatOperator:
		if c.types[0] != tText || c.types[1] != tText {
			return m.wrote(output(output(m.s.buf, c.types[0], &c.args[0]), c.types[1], &c.args[1]), nil)
		}
		return m.wrote(pgtext.Concat(m.s.buf, b, c.args[1].b))
	case fnReplace:
		return m.wrote(pgtext.Replace(m.s.buf, b, c.args[1].b, c.args[2].b))
	case fnTranslate:
		return m.wrote(pgtext.Translate(m.s.buf, b, c.args[1].b, c.args[2].b))
	case fnReverse:
		return m.wrote(pgtext.Reverse(m.s.buf, b), nil)
	case fnRepeat:
		return m.wrote(pgtext.Repeat(m.s.buf, b, c.args[1].i))
	case fnPadLeft:
		return m.wrote(pgtext.PadLeft(m.s.buf, b, c.args[1].i, setOf(c, 2)))
	case fnPadRight:
		return m.wrote(pgtext.PadRight(m.s.buf, b, c.args[1].i, setOf(c, 2)))
	case fnChr:
		return m.wrote(pgtext.Chr(m.s.buf, c.args[0].i))
	case fnMD5:
		return m.wrote(pgtext.MD5(m.s.buf, b), nil)
	}
	return nil, ErrCorrupt
}

// concat joins the texts of the arguments that are not NULL. Unlike a cast it keeps the blanks of a bpchar, and a bool is one
// letter.
func (m *machine) concat(separator []byte, args []value, types []typeID, out *value) (err error) {
	buf, first := m.s.buf, true
	for i := range args {
		v := &args[i]
		switch {
		case v.null:
			continue
		case !first:
			buf = append(buf, separator...)
		}
		first = false
		if types[i] == tBool {
			letter := byte('f')
			if v.i != 0 {
				letter = 't'
			}
			buf = append(buf, letter)
		} else {
			buf = output(buf, types[i], v)
		}
		if len(buf) > maxScratch {
			return errTooLarge
		}
	}
	out.b, err = m.wrote(buf, nil)
	return err
}
