package consumer

import (
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
)

// held is a delivery that came before the snapshot was known, converted as if the snapshot did not contain it. So its
// fragment need not be kept.
type held struct {
	run    *work.Run
	seq    uint64
	xid    uint32
	lsn    uint64
	begin  bool
	commit bool
	items  []change.Item
	err    error // the log cannot be continued after this, unless the snapshot contains it
}

func (c *Core) hold(d *work.Delivery, e *change.Encoder) {
	f := d.Work.Fragment
	h := held{run: d.Work.Run, seq: d.Work.Seq, xid: f.XID, lsn: f.LSN, begin: d.Begin, commit: f.Commit != nil}
	if d.Count > 0 && c.latest.Less(f.Last) {
		h.items, h.err = c.rows.convert(d, c.latest, e)
	}
	c.held = append(c.held, h)
	for i := range h.items {
		c.heldBytes += h.items[i].Len()
	}
}

// GiveUp ends a shape for a reason that is not in its log: what it holds is let go. It returns the reason.
func (c *Core) GiveUp(reason error) error {
	c.die(reason)
	return reason
}

// SnapshotKnown takes in the snapshot and returns what was held and is not in it; nil when nothing was held. What is returned
// must be handed in before another delivery is completed. An error is as that of Deliver.
func (c *Core) SnapshotKnown(s pg.Snapshot) (*work.Late, error) {
	if c.known || c.dead != nil {
		return nil, nil
	}
	c.known, c.filtering, c.snapshot = true, true, s
	if len(c.held) == 0 {
		return nil, nil
	}
	last := &c.held[len(c.held)-1]
	late := &work.Late{Run: last.run, ID: c.id, Seq: last.seq, Log: c.log}
	for i := range c.held {
		h := &c.held[i]
		c.enter(h.begin, h.xid, h.lsn)
		if c.txn.skip {
			h.items = nil
		} else if h.err != nil {
			c.die(h.err)
			return nil, h.err
		}
		c.wrote(h.items)
		if commit := c.leave(h.commit); len(h.items) > 0 || commit {
			late.Parts = append(late.Parts, work.Part{Items: h.items, Commit: commit})
		}
	}
	c.held, c.heldBytes = nil, 0
	return late, nil
}
