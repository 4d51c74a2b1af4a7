package where

func (m *machine) callArray(c *call, out *value) error {
	return ErrCorrupt
}
