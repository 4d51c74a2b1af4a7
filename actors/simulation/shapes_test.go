package simulation

import (
	"fmt"
	"maps"
	"slices"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// createShape makes a shape up to its registration with the collector.
func (w *world) createShape() (bool, error) {
	if len(w.shapes) >= maxShapes || w.apart {
		return false, nil
	}
	n := w.rng.IntN(len(w.pg.tables)+1) / 2
	t := w.pg.tables[n]
	columns := []string{"id", "tenant", "title"}
	s := &simShape{table: n, client: newClient(false)}
	match := func(row) bool { return true }
	d := &shape.Definition{
		Layout:  &shape.Layout{Table: shape.Table{OID: t.oid, Schema: "public", Name: t.name}, Key: []string{"id"}, Selected: columns, Explicit: columns},
		Replica: shape.Replica(w.rng.IntN(2)),
	}
	if w.rng.IntN(5) == 0 { // no primary key
		d.Key, d.NoPrimaryKey = columns, true
	}
	if w.rng.IntN(3) == 0 && t.version == 0 {
		d.SelectsAll, d.Explicit = true, nil
	}
	text := ""
	switch w.rng.IntN(5) {
	case 0, 1:
		text, match = "tenant = '1'", func(r row) bool { return r.tenant == "1" }
	case 2:
		text, match = "tenant > '0' AND title <> ''", func(r row) bool { return r.tenant > "0" && r.title != "" }
	case 3:
		text, match = "tenant IN ('0', '2')", func(r row) bool { return r.tenant == "0" || r.tenant == "2" }
	}
	s.match = func(r row, _ []result) bool { return match(r) }
	if text != "" {
		var cols []where.Column
		for _, name := range columns {
			cols = append(cols, where.Column{Name: name, Type: "text", TypeMod: -1})
		}
		var err error
		if d.Where, err = where.Compile(text, nil, cols); err != nil {
			return false, err
		}
	}
	w.micros++
	entry, created := w.status.Add(d)
	if !created {
		w.did("found shape")
		return true, nil
	}
	s.entry, s.id, s.def, s.handle = entry, entry.ID, d, entry.Handle
	var err error
	if s.log, err = w.store.Create(s.handle, d); err != nil {
		return false, err
	}
	entry.SetLog(s.log)
	w.shapes[s.id] = s
	w.register(s)
	w.log("create %d %s where %q key %v replica %d", s.id, t.name, text, d.Key, d.Replica)
	return true, nil
}

// advanceSnapshot does the next step of a snapshot that is being made.
func (w *world) advanceSnapshot() (bool, error) {
	s := w.pick(func(s *simShape) bool {
		return !s.complete && !s.removing && (s.added || s.attachable() || s.routable())
	})
	switch {
	case s == nil:
		return false, nil
	case s.attachable():
		w.attachAll(s)
	case s.routable():
		w.register(s)
	case s.snapshot == nil:
		var err error
		snapshot, rows := w.pg.snapshot(s.table)
		for _, t := range w.pg.log[:s.routed] {
			if !snapshot.Visible(uint32(t.xid)) {
				w.did("hidden transaction")
				return true, nil // delivered before the shape was there, and not in the snapshot: another one is taken
			}
		}
		s.snapshot = &snapshot
		if s.pending, err = w.snapshotRows(s, rows); err != nil {
			return false, err
		}
		s.writer = s.log.SnapshotWriter()
		if err := s.writer.Known(snapshot); err != nil {
			return false, err
		}
		w.toColl = append(w.toColl, &work.SnapshotKnown{ID: s.id, Snapshot: snapshot})
		w.log("snapshot of %d is %s, %d rows", s.id, snapshot, len(s.pending))
	case len(s.pending) > 0:
		for range min(snapshotAhead, len(s.pending)) {
			if err := s.writer.Row(s.pending[0]); err != nil {
				return false, err
			}
			s.pending = s.pending[1:]
		}
	default:
		if err := s.writer.Finish(); err != nil {
			return false, err
		}
		s.complete = true
		s.entry.Started()
		w.log("snapshot of %d complete", s.id)
	}
	return true, nil
}

// register has the collector route to a shape.
func (w *world) register(s *simShape) {
	m := &work.AddShape{ID: s.id, Def: s.def, Done: func(err error) {
		if err != nil {
			w.invalidate(s.id, err)
			return
		}
		s.added = true
	}}
	for _, in := range s.inner {
		m.Dependencies = append(m.Dependencies, in.id)
	}
	s.asked = true
	w.toColl = append(w.toColl, m)
}

// snapshotRows are the rows of a shape as its snapshot has them.
func (w *world) snapshotRows(s *simShape, table rows) ([][]byte, error) {
	if len(s.inner) > 0 {
		return s.memberRows(table, nil, s.views)
	}
	var out [][]byte
	for _, id := range slices.Sorted(maps.Keys(table)) {
		if r := table[id]; s.match(r, nil) {
			out = append(out, snapshotRow(s.def, r))
		}
	}
	return out, nil
}

func snapshotRow(d *shape.Definition, r row) []byte {
	values := tuple(&r, 0)
	b := append([]byte(nil), `{"key":`...)
	b = change.AppendJSONString(b, change.AppendKey(nil, d.Table.Schema, d.Table.Name, values[:len(d.Key)]))
	b = append(b, `,"value":{"id":`...)
	b = change.AppendJSONString(b, values[0])
	b = append(b, `,"tenant":`...)
	if values[1] == nil {
		b = append(b, "null"...)
	} else {
		b = change.AppendJSONString(b, values[1])
	}
	b = append(b, `,"title":`...)
	b = change.AppendJSONString(b, values[2])
	return append(b, `},"headers":{"operation":"insert"}}`...)
}

// invalidate begins the removal of a shape, once.
func (w *world) invalidate(id shape.ID, reason error) {
	if s := w.shapes[id]; s != nil && !s.removing {
		w.beginRemoval(s)
		w.did("invalidated: " + reason.Error())
		w.log("invalidate %d: %v", id, reason)
		if w.subqueries && !expected(reason) {
			w.fault = fmt.Errorf("shape %d ends: %w", id, reason)
			if c, ok := reason.(*work.Crashed); ok {
				w.log("%s", c.Stack)
			}
		}
	}
}

func (w *world) beginRemoval(s *simShape) {
	for _, e := range w.status.Remove(s.entry) {
		w.shapes[e.ID].removing = true
		if e != s.entry {
			w.did("removed with an inner shape")
			w.log("remove %d, which depends on it", e.ID)
		}
	}
}

// advanceRemoval does the rest of a removal: the consumer ends after what it has been handed, the store forgets the shape,
// then the collector does.
func (w *world) advanceRemoval() (bool, error) {
	s := w.pick(func(s *simShape) bool { return s.removing })
	if s == nil {
		return false, nil
	}
	if m := w.consumers[s.id]; m != nil {
		for len(m.queue) > 0 {
			w.consume(s.id, m)
		}
		w.endFollowed(s.id)
		w.endActor(m)
		delete(w.consumers, s.id)
		if w.rng.IntN(2) == 0 {
			return true, nil
		}
	}
	w.detachAll(s)
	if err := w.store.Remove(s.handle); err != nil {
		return false, err
	}
	delete(w.shapes, s.id)
	w.toColl = append(w.toColl, &work.RemoveShape{ID: s.id, Done: func() { w.status.Confirm(s.handle) }})
	w.log("removed %d", s.id)
	return true, nil
}
