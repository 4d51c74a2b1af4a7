package simulation

import (
	"fmt"
	"maps"
	"slices"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

const stackName = "simulation"

// maxAllShapes bounds a world with subqueries.
const maxAllShapes = maxShapes + 6

// createOuter makes a shape with subqueries, and the inner shapes that are not there.
func (w *world) createOuter() (bool, error) {
	if len(w.shapes) >= maxAllShapes {
		return false, nil
	}
	c := w.clause()
	compiled, err := where.CompileWith(c.text, nil, modelColumns(), func(_, _ string) ([]where.Column, error) { return modelColumns(), nil })
	if err != nil {
		return false, fmt.Errorf("%s: %w", c.text, err)
	}
	if len(compiled.Subqueries()) != len(c.deps) {
		return false, fmt.Errorf("%s has %d subqueries", c.text, len(compiled.Subqueries()))
	}
	table := w.rng.IntN(3) / 2
	if w.apart {
		table = 0
	}
	d := w.definition(table, compiled, c)
	d.Replica = shape.Replica(w.rng.IntN(2))
	_, err = w.find(d, c)
	return true, err
}

// definition has the definitions of the subqueries in it.
func (w *world) definition(table int, compiled *where.Clause, c *clause) *shape.Definition {
	t := w.pg.tables[table]
	d := &shape.Definition{
		Layout: &shape.Layout{Table: shape.Table{OID: t.oid, Schema: "public", Name: t.name}, Key: []string{"id"}, Selected: columnNames, Explicit: columnNames},
		Where:  compiled,
	}
	if c == nil || len(c.deps) == 0 {
		return d
	}
	d.Dependencies = &shape.Dependencies{}
	for i, q := range compiled.Subqueries() {
		d.Dependencies.Inner = append(d.Dependencies.Inner, w.definition(c.deps[i].table, q.Where, c.deps[i].where))
	}
	return d
}

// find finds the shape of a definition or makes it, after those that it depends on.
func (w *world) find(d *shape.Definition, c *clause) (*simShape, error) {
	s := &simShape{def: d, table: slices.IndexFunc(w.pg.tables, func(t *table) bool { return t.oid == d.Table.OID })}
	s.match = func(r row, results []result) bool { return c == nil || c.of(r, results) == yes }
	var entries []*status.Entry
	for i, in := range d.Inner() {
		inner, err := w.find(in, c.deps[i].where)
		if err != nil {
			return nil, err
		}
		s.inner, entries = append(s.inner, inner), append(entries, inner.entry)
	}
	w.micros++
	var created bool
	var err error
	if len(s.inner) == 0 {
		s.entry, created = w.status.Add(d)
	} else if s.entry, created, err = w.status.AddOuter(d, entries); err != nil {
		return nil, err
	}
	if !created {
		w.did("found shape")
		return w.shapes[s.entry.ID], nil
	}
	s.id, s.handle, s.client = s.entry.ID, s.entry.Handle, newClient(len(s.inner) > 0)
	if s.log, err = w.store.Create(s.handle, d); err != nil {
		return nil, err
	}
	s.entry.SetLog(s.log)
	w.shapes[s.id] = s
	text := ""
	if c != nil {
		text = c.text
	}
	w.log("create %d %s where %s, after %v", s.id, d.Table.Name, text, idsOf(s.inner))
	if len(s.inner) == 0 {
		w.register(s)
	} else {
		w.did("outer shape")
	}
	return s, nil
}

func idsOf(all []*simShape) (ids []shape.ID) {
	for _, s := range all {
		ids = append(ids, s.id)
	}
	return ids
}

// attachable reports whether the values of a shape's subqueries can be asked for.
func (s *simShape) attachable() bool {
	return len(s.inner) > 0 && !s.attached && !slices.ContainsFunc(s.inner, func(in *simShape) bool { return !in.complete })
}

// routable reports whether the collector can be asked to route to an outer shape.
func (s *simShape) routable() bool { return s.views != nil && !s.asked }

// attachAll asks for the values of a shape's subqueries, and to be told of how they change.
func (w *world) attachAll(s *simShape) {
	s.attached = true
	for i, q := range s.def.Where.Subqueries() {
		a := &work.Attach{Inner: s.inner[i].id, Outer: s.id, Dependency: i, Columns: q.Columns}
		for _, v := range q.Values {
			a.Canon = append(a.Canon, v.Canon)
		}
		w.toColl = append(w.toColl, a)
	}
	w.toColl = append(w.toColl, &work.Begin{ID: s.id, Answer: func(views []subquery.Set) { s.views = views }})
	w.log("shape %d asks for its views", s.id)
}

// detachAll ends it.
func (w *world) detachAll(s *simShape) {
	delete(w.queries, s.id)
	for _, in := range s.inner {
		w.toColl = append(w.toColl, &work.Detach{Inner: in.id, Outer: s.id})
	}
}

// memberRows are the rows of a table that are in an outer shape with the views after, and were not with before.
func (s *simShape) memberRows(table rows, before, after []subquery.Set) ([][]byte, error) {
	dnf := s.def.Where.DNF()
	program, err := subquery.Bind(dnf, columnNames)
	if err != nil {
		return nil, err
	}
	tags, err := subquery.NewTagger(stackName, s.handle.String(), dnf).Bind(columnNames)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	var scratch where.Scratch
	for _, id := range slices.Sorted(maps.Keys(table)) {
		r := table[id]
		values := tuple(&r, 0)
		if before != nil {
			conditions, _, err := program.Conditions(values, before, &scratch, nil)
			if err != nil {
				return nil, err
			}
			if program.Included(conditions) {
				continue
			}
		}
		conditions, _, err := program.Conditions(values, after, &scratch, nil)
		if err != nil {
			return nil, err
		}
		if !program.Included(conditions) {
			continue
		}
		text := snapshotRow(s.def, r)
		text = append(text[:len(text)-len("}}")], `,"tags":`...)
		text = tags.Append(text, values)
		text = subquery.AppendConditions(append(text, `,"active_conditions":`...), conditions)
		out = append(out, append(text, "}}"...))
	}
	return out, nil
}

// disordered reports whether a snapshot contains a transaction and not one that was committed before it.
func disordered(log []*transaction, s pg.Snapshot) bool {
	hidden := false
	for _, t := range log {
		visible := s.Visible(uint32(t.xid))
		if visible && hidden {
			return true
		}
		hidden = hidden || !visible
	}
	return false
}

// moveQuery is a query for rows that move in.
type moveQuery struct {
	*work.MoveIn
	begun     bool
	delivered int // transactions that the stream had delivered then
	known     bool
	rows      [][]byte
}

// advanceMove does the next step of a query.
func (w *world) advanceMove() (bool, error) {
	ids := slices.Sorted(maps.Keys(w.queries))
	if len(ids) == 0 {
		return false, nil
	}
	id := ids[w.rng.IntN(len(ids))]
	q := w.queries[id]
	switch {
	case !q.begun:
		q.begun, q.delivered = true, w.delivered
	case !q.known:
		s := w.shapes[id]
		snapshot, rows := w.pg.snapshot(s.table)
		if w.rng.IntN(5) > 0 && !disordered(w.pg.log[q.delivered:], snapshot) {
			return true, nil // it is slow, until there is something odd to be seen
		}
		for _, t := range w.pg.log[:q.delivered] {
			if !snapshot.Visible(uint32(t.xid)) {
				w.did("hidden transaction of a move")
				q.begun = false
				return true, nil
			}
		}
		var err error
		if q.rows, err = s.memberRows(rows, q.Before, q.After); err != nil {
			return false, err
		}
		if w.rng.IntN(2) == 0 { // others have written
			w.pg.lsn += w.rng.Uint64N(40)
		}
		q.known = true
		lsn := w.pg.lsn + 8 // where the last commit ends, or behind that
		w.toColl = append(w.toColl, &work.MoveInKnown{ID: id, Number: q.Number, Snapshot: snapshot, LSN: lsn})
		w.log("query %d of %d sees %s at %d: %d rows", q.Number, id, snapshot, lsn, len(q.rows))
	default:
		delete(w.queries, id)
		w.did("move in")
		if len(q.rows) > 0 {
			w.did("rows moved in")
		}
		w.toColl = append(w.toColl, &work.MoveInRows{ID: id, Number: q.Number, Rows: q.rows})
	}
	return true, nil
}
