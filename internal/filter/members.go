package filter

import (
	"bytes"
	"hash/maphash"
	"slices"

	"leyden/internal/subquery"
	"leyden/internal/where"
)

// memberships lists shapes by the subquery in whose result they want some columns of the row to be. The shapes that want it of one
// source are a group. A row's value is made once and looked for in all groups together: in a map from values to groups, but for
// the few largest groups, whose sources are asked, so that the values of a large result are not kept twice.
type memberships struct {
	columns []string
	canon   []where.Canon
	groups  map[*source]*group
	loose   []*group // that concern every row, whatever its value
	asked   []*group
	holders holders
	seed    maphash.Seed
}

// maxAsked is how many sources are asked for each row.
const maxAsked = 4

// group is the shapes that want one left side in the result of one source.
type group struct {
	of     *memberships
	source *source
	number uint32 // in holders
	found  way
	loose  int // its place in loose, counted from 1; 0: it is not there

	joined cell // shapes that the source's contents are good for
	fresh  cell // shapes that are not there yet: all rows concern them
}

// way is how a group is found by a value.
type way uint8

const (
	foundAlways way = iota // its contents are not known
	foundAsking
	foundInverted
)

func newMemberships(p *where.Probe) *memberships {
	return &memberships{columns: p.Columns, canon: p.Canon, groups: map[*source]*group{}, seed: maphash.MakeSeed()}
}

func (m *memberships) about(p *where.Probe) bool {
	return slices.Equal(m.columns, p.Columns) && slices.Equal(m.canon, p.Canon)
}

// group finds or makes the group of a source.
func (m *memberships) group(s *source) *group {
	g := m.groups[s]
	if g == nil {
		g = &group{of: m, source: s}
		g.number = m.holders.enter(g)
		m.groups[s] = g
		s.groups = append(s.groups, g)
		if s.known {
			g.place()
		}
		g.loosen()
	}
	return g
}

// tidy forgets a group that lists nothing.
func (m *memberships) tidy(g *group) {
	if !g.joined.empty() || !g.fresh.empty() {
		g.loosen()
		return
	}
	g.displace()
	if g.loose > 0 {
		m.tighten(g)
	}
	m.holders.leave(g.number)
	delete(m.groups, g.source)
	g.source.groups = without(g.source.groups, g)
}

// without removes g. It does not keep the order.
func without(groups []*group, g *group) []*group {
	i, last := slices.Index(groups, g), len(groups)-1
	groups[i] = groups[last]
	return slices.Delete(groups, last, last+1)
}

// loosen keeps loose right.
func (g *group) loosen() {
	m := g.of
	switch loose := g.found == foundAlways || !g.fresh.empty(); {
	case loose == (g.loose > 0):
	case loose:
		m.loose = append(m.loose, g)
		g.loose = len(m.loose)
	default:
		m.tighten(g)
	}
}

// tighten takes a group out of loose.
func (m *memberships) tighten(g *group) {
	last := m.loose[len(m.loose)-1]
	m.loose[g.loose-1], last.loose = last, g.loose
	m.loose[len(m.loose)-1] = nil
	m.loose, g.loose = m.loose[:len(m.loose)-1], 0
	if len(m.loose) == 0 {
		m.loose = nil
	}
}

// place makes the contents of a group found, once they are known, and again when they have grown. Of two groups of about the same
// size none takes the place of the other, which would cost as much as they have values.
func (g *group) place() {
	m := g.of
	if g.found == foundAsking {
		return
	}
	if len(m.asked) < maxAsked {
		g.displace()
		g.found, m.asked = foundAsking, append(m.asked, g)
		return
	}
	least := m.asked[0]
	for _, a := range m.asked[1:] {
		if a.source.size() < least.source.size() {
			least = a
		}
	}
	switch {
	case g.source.size() > 2*least.source.size()+fewValues:
		least.displace()
		g.displace()
		g.found, m.asked = foundAsking, append(m.asked, g)
		least.invert()
	case g.found == foundAlways:
		g.invert()
	}
}

// fewValues are not worth the trouble.
const fewValues = 64

func (g *group) invert() {
	g.found = foundInverted
	for v := range g.source.all() {
		g.of.holders.add(g.of.hash(v), g.number)
	}
}

// displace takes back what place has done.
func (g *group) displace() {
	switch g.found {
	case foundAsking:
		g.of.asked = without(g.of.asked, g)
	case foundInverted:
		for v := range g.source.all() {
			g.of.holders.remove(g.of.hash(v), g.number)
		}
	}
	g.found = foundAlways
}

func (m *memberships) hash(v subquery.Value) uint64 { return maphash.String(m.seed, string(v)) }

// gained takes in that a value is new in the contents, lost that it is gone from them.
func (g *group) gained(v subquery.Value) {
	if g.found == foundInverted {
		g.of.holders.add(g.of.hash(v), g.number)
	}
}

func (g *group) lost(v subquery.Value) {
	if g.found == foundInverted {
		g.of.holders.remove(g.of.hash(v), g.number)
	}
}

// renew makes all shapes of the group fresh.
func (g *group) renew() {
	if g.joined.who != 0 {
		g.fresh.add(g.joined.who, g.joined.rest)
	}
	if g.joined.more != nil {
		for i := range g.joined.more.sets {
			p := &g.joined.more.sets[i]
			for _, id := range p.ids.appendTo(nil) {
				g.fresh.add(listed(id)|p.mark, p.rest)
			}
		}
	}
	g.joined = cell{}
}

// find visits the shapes that want a value that a change's rows have. at are the places of the columns.
func (m *memberships) find(l *lookup, at []int) {
	keys, of, ok := m.keys(l, at)
	if !ok {
		l.f.errors++
		m.each(l.take)
		return
	}
	valued := of[0] | of[1]
	if valued == 0 {
		return
	}
	for _, g := range m.loose {
		l.visit(&g.fresh, valued)
		if g.found == foundAlways {
			l.visit(&g.joined, valued)
		}
	}
	for _, g := range m.asked {
		var rows rowset
		for i := range of {
			if of[i] != 0 && g.source.has(keys[i]) {
				rows |= of[i]
			}
		}
		if rows != 0 {
			l.visit(&g.joined, rows)
		}
	}
	if m.holders.empty() {
		return
	}
	for i := range of {
		if of[i] == 0 {
			continue
		}
		for g := range m.holders.of(maphash.Bytes(m.seed, keys[i])) {
			l.visit(&g.joined, of[i])
		}
	}
	l.twice = l.twice || of[0] != 0 && of[1] != 0 // both values may lead to one group
}

// keys gives the values of the rows, and says which rows have each, as lookup.keys does. A row with a NULL has none.
func (m *memberships) keys(l *lookup, at []int) (keys [2][]byte, of [2]rowset, ok bool) {
	for i, row := range l.rows {
		if row == nil {
			continue
		}
		key, whole := l.f.keys[i][:0], true
		for n, column := range at {
			if column < 0 || column >= len(row) {
				return keys, of, false
			}
			whole = whole && row[column] != nil
			key = subquery.AppendValue(key, m.canon[n:n+1], row[column:column+1])
		}
		l.f.keys[i] = key
		switch {
		case !whole:
		case i == 1 && of[0] != 0 && bytes.Equal(keys[0], key):
			of[0] |= 1 << i
		default:
			keys[i], of[i] = key, 1<<i
		}
	}
	return keys, of, true
}

func (m *memberships) each(visit func(*cell)) {
	for _, g := range m.groups {
		visit(&g.joined)
		visit(&g.fresh)
	}
}

// cost says that a value is in the result for some rows, which then concern all shapes of the group.
func (m *memberships) cost(s *source) int {
	n := memberCost
	if g := m.groups[s]; g != nil {
		n += g.joined.load() + g.fresh.load()
	}
	return n
}

// memberCost is that of a group without shapes.
const memberCost = 8
