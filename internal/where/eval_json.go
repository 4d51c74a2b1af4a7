package where

func (m *machine) callJSON(c *call, out *value) error {
	return ErrCorrupt
}
