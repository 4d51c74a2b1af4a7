package writer

import "leyden/actors/work"

// Holders are the shapes of a run that have not stored what the stream has passed, in no order.
func (c *Core) Holders(run *work.Run) []work.Holder {
	if run != c.run {
		return nil
	}
	all := make([]work.Holder, 0, c.holds.lsn.Len())
	for id, lsn := range c.holds.lsn.All() {
		all = append(all, work.Holder{ID: id, LSN: lsn})
	}
	return all
}
