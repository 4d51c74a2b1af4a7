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
	// members find shapes by what is in the result of a subquery, one for each left side.
	members []*memberships
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

// place is where a shape is to be listed: under a key of a probe, under a probe that has none, or with no probe among those that no
// index leads to. of is nil but for shapes that depend on sources.
type place struct {
	probe *where.Probe
	key   []byte
	who   listed
	of    *outer
}

func (p *place) source() *source { return p.of.dependencies[p.probe.Subquery].source }

// add lists a shape and returns the choice that was made among the places where it could be.
func (t *table) add(id shape.ID, d *shape.Definition, o *outer) (choice string) {
	t.all.add(id)
	t.oids[d.Table.OID]++
	t.list(id, d, o, func(p *where.Plan) string {
		choice = p.Choose(func(p *where.Probe) int { return t.cost(p, o) })
		return choice
	}, t.enter)
	return choice
}

func (t *table) remove(id shape.ID, m member, o *outer) {
	t.all.remove(id)
	if t.oids[m.def.Table.OID]--; t.oids[m.def.Table.OID] == 0 {
		delete(t.oids, m.def.Table.OID)
	}
	t.list(id, m.def, o, func(*where.Plan) string { return m.choice }, t.leave)
}

// join lists a shape as one that the contents of the sources are good for of which its dependencies are, where it is listed by them.
func (t *table) join(id shape.ID, m member, o *outer, joins func(dependency int) bool) {
	t.list(id, m.def, o, func(*where.Plan) string { return m.choice }, func(p place, clause *where.Clause) {
		if p.probe == nil || p.probe.Kind != where.ProbeMember || !joins(p.probe.Subquery) {
			return
		}
		g, r := t.membership(p.probe).groups[p.source()], t.known(clause)
		g.fresh.remove(p.who, r)
		g.joined.add(p.who, r)
		g.loosen()
	})
}

// list calls do for every place of a shape.
func (t *table) list(id shape.ID, d *shape.Definition, o *outer, choose func(*where.Plan) string, do func(place, *where.Clause)) {
	if d.Where == nil {
		do(place{who: listed(id)}, nil)
		return
	}
	var plan *where.Plan
	if o != nil {
		plan = d.Where.MemberPlan()
	} else {
		plan = d.Where.Plan()
	}
	switch {
	case plan.Never():
		return
	case plan.Always():
		do(place{who: listed(id)}, nil)
		return
	case !plan.Indexed():
		do(place{who: listed(id)}, d.Where.Superset())
		return
	}
	listings := plan.Listings(choose(plan))
	who := listed(id)
	if len(listings) > 1 || len(listings[0].Probe.Keys) > 1 {
		who |= severally
	}
	for _, l := range listings {
		if len(l.Probe.Keys) == 0 {
			do(place{probe: l.Probe, who: who, of: o}, l.Residual)
		}
		for _, key := range l.Probe.Keys {
			do(place{probe: l.Probe, key: key, who: who, of: o}, l.Residual)
		}
	}
}

func (t *table) enter(p place, clause *where.Clause) {
	r := t.residual(clause)
	switch {
	case p.probe == nil:
		t.rest.add(p.who, r)
		return
	case p.probe.Kind == where.ProbeMember:
		m := t.membership(p.probe)
		if m == nil {
			m = newMemberships(p.probe)
			t.members = append(t.members, m)
			t.layouts.reset()
		}
		g := m.group(p.source())
		g.fresh.add(p.who, r)
		g.loosen()
		return
	}
	ix := t.index(subjectOf(p.probe))
	if ix == nil {
		ix = newIndex(subjectOf(p.probe))
		t.indexes = append(t.indexes, ix)
		t.layouts.reset()
	}
	ix.at(p.probe, p.key, true).add(p.who, r)
}

func (t *table) leave(p place, clause *where.Clause) {
	r := t.known(clause)
	switch {
	case p.probe == nil:
		t.rest.remove(p.who, r)
	case p.probe.Kind == where.ProbeMember:
		t.leaveGroup(p, r)
	default:
		// A clause may ask for one thing twice; then it has left the place already.
		if ix := t.index(subjectOf(p.probe)); ix != nil {
			if at := ix.at(p.probe, p.key, false); at != nil {
				at.remove(p.who, r)
				if at.empty() {
					ix.drop(p.probe, p.key)
				}
			}
			t.tidy(ix)
		}
	}
	t.release(r)
}

func (t *table) leaveGroup(p place, r *residual) {
	m := t.membership(p.probe)
	if m == nil {
		return
	}
	if g := m.groups[p.source()]; g != nil {
		g.fresh.remove(p.who, r)
		g.joined.remove(p.who, r)
		m.tidy(g)
	}
	if len(m.groups) == 0 {
		t.members = slices.DeleteFunc(t.members, func(o *memberships) bool { return o == m })
		t.layouts.reset()
	}
}

// membership finds the index of a probe of membership.
func (t *table) membership(p *where.Probe) *memberships {
	for _, m := range t.members {
		if m.about(p) {
			return m
		}
	}
	return nil
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
func (t *table) cost(p *where.Probe, o *outer) int {
	if p.Kind == where.ProbeMember {
		if m := t.membership(p); m != nil {
			return m.cost(o.dependencies[p.Subquery].source)
		}
		return memberCost
	}
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
