package where

func (m *machine) callBytea(c *call, out *value) error {
	return ErrCorrupt
}
