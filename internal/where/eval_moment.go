package where

func (m *machine) callMoment(c *call, out *value) error {
	return ErrCorrupt
}
