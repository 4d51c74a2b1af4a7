package where

import "leyden/internal/where/bytea"

// inputBytea is the input function of bytea.
func (m *machine) inputBytea(out *value) (err error) {
	out.b, err = m.wrote(bytea.Input(m.s.buf, out.b))
	return err
}

// appendBytea is the output function of bytea, bytea_output hex.
func appendBytea(dst []byte, b []byte) []byte { return bytea.Output(dst, b) }
