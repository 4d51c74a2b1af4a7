package simulation

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"leyden/actors/work"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// results are those of a shape's subqueries over the given rows of the inner shapes' tables.
func (w *world) results(s *simShape, table func(*simShape) rows) []result {
	out := make([]result, len(s.inner))
	for i, in := range s.inner {
		inner := w.results(in, table)
		for _, r := range table(in) {
			if in.match(r, inner) {
				out[i] = append(out[i], r.columns(s.def.Where.Subqueries()[i].Columns))
			}
		}
	}
	return out
}

// checkOuter compares a shape with subqueries with the query over what the stream has delivered, when nothing is under way for it.
func (w *world) checkOuter(s *simShape) error {
	if !w.quiet(s) {
		return nil
	}
	w.did("checked outer shape")
	var err error
	at := func(in *simShape) rows {
		to := w.taken
		if len(in.inner) == 0 { // its log may be ahead of a stream that begins again
			if e := in.client.read(in.log); e != nil {
				err = e
			}
			if !in.client.at.Virtual() {
				to = max(to, in.client.at.Tx)
			}
		}
		return w.pg.at(in.table, *in.snapshot, to)
	}
	results := w.results(s, at)
	if err != nil {
		return err
	}
	return w.compare(s, at(s), results)
}

// quiet reports whether nothing is under way for a shape.
func (w *world) quiet(s *simShape) bool {
	if w.collector.Passing() || len(w.stream.fragments) > 0 || w.inFlight > 0 || len(w.toWriter) > 0 || w.writer.Ready() {
		return false
	}
	for _, m := range w.toColl {
		switch m.(type) {
		case *work.Durable, *work.AddShape, *work.RemoveShape, *work.Members, *work.MembersMoved, *work.MembersOver, *work.Settled:
		default:
			return false
		}
	}
	return w.still(s)
}

func (w *world) still(s *simShape) bool {
	if w.queries[s.id] != nil || slices.ContainsFunc(w.followed[s.id], func(f *followed) bool { return !f.started }) {
		return false
	}
	if m := w.consumers[s.id]; m != nil {
		if len(m.queue) > 0 || m.dead {
			return false
		}
		if m.actor != nil {
			waits := false
			w.receive(m, &work.Verify{ID: s.id, Deferred: func() { waits = true }})
			if waits {
				return false
			}
		}
	}
	return !slices.ContainsFunc(s.inner, func(in *simShape) bool { return !w.still(in) })
}

// ascend checks that what is appended to the log of a shape with subqueries comes behind what is in it.
func (w *world) ascend(batches []shapelog.Batch) error {
	if !w.subqueries {
		return nil
	}
	for _, b := range batches {
		for _, a := range b.Appends {
			s := w.of(a.Log)
			if s == nil || len(s.inner) == 0 {
				continue
			}
			for i := range a.Items {
				if at := a.Items[i].Offset; !w.ends[a.Log].Less(at) {
					return fmt.Errorf("shape %d: %s is appended behind %s", s.id, at, w.ends[a.Log])
				}
				w.ends[a.Log] = a.Items[i].Offset
			}
		}
	}
	return nil
}

func (w *world) of(log *shapelog.Log) *simShape {
	for _, s := range w.shapes {
		if s.log == log {
			return s
		}
	}
	return nil
}

// removeAll removes every shape, those with subqueries first, and checks that nothing is left of them.
func (w *world) removeAll(engine []action) error {
	dependents := [][]string{{"router", "layers", "places", "entries"}, {"position", "awaits", "entries"}}
	results := [][]string{{"outers", "entries"}, {"sources", "entries"}}
	for _, outer := range []bool{true, false} {
		for _, id := range w.ids() {
			if s := w.shapes[id]; s != nil && !s.removing && outer == (len(s.inner) > 0) {
				w.beginRemoval(s)
			}
		}
		if err := w.rest(engine); err != nil {
			return err
		}
		if err := errors.Join(empty("collector", w.collector, dependents), empty("filter", w.filter, results)); err != nil {
			return err
		}
	}
	if n := len(w.shapes) + len(w.consumers) + len(w.followed) + len(w.queries); n > 0 {
		return fmt.Errorf("%d shapes, consumers, materializers and queries are left: %v", n, w.ids())
	}
	if held := w.writer.Holders(w.run); len(held) > 0 {
		return fmt.Errorf("of removed shapes %v hold the position", held)
	}
	m := w.host.Metrics
	if held, values, awake := m.HeldBytes.Load(), m.Materialized.Load(), m.Awake.Load(); held != 0 || values != 0 || awake != 0 {
		return fmt.Errorf("%d bytes held, %d materializers, %d consumers are left", held, values, awake)
	}
	if err := empty("filter", w.filter, [][]string{{"tables"}}); err != nil {
		return err
	}
	for id := range shape.ID(1000) {
		if w.filter.Has(id) {
			return fmt.Errorf("shape %d is routed to", id)
		}
	}
	return nil
}

// empty checks that maps inside of v have no entries.
func empty(what string, v any, paths [][]string) error {
	for _, path := range paths {
		at := reflect.ValueOf(v)
		for _, name := range path {
			for at.Kind() == reflect.Pointer {
				at = at.Elem()
			}
			at = at.FieldByName(name)
		}
		if n := at.Len(); n > 0 {
			return fmt.Errorf("the %s has %d entries in %v", what, n, path)
		}
	}
	return nil
}
