package where

// inputBytea is the input function of bytea.
func (m *machine) inputBytea(out *value) error { return errUnsupported }

// appendBytea is the output function of bytea, bytea_output hex.
func appendBytea(dst []byte, b []byte) []byte { return append(dst, b...) }
