package collector

import (
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/idtable"
	"leyden/internal/livemap"
	"leyden/internal/shape"
	"leyden/internal/subquery"
)

// Filter says which shapes a change may concern. It may say too many, never too few.
type Filter interface {
	Add(id shape.ID, d *shape.Definition)
	// AddOuter is Add for a shape whose clause has subqueries, with the inner shapes that answer them. What Members, MembersMoved and
	// Settled tell of these lets the filter say less.
	AddOuter(id shape.ID, d *shape.Definition, dependencies []shape.ID)
	Members(inner shape.ID, columns []string, number uint64, set subquery.Set)
	MembersMoved(inner shape.ID, columns []string, number uint64, m *subquery.Moves)
	MembersOver(inner shape.ID, columns []string)
	Settled(id shape.ID, numbers []uint64)
	Remove(id shape.ID)
	Has(id shape.ID) bool
	Affected(c *change.Change, dst []shape.ID) []shape.ID
	AffectedByRelation(old, new *change.Relation, dst []shape.ID) []shape.ID
	// Errors counts the values and clauses that could not be decided so far, and therefore touched their shapes. Fault is why the
	// last lookup was given up, once, nil when none was.
	Errors() uint64
	Fault() error
}

// router makes the deliveries of fragments (spec where-and-subqueries §3.10). Over the fragments of a transaction, a shape
// gets Begin with its first changes and the commit with its last delivery, which may have no changes.
type router struct {
	filter     Filter
	partitions int
	layers     layers

	transaction uint64 // counts transactions; 0 before the first
	open        bool
	fragment    uint32 // counts the fragments of the open transaction
	seen        idtable.Table[mark]
	inside      []shape.ID                      // got something in the open transaction
	excluded    livemap.Map[shape.ID, struct{}] // added while it was open

	// Scratch of one fragment, but for starts, which share needs.
	affected []shape.ID
	ids      []shape.ID // of each delivery, in order of appearance
	begins   []bool
	counts   []int32
	pairs    []pair
	order    []int32 // position of each delivery by layer and partition
	starts   []int32
}

// mark is when a shape was last routed to.
type mark struct {
	transaction uint64
	fragment    uint32
	delivery    int32 // in fragment
}

type pair struct{ delivery, change int32 }

func newRouter(f Filter, partitions int) *router {
	return &router{filter: f, partitions: partitions}
}

// add routes to a shape, from the next transaction on.
func (r *router) add(id shape.ID, d *shape.Definition) {
	r.filter.Add(id, d)
	r.exclude(id)
}

// addOuter is add for a shape with subqueries.
func (r *router) addOuter(id shape.ID, d *shape.Definition, dependencies []shape.ID) {
	r.filter.AddOuter(id, d, dependencies)
	r.exclude(id)
}

// exclude keeps a shape out of the open transaction.
func (r *router) exclude(id shape.ID) {
	if r.open {
		r.excluded.Set(id, struct{}{})
	}
}

// remove stops routing to a shape at once.
func (r *router) remove(id shape.ID) {
	r.filter.Remove(id)
	r.seen.Set(uint64(id), mark{})
	r.excluded.Delete(id)
	r.layers.remove(id)
	if r.scratch() > max(fewShapes, 4*r.seen.Len()) {
		r.tidy(fewShapes)
	}
}

// route returns the deliveries that a fragment makes, grouped by layer and partition, as a Work without run and sequence number; nil
// if it concerns no shape. changes are those of f, possibly with more for the same positions.
func (r *router) route(f *change.Fragment, changes []change.Change) *work.Work {
	if f.Begin || !r.open {
		r.transaction++
		r.open, r.fragment = true, 0
		r.inside = r.inside[:0]
		r.excluded.Clear()
	}
	r.fragment++
	r.ids, r.begins, r.counts, r.pairs = r.ids[:0], r.begins[:0], r.counts[:0], r.pairs[:0]
	for i := range changes {
		r.affected = r.filter.Affected(&changes[i], r.affected[:0])
		for _, id := range r.affected {
			if r.excluded.Len() > 0 {
				if _, out := r.excluded.Find(id); out {
					continue
				}
			}
			at := r.delivery(id)
			r.counts[at]++
			r.pairs = append(r.pairs, pair{at, int32(i)})
		}
	}
	if f.Commit != nil {
		for _, id := range r.inside {
			if r.seen.Get(uint64(id)).transaction == r.transaction { // not removed since
				r.delivery(id)
			}
		}
		r.open = false
		r.excluded.Clear()
	}
	defer r.tidy(manyShapes)
	if len(r.ids) == 0 {
		return nil
	}
	return r.build(f, changes)
}

// The scratch is kept for the next fragment, unless this one concerned more than manyShapes, as the truncation of a table may. It
// goes with the shapes, too, down to fewShapes.
const (
	manyShapes = 32_768
	fewShapes  = 1024
)

// scratch is for how many shapes there is room.
func (r *router) scratch() int { return max(cap(r.affected), cap(r.ids), cap(r.pairs), cap(r.inside)) }

// tidy gives up what has room for more shapes than that.
func (r *router) tidy(kept int) {
	if !r.open && cap(r.inside) > kept {
		r.inside = nil
	}
	if max(cap(r.affected), cap(r.ids), cap(r.pairs)) > kept {
		r.affected, r.ids, r.begins, r.counts, r.pairs, r.order = nil, nil, nil, nil, nil, nil
	}
	r.layers.tidy(kept)
}

// delivery finds or makes the delivery of a shape for the fragment.
func (r *router) delivery(id shape.ID) int32 {
	m := r.seen.Get(uint64(id))
	begin := m.transaction != r.transaction
	if !begin && m.fragment == r.fragment {
		return m.delivery
	}
	at := int32(len(r.ids))
	r.ids = append(r.ids, id)
	r.begins = append(r.begins, begin)
	r.counts = append(r.counts, 0)
	if begin {
		r.inside = append(r.inside, id)
	}
	r.seen.Set(uint64(id), mark{transaction: r.transaction, fragment: r.fragment, delivery: at})
	return at
}

// build lays the deliveries out by layer and partition, and their changes one behind the other.
func (r *router) build(f *change.Fragment, changes []change.Change) *work.Work {
	w := &work.Work{Fragment: f, Changes: changes, Emissions: change.NewEmissions(len(changes))}
	w.Deliveries = make([]work.Delivery, len(r.ids))
	w.Index = make([]int32, len(r.pairs))
	layer, layers := r.layers.order(r.ids)
	places := r.partitions * max(1, layers)
	r.starts = append(r.starts[:0], make([]int32, places+1)...)
	for i, id := range r.ids {
		r.starts[r.place(layer, i, id)+1]++
	}
	for p := range places {
		r.starts[p+1] += r.starts[p]
	}
	for n := range layers {
		w.Layers = append(w.Layers, r.starts[(n+1)*r.partitions])
	}
	next := append(r.order[:0], r.starts[:places]...)
	at := append(next, make([]int32, len(r.ids))...)[places:]
	first := int32(0)
	for i, id := range r.ids {
		p := r.place(layer, i, id)
		at[i] = next[p]
		next[p]++
		d := &w.Deliveries[at[i]]
		d.Work, d.ID, d.Begin, d.First = w, id, r.begins[i], first
		first += r.counts[i]
	}
	for _, p := range r.pairs {
		d := &w.Deliveries[at[p.delivery]]
		w.Index[d.First+d.Count] = p.change
		d.Count++
	}
	r.order = at[:0]
	return w
}

// place is the part of the work in which the i-th delivery is.
func (r *router) place(layer []int32, i int, id shape.ID) int {
	p := int(uint64(id) % uint64(r.partitions))
	if layer != nil {
		p += int(layer[i]) * r.partitions
	}
	return p
}

// share returns what partition p gets of a layer of the work that route returned last.
func (r *router) share(w *work.Work, layer, p int) []work.Delivery {
	p += layer * r.partitions
	return w.Deliveries[r.starts[p]:r.starts[p+1]]
}
