package consumer

import (
	"leyden/actors/work"
	"leyden/internal/pg"
	"leyden/persistence/shapelog"
)

// A transaction may wake very many consumers at once. Nothing is read from the disk for one that can do without: the end of a log
// that was in use since the start of the process is in memory, and so is whether its snapshot is complete. Which transactions that
// contains matters only for one that began before the latest snapshot of all shapes.

// ReadState reads what a consumer starts from.
func ReadState(log *shapelog.Log) (State, error) {
	head, err := log.Head()
	if err != nil {
		return State{}, err
	}
	if head.SnapshotComplete {
		filtering := !log.Unfiltered()
		return State{Latest: head.Latest, Known: true, Filtering: filtering, Unread: filtering}, nil
	}
	info, err := log.Snapshot()
	if err != nil {
		return State{}, err
	}
	return State{Latest: head.Latest, Known: info.Known, Filtering: info.Filtering, Snapshot: info.Snapshot}, nil
}

// Recall reads the snapshot if it may contain the delivery's transaction. Until then the end of the filtering is left to
// FilteringOver.
func (c *Core) Recall(d *work.Delivery) error {
	if !c.unread || !c.filtering || !d.Begin || pg.XidAtLeast(d.Work.Fragment.XID, c.log.Horizon()) {
		return nil
	}
	info, err := c.log.Snapshot()
	if err != nil {
		return err
	}
	c.snapshot, c.filtering, c.unread = info.Snapshot, info.Filtering, false
	return nil
}
