package consumer

import (
	"fmt"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Core is the state of one shape's consumer. It is a plain value: no goroutine, no clock; it does not write.
type Core struct {
	id   shape.ID
	log  *shapelog.Log
	rows rows

	// latest is the last item of the last transaction that was handed in for the log.
	latest shape.Offset

	known     bool // snapshot is set; until then deliveries are held
	stored    bool // the store knows the snapshot
	filtering bool // transactions are compared with snapshot
	snapshot  pg.Snapshot
	unread    bool // snapshot is not set although it is known: see NeedsSnapshot
	// settles is the commit LSN of a transaction that began after the snapshot, 0 while there was none: no transaction from
	// there on can be in the snapshot.
	settles uint64
	margin  uint64 // see work.SettleMargin

	txn       txn
	held      []held
	heldBytes int   // JSON of held
	dead      error // why the log cannot be continued
}

// txn is the transaction of which more is to come.
type txn struct {
	open  bool
	skip  bool         // the snapshot contains it
	wrote bool         // items of it were handed in
	last  shape.Offset // the last of them
}

// State is what the store knows of a shape when its consumer starts.
type State struct {
	Latest    shape.Offset
	Known     bool
	Filtering bool
	Snapshot  pg.Snapshot
	// Unread says that Snapshot is to be read when a transaction comes that it may contain.
	Unread bool
}

// New returns the consumer of a shape. margin is work.SettleMargin, unless transactions are known to be closer together.
func New(s work.Shape, st State, ps *change.Projections, margin uint64) *Core {
	return &Core{
		id: s.ID, log: s.Log, rows: newRows(s.Def, ps), latest: st.Latest,
		known: st.Known, stored: st.Known, filtering: st.Filtering, snapshot: st.Snapshot, unread: st.Unread, margin: margin,
	}
}

// Deliver takes in a delivery (spec engine §6.3), for which nothing is left that NeedsSnapshot, and returns what becomes of it. An error says that the shape's log cannot be
// continued; it is returned once, and everything from then on is held until the shape has been removed.
func (c *Core) Deliver(d *work.Delivery, e *change.Encoder) (work.Result, error) {
	if c.dead != nil {
		return work.Result{Held: true}, nil
	}
	if !c.known {
		c.hold(d, e)
		return work.Result{Held: true}, nil
	}
	r, err := c.process(d, e)
	if err != nil {
		c.die(err)
		return work.Result{Held: true}, err
	}
	return r, nil
}

func (c *Core) die(err error) { c.dead, c.held, c.heldBytes = err, nil, 0 }

func (c *Core) process(d *work.Delivery, e *change.Encoder) (work.Result, error) {
	f := d.Work.Fragment
	var r work.Result
	if c.settle(d.Work.Settled) {
		r.Log, r.FilteringDone = c.log, true
	}
	c.enter(d.Begin, f.XID, f.LSN)
	if !c.txn.skip && d.Count > 0 && c.latest.Less(f.Last) {
		items, err := c.rows.convert(d, c.latest, e)
		if err != nil {
			return work.Result{}, err
		}
		c.wrote(items)
		r.Items = items
	}
	r.Commit = c.leave(f.Commit != nil)
	if len(r.Items) > 0 || r.Commit {
		r.Log = c.log
	}
	return r, nil
}

// enter begins or continues a transaction.
func (c *Core) enter(begin bool, xid uint32, lsn uint64) {
	if !begin {
		if !c.txn.open {
			panic(fmt.Sprintf("shape %d: a later fragment of transaction %d, of which there was no first", c.id, lsn))
		}
		return
	}
	if c.txn.open {
		panic(fmt.Sprintf("shape %d: transaction %d begins inside of one that ends at %s", c.id, lsn, c.txn.last))
	}
	c.txn = txn{open: true}
	if c.filtering && !c.unread {
		c.txn.skip = c.snapshot.Visible(xid)
		if c.settles == 0 && pg.XidAtLeast(xid, c.snapshot.Xmax+c.margin) {
			c.settles = lsn
		}
	}
}

func (c *Core) wrote(items []change.Item) {
	if n := len(items); n > 0 {
		c.txn.wrote, c.txn.last = true, items[n-1].Offset
	}
}

// leave ends the transaction if it is committed, and reports whether the log is to be committed with it.
func (c *Core) leave(commit bool) bool {
	if !commit {
		return false
	}
	wrote := c.txn.wrote
	if wrote {
		c.latest = c.txn.last
	}
	c.txn = txn{}
	return wrote
}

// settle ends the filtering when no transaction that the snapshot could contain will ever be sent again: settled is a
// position up to which everything is stored, for every shape.
func (c *Core) settle(settled uint64) bool {
	if !c.filtering || c.settles == 0 || settled < c.settles {
		return false
	}
	c.filtering = false
	return true
}

// FilteringOver ends the filtering, on the word of one who knows that settle would have been true. It reports whether that
// is to be stored.
func (c *Core) FilteringOver() bool {
	if c.dead != nil || !c.known || !c.filtering {
		return false
	}
	c.filtering = false
	return true
}

// Idle reports whether the consumer can be built again from the store without a difference.
func (c *Core) Idle() bool {
	return c.dead == nil && c.known && c.stored && !c.txn.open
}

// Stored tells that the store knows the snapshot now.
func (c *Core) Stored() { c.stored = true }

// NeedsStored reports whether all that keeps the consumer from being idle is that the store does not know its snapshot yet.
func (c *Core) NeedsStored() bool {
	return c.dead == nil && c.known && !c.stored && !c.txn.open
}

// Waiting reports whether the consumer holds transactions back because it does not know its snapshot.
func (c *Core) Waiting() bool { return c.dead == nil && !c.known }

// Rest gives up what the next transaction finds again.
func (c *Core) Rest() { c.rows.relation, c.rows.program, c.rows.others = nil, nil, nil }
