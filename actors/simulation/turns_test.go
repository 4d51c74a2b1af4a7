package simulation

import (
	"maps"
	"slices"

	"leyden/actors/consumer"
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
)

// mailbox finds or makes the consumer of a shape, nil for one that is being removed or gone.
func (w *world) mailbox(id shape.ID) *mailbox {
	if m := w.consumers[id]; m != nil {
		return m
	}
	if s := w.shapes[id]; s == nil || s.removing {
		return nil
	}
	m := &mailbox{}
	w.consumers[id] = m
	return m
}

// feed gives the collector the next event of the stream.
func (w *world) feed() (bool, error) {
	if w.inFlight >= maxInFlight || w.collector.Passing() {
		return false, nil
	}
	e := w.stream.receive()
	w.delivered = max(w.delivered, w.stream.next)
	switch e := e.(type) {
	case *change.Fragment:
		return true, w.fragment(e)
	case *change.Relation:
		return true, w.relation(e)
	}
	return w.reach(), nil
}

func (w *world) fragment(f *change.Fragment) error {
	taken, err := w.collector.Fragment(f)
	if err != nil {
		return err
	}
	w.log("fragment %d..%s xid %d begin %t commit %t: duplicate %t, work %t", f.LSN, f.Last, f.XID, f.Begin, f.Commit != nil, taken.Duplicate, taken.Work != nil)
	if taken.Duplicate {
		w.did("duplicate fragment")
	}
	if taken.Work != nil {
		taken.Work.Settled = w.store.Position()
		w.inFlight++
		w.incomplete[taken.Work.Seq] = true
		w.handOut(taken.Work)
	}
	w.tellReached()
	if f.Commit != nil {
		w.taken = max(w.taken, f.LSN)
	}
	return w.settled()
}

// handOut gives the consumers their parts of a work, or of the layer of it that is due.
func (w *world) handOut(m *work.Work) {
	for p := range partitions {
		share := w.collector.Share(m, p)
		for i := range share {
			d := &share[i]
			if box := w.mailbox(d.ID); box != nil {
				box.queue = append(box.queue, d)
			} else {
				d.Complete(work.Result{Held: true})
			}
		}
	}
}

func (w *world) relation(r *change.Relation) error {
	d, err := w.collector.Relation(r)
	if err != nil {
		return err
	}
	if d.Hold != nil {
		w.inFlight++
		for i := range d.Hold.Deliveries {
			d.Hold.Deliveries[i].Complete(work.Result{Held: true})
		}
	}
	for _, id := range d.Invalid {
		w.invalidate(id, work.ErrRelationChanged)
	}
	if d.Store == nil {
		return nil
	}
	return w.store.Put("tracked_relations", d.Store)
}

func (w *world) settled() error {
	if lsn, moved := w.collector.Boundary(); moved {
		w.pg.confirmed = max(w.pg.confirmed, lsn)
	}
	for {
		id, ok := w.collector.FilteringOver(w.store.Position())
		if !ok {
			return nil
		}
		w.did("filtering over")
		m := &work.FilteringOver{Run: w.run, ID: id}
		if box := w.consumers[id]; box != nil {
			box.queue = append(box.queue, m)
		} else if s := w.shapes[id]; s != nil && !s.removing {
			w.run.Late(&work.Late{Run: w.run, ID: id, Log: s.log, Parts: []work.Part{{FilteringDone: true}}})
		}
	}
}

// collect gives the collector its next message.
func (w *world) collect() (bool, error) {
	if len(w.toColl) == 0 {
		return false, nil
	}
	m := w.toColl[0]
	w.toColl = w.toColl[1:]
	switch m := m.(type) {
	case *work.AddShape:
		err := w.collector.Add(m)
		m.Done(err)
		if s := w.shapes[m.ID]; s != nil && err == nil {
			s.routed = w.delivered
		}
	case *work.SnapshotKnown:
		w.collector.Known(m.ID, m.Snapshot.Xmax)
		if box := w.consumers[m.ID]; box != nil {
			box.queue = append(box.queue, m)
		}
	case *work.RemoveShape:
		w.collector.Remove(m.ID)
		w.toWriter = append(w.toWriter, &work.Forget{Run: w.run, ID: m.ID, Seq: w.collector.Seq()})
		m.Done()
	case *work.Durable:
		w.collector.Durable(m)
		return true, w.settled()
	default:
		w.collectSubqueries(m)
	}
	return true, nil
}

// consumeAny gives some consumer its next message.
func (w *world) consumeAny() bool {
	var busy []shape.ID
	for _, id := range slices.Sorted(maps.Keys(w.consumers)) {
		if len(w.consumers[id].queue) > 0 {
			busy = append(busy, id)
		}
	}
	if len(busy) == 0 {
		return false
	}
	id := busy[w.rng.IntN(len(busy))]
	if w.subqueries && uint64(id)%5 == w.slow && w.rng.IntN(12) > 0 && len(busy) > 1 {
		return true // it lags behind the others
	}
	w.consume(id, w.consumers[id])
	return true
}

func (w *world) consume(id shape.ID, m *mailbox) {
	s := w.shapes[id]
	if w.subqueries {
		w.consumeActor(s, m)
		return
	}
	if !m.built {
		m.built = true
		st, err := consumer.ReadState(s.log)
		if err != nil {
			w.invalidate(id, err)
		} else {
			m.core = consumer.New(work.Shape{ID: id, Def: s.def, Log: s.log}, st, w.projections, maxRunning)
		}
	}
	message := m.queue[0]
	m.queue = m.queue[1:]
	switch message := message.(type) {
	case *work.Delivery:
		r := work.Result{Held: true}
		if m.core != nil {
			if err := consumer.Recall(m.core, s.log, message); err != nil {
				m.core = nil
				w.invalidate(id, err)
			}
		}
		if m.core != nil {
			e := w.projections.Encoder()
			var err error
			if r, err = m.core.Deliver(message, e); err != nil {
				w.invalidate(id, err)
			}
			w.projections.Return(e)
		}
		if r.Held {
			w.did("held")
		}
		if r.FilteringDone {
			w.did("filtering done")
		}
		w.log("shape %d takes %s: %d items, commit %t, held %t", id, message.Work.Fragment.Last, len(r.Items), r.Commit, r.Held)
		message.Complete(r)
	case *work.SnapshotKnown:
		if m.core == nil {
			return
		}
		late, err := m.core.SnapshotKnown(message.Snapshot)
		if err != nil {
			w.invalidate(id, err)
		} else if late != nil {
			w.did("late")
			w.log("shape %d hands in %d held parts", id, len(late.Parts))
			late.Run.Late(late)
		}
	case *work.FilteringOver:
		if m.core != nil && m.core.FilteringOver() {
			w.run.Late(&work.Late{Run: w.run, ID: id, Log: s.log, Parts: []work.Part{{FilteringDone: true}}})
		}
	}
}

// write gives the writer its next message, or has it write what it has.
func (w *world) write() (bool, error) {
	if w.writer.Ready() && w.rng.IntN(3) == 0 || len(w.toWriter) == 0 {
		if !w.writer.Ready() {
			return false, nil
		}
		g := w.writer.Gather()
		if err := w.ascend(g.Batches); err != nil {
			return false, err
		}
		if err := w.store.Apply(g.Batches); err != nil {
			return false, err
		}
		w.inFlight -= len(g.Works)
		w.durable = w.writer.Durable()
		w.log("applied %d works, %d lates: position %d", len(g.Works), len(g.Lates), w.store.Position())
		return true, nil
	}
	m := w.toWriter[0]
	w.toWriter = w.toWriter[1:]
	switch m := m.(type) {
	case *work.Work:
		w.writer.Work(m)
	case *work.Late:
		w.writer.Late(m)
	case *work.Forget:
		if w.writer.Forget(m) {
			w.durable = w.writer.Durable()
		}
	}
	return true, nil
}

func (w *world) sync() (bool, error) {
	made := func(s *simShape) bool { return s.complete && !s.durable }
	if w.durable == nil && w.pick(made) == nil {
		return false, nil
	}
	if err := w.store.Sync(); err != nil {
		return false, err
	}
	for _, s := range w.shapes {
		s.durable = s.durable || made(s)
	}
	if w.durable != nil {
		w.toColl = append(w.toColl, w.durable)
		w.durable = nil
	}
	return true, nil
}
