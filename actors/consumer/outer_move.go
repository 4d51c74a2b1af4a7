package consumer

import (
	"slices"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/subquery"
	"leyden/persistence/shapelog"
)

// move is a change of a view for which rows have to be read.
type move struct {
	batch         subquery.Batch
	before, after []subquery.Set
	withNull      bool // rows with NULL on the left come too

	known    bool // snapshot and lsn are
	snapshot pg.Snapshot
	lsn      uint64
	reached  bool // the stream has passed lsn
	read     bool // rows are there
	rows     [][]byte
}

// Moved takes in how the result of a subquery changed.
func (o *Outer) Moved(m *work.Moved) Effects {
	if o.dead != nil {
		return Effects{}
	}
	o.numbers[m.Dependency] = m.Number
	o.owing[m.Dependency] = o.owing[m.Dependency] || len(m.Out) > 0
	if !o.fixed {
		o.views[m.Dependency] = m.After // nothing has been made with the old one
		return Effects{}
	}
	base := o.views
	if o.move != nil {
		base = o.move.after
	}
	o.queue.Enqueue(m.Dependency, m.Moves, base[m.Dependency])
	o.share(base, m.Dependency)
	if !o.known || o.move != nil {
		return Effects{}
	}
	out := o.newEffects()
	o.drain(&out)
	return o.finish(out)
}

// drain takes moves off the queue until one needs rows.
func (o *Outer) drain(out *Effects) {
	for {
		b, ok := o.queue.Pop()
		if !ok {
			return
		}
		if out.Err = o.begin(out, b); out.Err != nil || o.move != nil {
			return
		}
	}
}

// begin applies a move to its view. Whether its rows leave, which is told at once, or come, which makes it the move that is under
// way, depends on the polarity.
func (o *Outer) begin(out *Effects, b subquery.Batch) error {
	negated, columns := o.rows.polarity(b.Dependency)
	view := o.views[b.Dependency]
	if negated && (columns > 1 && o.mayBePartial(b.Dependency) || slices.ContainsFunc(b.Values, subquery.Value.HasNull)) {
		return work.ErrMoveUnprovable
	}
	after := slices.Clone(o.views)
	if b.In {
		after[b.Dependency] = view.With(b.Values, nil)
	} else {
		after[b.Dependency] = view.With(nil, b.Values)
	}
	o.share(after, b.Dependency)
	// A value with a NULL is equal to nothing: without a NOT, no row comes or goes with it.
	b.Values = slices.DeleteFunc(b.Values, subquery.Value.HasNull)
	// NULL is not in an empty result, and neither in nor not in another.
	withNull := negated && (view.Len() == 0) != (after[b.Dependency].Len() == 0)
	switch {
	case len(b.Values) == 0, negated && columns == 1 && after[b.Dependency].HasNull():
		o.views = after // nothing is not in a result that has a NULL, whatever else it has
	case b.In == negated:
		o.views = after
		o.append(out, []change.Item{o.rows.control(next(o.latest), subquery.MoveOut, b, withNull)}, b.XIDs...)
	default:
		o.move = &move{batch: b, before: o.views, after: after, withNull: withNull}
		o.query(out)
	}
	return nil
}

// share puts the set that the subquery's result is, which all who follow it have, in the place of an equal one.
func (o *Outer) share(views []subquery.Set, dependency int) {
	if set, ok := o.queue.Settled(dependency); ok {
		views[dependency] = set
	}
}

// query has the rows of the move read, for the first time or again.
func (o *Outer) query(out *Effects) {
	o.number++
	m := o.move
	m.known, m.reached, m.read, m.rows = false, false, false, nil
	out.Query = &work.MoveIn{ID: o.id, Number: o.number, Dependency: m.batch.Dependency, Before: m.before, After: m.after}
}

// MoveInKnown takes in the database snapshot of the query.
func (o *Outer) MoveInKnown(m *work.MoveInKnown) Effects {
	if o.move == nil || m.Number != o.number {
		return Effects{}
	}
	o.move.known, o.move.reached, o.move.snapshot, o.move.lsn = true, false, m.Snapshot, m.LSN
	return Effects{Await: m.LSN}
}

// Reached takes in that all transactions up to lsn have been delivered.
func (o *Outer) Reached(lsn uint64, e *change.Encoder) Effects {
	if o.move == nil || !o.move.known || lsn < o.move.lsn {
		return Effects{}
	}
	o.move.reached = true
	return o.splice(e)
}

// MoveInRows takes in what the query has found.
func (o *Outer) MoveInRows(m *work.MoveInRows, e *change.Encoder) Effects {
	if o.move == nil || m.Number != o.number {
		return Effects{}
	}
	if m.Err != nil {
		return Effects{Err: o.die(m.Err)}
	}
	o.move.read, o.move.rows = true, m.Rows
	o.rowsRead(m.Partial)
	return o.splice(e)
}

// splice ends the move once everything is there: the stream has passed all that the query has seen. A commit can be streamed before
// others can see it, so that the query may contain a transaction and not one before it in the stream; then it is made again.
func (o *Outer) splice(e *change.Encoder) Effects {
	m := o.move
	if !m.known || !m.reached || !m.read {
		return Effects{}
	}
	seen := 0
	for seen < len(o.held) && m.snapshot.Visible(o.held[seen].xid()) {
		seen++
	}
	out := o.newEffects()
	for i := range o.held[seen:] {
		if m.snapshot.Visible(o.held[seen+i].xid()) {
			o.query(&out)
			return o.finish(out)
		}
	}
	if o.take(&out, seen, m.before, e); out.Err != nil {
		return o.finish(out)
	}
	o.append(&out, o.moved(), m.batch.XIDs...)
	o.views, o.move = m.after, nil
	if o.take(&out, len(o.held), o.views, e); out.Err == nil {
		o.drain(&out)
	}
	return o.finish(out)
}

// moved is what the log says of the move: its patterns, its rows, and the database snapshot that they are from.
func (o *Outer) moved() []change.Item {
	m := o.move
	at := next(o.latest)
	items := append(make([]change.Item, 0, len(m.rows)+2), o.rows.control(at, subquery.MoveIn, m.batch, m.withNull))
	for _, row := range m.rows {
		at = next(at)
		items = append(items, change.Item{Offset: at, JSON: row})
	}
	if len(m.rows) > 0 {
		items = append(items, change.Item{Offset: next(at), JSON: shapelog.SnapshotEnd(m.snapshot)})
	}
	return items
}
