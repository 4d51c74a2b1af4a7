package collector

import (
	"slices"

	"leyden/internal/change"
	"leyden/internal/idtable"
	"leyden/internal/shape"
)

// ancestry repeats changes of partitions as changes of the tables that they are partitions of, for the shapes over those
// (spec engine §5.2). The stream names the partition only.
//
// While no shape is over a partitioned table it does nothing. Otherwise the ancestors of each relation are asked for before
// its changes are routed, once for each description: a partition may have been made, attached or detached at any time.
type ancestry struct {
	asks    bool                  // ancestors can be asked for
	parents map[uint32]*parent    // partitioned tables with shapes, by OID
	byShape idtable.Table[uint32] // OID of the partitioned table of each shape that is over one
	asked   map[uint32]struct{}   // relations whose place among parents is known

	// What follows is found again when it is missing.
	above    map[uint32][]shape.Table // the parents of a relation
	relabels map[relabel]*change.Relation
}

type parent struct {
	table    shape.Table
	shapes   int
	children map[uint32]shape.Table // on every level
}

// relabel is a relation under the name of another.
type relabel struct {
	rel  *change.Relation
	name uint32
}

// maxRelabels bounds the memory for relation versions that are gone.
const maxRelabels = 4096

func newAncestry(asks bool) ancestry {
	return ancestry{
		asks: asks, parents: map[uint32]*parent{}, asked: map[uint32]struct{}{},
		above: map[uint32][]shape.Table{}, relabels: map[relabel]*change.Relation{},
	}
}

// add takes in a shape over a partitioned table, with the partitions that the table is known to have.
func (a *ancestry) add(id shape.ID, table shape.Table, children []shape.Table) {
	if a.byShape.Get(uint64(id)) != 0 {
		return
	}
	a.byShape.Set(uint64(id), table.OID)
	p := a.parents[table.OID]
	if p == nil {
		p = &parent{table: table, children: map[uint32]shape.Table{}}
		a.parents[table.OID] = p
		clear(a.asked)
		clear(a.above)
	}
	p.shapes++
	for _, c := range children {
		if p.children[c.OID] != c {
			p.children[c.OID] = c
			clear(a.above)
		}
	}
}

func (a *ancestry) remove(id shape.ID) {
	oid := a.byShape.Get(uint64(id))
	if oid == 0 {
		return
	}
	a.byShape.Set(uint64(id), 0)
	p := a.parents[oid]
	if p.shapes--; p.shapes > 0 {
		return
	}
	delete(a.parents, oid)
	clear(a.above)
	clear(a.relabels)
	if len(a.parents) == 0 {
		clear(a.asked)
	}
}

// described has the ancestors of a relation asked for again.
func (a *ancestry) described(rel *change.Relation) { delete(a.asked, rel.OID) }

// unresolved returns a relation of f whose ancestors must be known before f is routed, nil if there is none.
func (a *ancestry) unresolved(f *change.Fragment) *change.Relation {
	if len(a.parents) == 0 || !a.asks {
		return nil
	}
	var last *change.Relation
	for i := range f.Changes {
		rel := f.Changes[i].Relation
		if rel == last {
			continue
		}
		if _, known := a.asked[rel.OID]; !known {
			return rel
		}
		last = rel
	}
	return nil
}

// resolve takes in the ancestors of a relation, on every level.
func (a *ancestry) resolve(rel *change.Relation, ancestors []shape.Table) {
	if len(a.parents) == 0 {
		return
	}
	a.asked[rel.OID] = struct{}{}
	for oid, p := range a.parents {
		if slices.ContainsFunc(ancestors, func(t shape.Table) bool { return t.OID == oid }) {
			p.children[rel.OID] = shape.Table{OID: rel.OID, Schema: rel.Schema, Name: rel.Name}
		} else {
			delete(p.children, rel.OID)
		}
	}
	clear(a.above)
}

// parentsOf are the tables with shapes that a table is a partition of.
func (a *ancestry) parentsOf(oid uint32) []shape.Table {
	if len(a.parents) == 0 {
		return nil
	}
	above, found := a.above[oid]
	if !found {
		for _, p := range a.parents {
			if _, child := p.children[oid]; child {
				above = append(above, p.table)
			}
		}
		slices.SortFunc(above, byOID)
		a.above[oid] = above
	}
	return above
}

func byOID(a, b shape.Table) int { return int(int64(a.OID) - int64(b.OID)) }

// expand returns the changes, each that concerns a partition followed by the same change under the names of its parents, at
// the same position. The truncation of a parent is one of its partitions too.
func (a *ancestry) expand(changes []change.Change) []change.Change {
	if len(a.parents) == 0 {
		return changes
	}
	var out []change.Change // nil as long as it would equal changes
	for i := range changes {
		c := &changes[i]
		names := a.parentsOf(c.Relation.OID)
		if p := a.parents[c.Relation.OID]; p != nil && c.Op == change.Truncate {
			names = slices.Clone(names)
			for _, t := range p.children {
				names = append(names, t)
			}
			slices.SortFunc(names, byOID)
		}
		if out == nil {
			if len(names) == 0 {
				continue
			}
			out = append(make([]change.Change, 0, 2*len(changes)), changes[:i]...)
		}
		out = append(out, *c)
		for _, t := range names {
			again := *c
			again.Relation = a.named(c.Relation, t)
			out = append(out, again)
		}
	}
	if out == nil {
		return changes
	}
	return out
}

// named is rel under the name of t. The same relation and name give the same pointer, which is what layouts are found by.
func (a *ancestry) named(rel *change.Relation, t shape.Table) *change.Relation {
	key := relabel{rel, t.OID}
	if r := a.relabels[key]; r != nil {
		return r
	}
	if len(a.relabels) >= maxRelabels {
		clear(a.relabels)
	}
	r := *rel
	r.OID, r.Schema, r.Name = t.OID, t.Schema, t.Name
	a.relabels[key] = &r
	return &r
}

// renamed returns what a new description of a partition says of its parents, of which the stream has none: the old and the
// new one under each one's name.
func (a *ancestry) renamed(old, rel *change.Relation) [][2]*change.Relation {
	var out [][2]*change.Relation
	for _, t := range a.parentsOf(rel.OID) {
		out = append(out, [2]*change.Relation{a.named(old, t), a.named(rel, t)})
	}
	return out
}
