package status

import (
	"errors"
	"maps"
	"slices"

	"leyden/internal/livemap"
	"leyden/internal/shape"
)

// ErrInnerGone reports an outer shape that cannot be made because one of its inner shapes has been removed.
var ErrInnerGone = errors.New("an inner shape has been removed")

// dependencies knows which shapes depend on which: the outer ones on the inner ones of their clauses' subqueries. Both directions say
// the same whenever the lock is free, and only shapes that exist are in them. Of a plain shape nothing is kept.
type dependencies struct {
	inner livemap.Map[shape.ID, []shape.ID] // of each outer shape, in the order of its subqueries
	outer livemap.Map[shape.ID, map[shape.ID]struct{}]
}

func (d *dependencies) add(outer shape.ID, inner []*Entry) {
	ids := make([]shape.ID, len(inner))
	for i, e := range inner {
		ids[i] = e.ID
		all := d.outer.Get(e.ID)
		if all == nil {
			all = map[shape.ID]struct{}{}
			d.outer.Set(e.ID, all)
		}
		all[outer] = struct{}{}
	}
	d.inner.Set(outer, ids)
}

// remove forgets a shape that nothing depends on any more.
func (d *dependencies) remove(id shape.ID) {
	for _, inner := range d.inner.Get(id) {
		all := d.outer.Get(inner)
		if delete(all, id); len(all) == 0 {
			d.outer.Delete(inner)
		}
	}
	d.inner.Delete(id)
}

// dependents are in the order in which they were made.
func (d *dependencies) dependents(id shape.ID) []shape.ID {
	return slices.Sorted(maps.Keys(d.outer.Get(id)))
}

// AddOuter is Add for a shape whose definition has subqueries; inner are the shapes of these, in their order. It is ErrInnerGone if one of
// them does not exist any more and the shape does not exist yet: there is never an outer shape without its inner ones.
func (a *Authority) AddOuter(d *shape.Definition, inner []*Entry) (e *Entry, created bool, err error) {
	identity := d.Identity()
	indexed := indexable(d)
	a.adding.Lock()
	defer a.adding.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.identities.get(identity); e != nil {
		return e, false, nil
	}
	for _, in := range inner {
		if a.ids.Get(uint64(in.ID)) != in {
			return nil, false, ErrInnerGone
		}
	}
	e = a.mint(identity, d, indexed)
	a.dependencies.add(e.ID, inner)
	return e, true, nil
}

// Dependencies are the inner shapes of an outer one, in the order of its subqueries; nil for a plain shape, and for one that does not
// exist. The slice is shared and must not be changed.
func (a *Authority) Dependencies(id shape.ID) []shape.ID {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.dependencies.inner.Get(id)
}

// Dependents are the outer shapes that have a shape as an inner one, each once, in the order in which they were made.
func (a *Authority) Dependents(id shape.ID) []shape.ID {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.dependencies.dependents(id)
}

// Relatives are the shapes of Dependencies, each once, and of Dependents, as they are at one moment.
func (a *Authority) Relatives(id shape.ID) (inner, outer []*Entry) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, id := range a.dependencies.inner.Get(id) {
		if e := a.ids.Get(uint64(id)); !slices.Contains(inner, e) {
			inner = append(inner, e)
		}
	}
	for _, id := range a.dependencies.dependents(id) {
		outer = append(outer, a.ids.Get(uint64(id)))
	}
	return inner, outer
}

// withDependents are a shape and all that depend on it, over any number of steps, each after those that depend on it. The caller
// holds mu.
func (a *Authority) withDependents(e *Entry) []*Entry {
	if a.dependencies.outer.Len() == 0 {
		return []*Entry{e}
	}
	var all []*Entry
	seen := map[shape.ID]bool{}
	var visit func(e *Entry)
	visit = func(e *Entry) {
		if seen[e.ID] {
			return
		}
		seen[e.ID] = true
		for _, id := range a.dependencies.dependents(e.ID) {
			visit(a.ids.Get(uint64(id)))
		}
		all = append(all, e)
	}
	visit(e)
	return all
}

// readBy makes the inner shapes of e count as read when e was: as long as it depended on them they could not be expired.
func (a *Authority) readBy(e *Entry) {
	for _, id := range a.dependencies.inner.Get(e.ID) {
		if in := a.ids.Get(uint64(id)); in != nil {
			in.lastRead.Store(max(in.lastRead.Load(), e.lastRead.Load()))
		}
	}
}
