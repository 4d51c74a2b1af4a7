package consumer

import (
	"fmt"
	"slices"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/persistence/shapelog"
)

// Outer is the state of the consumer of a shape with subqueries. It is a plain value: no goroutine, no clock; it does not write.
//
// What a client has after the log up to some place is the rows of the table at that place of the stream for which the clause is true
// with the views in place of the subqueries. Transactions change the table under views that stay; what the subqueries' results lose
// and gain (a move) changes the views under a table that stays. Values that rows leave with are told at once. Rows that come with a
// value have to be read: from then until they are there the transactions are held, and those that the database snapshot of the
// query contains are taken before its rows, the others after.
//
// It takes transactions whole, so that the moves of one, which come with its commit, can be told before its own changes.
type Outer struct {
	id        shape.ID
	log       *shapelog.Log
	rows      outerRows
	maxHeld   int // transactions held for a move
	latest    shape.Offset
	after     uint64 // the last work with something in it that was not held
	run       *work.Run
	views     []subquery.Set // that the log is made with
	numbers   []uint64       // of the results that the shape was told last
	settled   []uint64       // the last report
	owing     []bool         // values went since that
	missing   int            // results that have not been told at all
	fixed     bool           // the views are those of the snapshot
	queue     subquery.Queue
	move      *move  // under way
	number    uint64 // of the last query
	read      bool   // all rows of the first snapshot have been
	partial   []bool // of each subquery: a row that was read had a NULL among several columns
	known     bool   // snapshot is set; until then transactions are held
	filtering bool   // transactions are compared with snapshot
	snapshot  pg.Snapshot
	open      bool // a transaction is
	gathered  []*work.Delivery
	held      []transaction
	heldBytes int   // of the held and gathered changes
	dead      error // why the log cannot be continued
}

// transaction is all that a transaction has for the shape.
type transaction struct {
	deliveries []*work.Delivery // the last has the commit
	bytes      int
}

func (t *transaction) last() *work.Work { return t.deliveries[len(t.deliveries)-1].Work }
func (t *transaction) xid() uint32      { return t.last().Fragment.XID }

// Effects is what an Outer wants done, in this order.
type Effects struct {
	// Late is to be handed in before another delivery is completed.
	Late *work.Late
	// Told is what was handed in, here or as a result, for those who depend on the shape itself.
	Told []Told
	// Query is to be made; MoveInKnown and MoveInRows answer it. Await is a stream position of which Reached is to tell.
	Query *work.MoveIn
	Await uint64
	// Settled is to be reported to the collector, nil for nothing.
	Settled []uint64
	// Err says that the log cannot be continued. It is given once, and everything from then on is held until the shape is removed.
	Err error
}

// Told is a part of the log that readers see at once, and the transactions that it comes from.
type Told struct {
	Items []change.Item
	XIDs  []uint64
}

// OuterConfig is what an Outer is made from.
type OuterConfig struct {
	Shape       work.Shape
	Stack       string // the name in tags
	Projections *change.Projections
	// MaxHeld is how many transactions are held for a move, at most: the shape ends with the next one.
	MaxHeld int
}

// NewOuter returns the consumer of a new shape. A shape with subqueries does not outlive its consumer.
func NewOuter(c OuterConfig) *Outer {
	n := len(c.Shape.Def.Where.Subqueries())
	rows := newOuterRows(c)
	return &Outer{
		id: c.Shape.ID, log: c.Shape.Log, rows: rows, maxHeld: c.MaxHeld, latest: shape.SnapshotEnd,
		views: make([]subquery.Set, n), numbers: make([]uint64, n), settled: make([]uint64, n), owing: make([]bool, n), partial: make([]bool, n), missing: n,
	}
}

// View takes in the result of a subquery. It comes once for each, before everything else of it.
func (o *Outer) View(m *work.View) {
	o.views[m.Dependency], o.numbers[m.Dependency] = m.Set, m.Number
	o.missing--
}

// Begin fixes the views, and returns false as long as one is missing.
func (o *Outer) Begin(run *work.Run) ([]subquery.Set, bool) {
	if o.missing > 0 || o.dead != nil {
		return nil, false
	}
	o.run, o.fixed = run, true
	return slices.Clone(o.views), true
}

// Deliver takes in a delivery.
func (o *Outer) Deliver(d *work.Delivery, e *change.Encoder) (work.Result, Effects) {
	if o.dead != nil {
		return work.Result{Held: true}, Effects{}
	}
	f := d.Work.Fragment
	if d.Begin == o.open {
		panic(fmt.Sprintf("shape %d: transaction %d, begin %t, comes while one is open: %t", o.id, f.LSN, d.Begin, o.open))
	}
	o.open = f.Commit == nil
	o.gathered = append(o.gathered, d)
	o.heldBytes += tupleBytes(d)
	if o.open {
		return work.Result{}, Effects{} // it is not stored before its commit, and not acknowledged
	}
	t := transaction{deliveries: o.gathered}
	for _, d := range t.deliveries {
		t.bytes += tupleBytes(d)
	}
	o.gathered = nil
	if !o.known || o.move != nil {
		o.held = append(o.held, t)
		if o.move != nil && len(o.held) > o.maxHeld {
			return work.Result{Held: true}, Effects{Err: o.die(work.ErrBufferOverflow)}
		}
		return work.Result{Held: true}, Effects{}
	}
	items, err := o.convert(&t, o.views, e)
	if err != nil {
		return work.Result{Held: true}, Effects{Err: o.die(err)}
	}
	if len(items) == 0 {
		return work.Result{}, Effects{}
	}
	o.after = d.Work.Seq
	return work.Result{Log: o.log, Items: items, Commit: true}, Effects{Told: []Told{{items, []uint64{uint64(t.xid())}}}}
}

// tupleBytes is what a delivery holds in memory by itself, roughly.
func tupleBytes(d *work.Delivery) int {
	n := 0
	for _, i := range d.Changes() {
		c := &d.Work.Changes[i]
		for _, v := range c.Old {
			n += len(v)
		}
		for _, v := range c.New {
			n += len(v)
		}
	}
	return n
}

// convert makes the items of a transaction, none if the first snapshot contains it.
func (o *Outer) convert(t *transaction, views []subquery.Set, e *change.Encoder) ([]change.Item, error) {
	o.heldBytes -= t.bytes
	if o.filtering && o.snapshot.Visible(t.xid()) {
		return nil, nil
	}
	var items []change.Item
	for _, d := range t.deliveries {
		var err error
		if items, err = o.rows.convert(items, d, views, e); err != nil {
			return nil, err
		}
	}
	if n := len(items); n > 0 {
		items[n-1].Last = true
		o.latest = items[n-1].Offset
	}
	return items, nil
}

// SnapshotKnown takes in the snapshot of the shape.
func (o *Outer) SnapshotKnown(s pg.Snapshot, e *change.Encoder) Effects {
	if o.known || o.dead != nil {
		return Effects{}
	}
	o.known, o.filtering, o.snapshot = true, true, s
	out := o.newEffects()
	if o.take(&out, len(o.held), o.views, e); out.Err == nil {
		o.drain(&out)
	}
	return o.finish(out)
}

// SnapshotRead takes in that the rows of the first snapshot are complete.
func (o *Outer) SnapshotRead(m *work.SnapshotRead) {
	o.read = true
	o.rowsRead(m.Partial)
}

// rowsRead takes in what is known of rows that were read.
func (o *Outer) rowsRead(partial []bool) {
	for i, p := range partial {
		o.partial[i] = o.partial[i] || p
	}
}

// mayBePartial reports whether a client may have a row with a NULL among the several columns that are looked for in a result.
func (o *Outer) mayBePartial(dependency int) bool {
	return !o.read || o.partial[dependency] || o.rows.tagger.Partial(dependency)
}

// FilteringOver ends the comparison with the snapshot, and reports whether that is to be stored.
func (o *Outer) FilteringOver() bool {
	over := o.dead == nil && o.filtering
	o.filtering = o.filtering && !over
	return over
}

// Holds reports whether something is not in what was handed in: a transaction that is held, or a move that is not applied.
func (o *Outer) Holds() bool { return len(o.held) > 0 || o.move != nil || !o.queue.Empty() }

// Waiting reports whether transactions are held for a reason.
func (o *Outer) Waiting() bool { return o.dead == nil && (!o.known || o.move != nil) }

// GiveUp ends the shape for a reason that is not in its log: what it holds is let go. It returns the reason.
func (o *Outer) GiveUp(reason error) error { return o.die(reason) }

func (o *Outer) die(err error) error {
	o.dead, o.held, o.gathered, o.move, o.heldBytes = err, nil, nil, nil, 0
	return err
}

// newEffects begins what is appended now.
func (o *Outer) newEffects() Effects {
	return Effects{Late: &work.Late{Run: o.run, ID: o.id, Log: o.log, After: o.after}}
}

// finish ends it.
func (o *Outer) finish(out Effects) Effects {
	if out.Err != nil {
		return Effects{Err: o.die(out.Err)}
	}
	if len(out.Late.Parts) == 0 && out.Late.Seq == 0 {
		out.Late = nil
	}
	out.Settled = o.report()
	return out
}

// report says up to which results the views have lost what went, if that is news.
func (o *Outer) report() []uint64 {
	if !o.known {
		return nil
	}
	news := false
	for i := range o.numbers {
		if (o.owing[i] || o.settled[i] == 0) && !o.queue.Leaves(i) {
			o.settled[i], o.owing[i], news = o.numbers[i], false, true
		}
	}
	if !news {
		return nil
	}
	return slices.Clone(o.settled)
}

// take appends the first n of the held transactions, made with views.
func (o *Outer) take(out *Effects, n int, views []subquery.Set, e *change.Encoder) {
	for i := range o.held[:n] {
		t := &o.held[i]
		items, err := o.convert(t, views, e)
		if err != nil {
			out.Err = err
			return
		}
		out.Late.Seq = t.last().Seq
		o.append(out, items, uint64(t.xid()))
	}
	o.held = slices.Clone(o.held[n:])
}

// append adds a part that readers see at once.
func (o *Outer) append(out *Effects, items []change.Item, xids ...uint64) {
	if len(items) == 0 {
		return
	}
	o.latest = items[len(items)-1].Offset
	out.Late.Parts = append(out.Late.Parts, work.Part{Items: items, Commit: true})
	out.Told = append(out.Told, Told{items, xids})
}

// next is the place behind everything: what is no change of a transaction lies between two of them.
func next(o shape.Offset) shape.Offset {
	if o.Tx == 0 {
		return shape.Offset{Tx: 1}
	}
	return shape.Offset{Tx: o.Tx, Op: o.Op + 1}
}

// Rest gives up what the next transaction finds again.
func (o *Outer) Rest() { o.rows.rest() }
