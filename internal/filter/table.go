package filter

import (
	"leyden/internal/shape"
	"leyden/internal/where"
)

// maxKeys is the most keys under which a shape is listed. With more, evaluating its clause is cheaper than listing it.
const maxKeys = 1024

// table is the shapes of one root table.
type table struct {
	all     set
	oids    map[uint32]int // how many shapes know the table by this oid
	always  set            // shapes without a clause
	indexes []*index
	// groups holds the shapes that need more than a key, by the clause they share. Those that no index leads to are listed in
	// unindexed.
	groups    map[string]*group
	unindexed []*group

	layouts layouts
}

// group is the shapes with one clause.
type group struct {
	clause *where.Clause
	ids    set
	// route says where the group is listed; without keys in an index it is in the table's unindexed list.
	route where.Route
	index *index
	never bool // no row can match
	pos   int  // in unindexed

	found    uint64 // the lookup that has already found the group
	programs []program
}

func newTable() *table {
	return &table{oids: map[uint32]int{}, groups: map[string]*group{}}
}

// add lists a shape and returns its group, nil when it is listed directly.
func (t *table) add(id shape.ID, d *shape.Definition) *group {
	t.all.add(id)
	t.oids[d.Table.OID]++
	if d.Where == nil {
		t.always.add(id)
		return nil
	}
	if g := t.groups[d.Where.Encoding()]; g != nil {
		g.ids.add(id)
		return g
	}
	routes := d.Where.Routes()
	if len(routes) == 1 && direct(routes[0]) {
		t.indexFor(routes[0]).addShape(routes[0].Keys[0], id)
		return nil
	}
	g := &group{clause: d.Where}
	g.ids.add(id)
	t.groups[d.Where.Encoding()] = g
	t.place(g, routes)
	return g
}

// direct reports whether a row is in the shape exactly when one key is in one column: such a shape needs no group.
func direct(r where.Route) bool { return r.Exact && len(r.Keys) == 1 }

// place lists a group under the keys of the one route that has the fewest shapes so far. A clause of several equalities is
// found through the one that tells the most shapes apart, whatever the order in which it was written.
func (t *table) place(g *group, routes []where.Route) {
	best := -1
	for _, r := range routes {
		if len(r.Keys) > maxKeys {
			continue
		}
		if load := t.load(r); best < 0 || load < best {
			best, g.route = load, r
		}
	}
	switch {
	case best < 0:
		g.route = where.Route{}
		g.pos = len(t.unindexed)
		t.unindexed = append(t.unindexed, g)
	case len(g.route.Keys) == 0:
		g.never = true
	default:
		g.index = t.indexFor(g.route)
		for _, key := range g.route.Keys {
			g.index.addGroup(key, g)
		}
	}
}

// load is how many shapes and groups are listed under the keys of a route.
func (t *table) load(r where.Route) int {
	n := len(r.Keys)
	if ix := t.findIndex(r); ix != nil {
		for _, key := range r.Keys {
			n += ix.load(key)
		}
	}
	return n
}

func (t *table) remove(id shape.ID, m member) {
	t.all.remove(id)
	if t.oids[m.def.Table.OID]--; t.oids[m.def.Table.OID] == 0 {
		delete(t.oids, m.def.Table.OID)
	}
	switch {
	case m.def.Where == nil:
		t.always.remove(id)
	case m.group == nil:
		r := m.def.Where.Routes()[0]
		ix := t.findIndex(r)
		ix.removeShape(r.Keys[0], id)
		t.drop(ix)
	default:
		m.group.ids.remove(id)
		if m.group.ids.empty() {
			t.removeGroup(m.group)
		}
	}
}

func (t *table) removeGroup(g *group) {
	delete(t.groups, g.clause.Encoding())
	switch {
	case g.index != nil:
		for _, key := range g.route.Keys {
			g.index.removeGroup(key, g)
		}
		t.drop(g.index)
	case !g.never:
		last := len(t.unindexed) - 1
		t.unindexed[g.pos] = t.unindexed[last]
		t.unindexed[g.pos].pos = g.pos
		t.unindexed[last] = nil
		t.unindexed = t.unindexed[:last]
	}
}
