package where

import (
	"bytes"

	"leyden/internal/where/bytea"
	"leyden/internal/where/pgtext"
)

func (m *machine) callBytea(c *call, out *value) (err error) {
	b := c.args[0].b
	switch c.id {
	case fnByteaLength:
		out.i = int64(len(b))
	case fnByteaBits:
		out.i = int64(len(b)) * 8
		err = checkInt(out.i, tInt4)
	case fnByteaConcat:
		out.b, err = m.wrote(pgtext.Concat(m.s.buf, b, c.args[1].b))
	case fnByteaSubstring:
		if len(c.args) == 2 {
			out.b = bytea.From(b, c.args[1].i)
		} else {
			out.b, err = bytea.Substring(b, c.args[1].i, c.args[2].i)
		}
	case fnByteaPosition:
		out.i = int64(bytes.Index(b, c.args[1].b)) + 1
	case fnByteaTrimBoth:
		out.b = bytea.TrimRight(bytea.TrimLeft(b, c.args[1].b), c.args[1].b)
	case fnByteaTrimLeft:
		out.b = bytea.TrimLeft(b, c.args[1].b)
	case fnByteaTrimRight:
		out.b = bytea.TrimRight(b, c.args[1].b)
	case fnByteaMD5:
		out.b, err = m.wrote(pgtext.MD5(m.s.buf, b), nil)
	case fnEncode:
		out.b, err = m.wrote(bytea.Encode(m.s.buf, b, c.args[1].b))
	case fnDecode:
		out.b, err = m.wrote(bytea.Decode(m.s.buf, b, c.args[1].b))
	default:
		return ErrCorrupt
	}
	return err
}
