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

// Recall reads the snapshot from the log of a core that has to know it for the delivery.
func Recall(c *Core, log *shapelog.Log, d *work.Delivery) error {
	if !c.NeedsSnapshot(d, log.Horizon()) {
		return nil
	}
	info, err := log.Snapshot()
	if err != nil {
		return err
	}
	c.SnapshotRead(info.Snapshot, info.Filtering)
	return nil
}

// NeedsSnapshot reports whether SnapshotRead has to come before the delivery, because the snapshot may contain its transaction.
// All snapshots end before horizon. Until then the end of the filtering is left to FilteringOver.
func (c *Core) NeedsSnapshot(d *work.Delivery, horizon uint64) bool {
	return c.unread && c.filtering && d.Begin && !pg.XidAtLeast(d.Work.Fragment.XID, horizon)
}

// SnapshotRead takes in the snapshot of a state that was Unread.
func (c *Core) SnapshotRead(s pg.Snapshot, filtering bool) {
	c.snapshot, c.filtering, c.unread = s, filtering, false
}
