package filter

import (
	"slices"

	"leyden/internal/shape"
	"leyden/internal/where"
)

// table is the shapes of one root table.
type table struct {
	all  set
	oids map[uint32]int // how many shapes know the table by this oid
	// indexes find shapes by one column each.
	indexes []index
	// rest has the shapes that no index leads to, under their whole clause; those without a clause under none.
	rest      cell
	residuals map[string]*residual // by the encoding of their clause

	layouts layouts
}

// index lists shapes by one kind of condition on one column.
type index interface {
	about() subject
	// at finds the place of one of a probe's keys, and makes it if it is to be made; nil if there is none.
	at(p *where.Probe, key []byte, make bool) *cell
	// drop forgets a place that lists nothing.
	drop(p *where.Probe, key []byte)
	// cost estimates how much a change has to look at when one more shape is listed under p.
	cost(p *where.Probe) int
	// find visits the places of the values that a change's rows have. It reports false when a value does not parse.
	find(l *lookup, v *values) bool
	each(visit func(*cell))
	empty() bool
}

// subject is what an index is about.
type subject struct {
	kind   where.ProbeKind
	column string
	form   where.Form
}

func newTable() *table {
	return &table{oids: map[uint32]int{}, residuals: map[string]*residual{}}
}

// add lists a shape and returns the choice that was made among the places where it could be.
func (t *table) add(id shape.ID, d *shape.Definition) (choice string) {
	t.all.add(id)
	t.oids[d.Table.OID]++
	t.list(id, d, func(p *where.Plan) string {
		choice = p.Choose(t.cost)
		return choice
	}, t.enter)
	return choice
}

func (t *table) remove(id shape.ID, m member) {
	t.all.remove(id)
	if t.oids[m.def.Table.OID]--; t.oids[m.def.Table.OID] == 0 {
		delete(t.oids, m.def.Table.OID)
	}
	t.list(id, m.def, func(*where.Plan) string { return m.choice }, t.leave)
}

// list calls do for every place of a shape: for the keys of a probe, or with none for the shapes that no index leads to.
func (t *table) list(id shape.ID, d *shape.Definition, choose func(*where.Plan) string, do func(*where.Probe, []byte, listed, *where.Clause)) {
	if d.Where == nil {
		do(nil, nil, listed(id), nil)
		return
	}
	plan := d.Where.Plan()
	switch {
	case plan.Never():
		return
	case plan.Always():
		do(nil, nil, listed(id), nil)
		return
	case !plan.Indexed():
		do(nil, nil, listed(id), d.Where)
		return
	}
	listings := plan.Listings(choose(plan))
	who := listed(id)
	if len(listings) > 1 || len(listings[0].Probe.Keys) > 1 {
		who |= severally
	}
	for _, l := range listings {
		if len(l.Probe.Keys) == 0 {
			do(l.Probe, nil, who, l.Residual)
		}
		for _, key := range l.Probe.Keys {
			do(l.Probe, key, who, l.Residual)
		}
	}
}

func (t *table) enter(p *where.Probe, key []byte, who listed, clause *where.Clause) {
	r := t.residual(clause)
	if p == nil {
		t.rest.add(who, r)
		return
	}
	ix := t.index(subjectOf(p))
	if ix == nil {
		ix = newIndex(subjectOf(p))
		t.indexes = append(t.indexes, ix)
		t.layouts.reset()
	}
	ix.at(p, key, true).add(who, r)
}

func (t *table) leave(p *where.Probe, key []byte, who listed, clause *where.Clause) {
	var r *residual
	if clause != nil {
		r = t.residuals[clause.Encoding()]
	}
	if p == nil {
		t.rest.remove(who, r)
	} else {
		ix := t.index(subjectOf(p))
		// A clause may ask for one thing twice; then it has left the place already.
		if ix != nil {
			if at := ix.at(p, key, false); at != nil {
				at.remove(who, r)
				if at.empty() {
					ix.drop(p, key)
				}
			}
			t.tidy(ix)
		}
	}
	t.release(r)
}

func subjectOf(p *where.Probe) subject { return subject{p.Kind, p.Column, p.Form} }

func newIndex(about subject) index {
	switch about.kind {
	case where.ProbePrefix:
		return newPrefixes(about)
	case where.ProbeRange:
		return newRanges(about)
	case where.ProbeNull, where.ProbeNotNull:
		return &nulls{subject: about}
	case where.ProbeElement:
		return newElements(about)
	}
	return newEqualities(about)
}

func (t *table) index(about subject) index {
	for _, ix := range t.indexes {
		if ix.about() == about {
			return ix
		}
	}
	return nil
}

// cost estimates what a probe has a change look at.
func (t *table) cost(p *where.Probe) int {
	if ix := t.index(subjectOf(p)); ix != nil {
		return ix.cost(p)
	}
	return baseCost(p)
}

// baseCost says how few of the rows meet a probe of its kind, as a rule, in units of one more shape to look at.
func baseCost(p *where.Probe) int {
	switch p.Kind {
	case where.ProbePrefix, where.ProbeNull:
		return 4
	case where.ProbeRange:
		if p.Unbounded || len(p.Low) == 0 {
			return 64
		}
		return 16
	case where.ProbeNotNull:
		return 1024
	}
	return len(p.Keys) // of equalities and elements
}

// tidy forgets an index that lists nothing.
func (t *table) tidy(ix index) {
	if ix.empty() {
		i := slices.Index(t.indexes, ix)
		t.indexes = slices.Delete(t.indexes, i, i+1)
		t.layouts.reset()
	}
}
