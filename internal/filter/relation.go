package filter

import (
	"slices"

	"leyden/internal/change"
	"leyden/internal/shape"
)

// AffectedByRelation appends the shapes that a relation message ends: those whose table has another name or another oid now,
// and those that have a column whose presence or type has changed, be it selected or only in the clause. old is the relation
// last known by the oid, nil when there was none.
func (f *Filter) AffectedByRelation(old, new *change.Relation, dst []shape.ID) []shape.ID {
	d := diff(old, new)
	for key, t := range f.tables {
		sameName := key == name{new.Schema, new.Name}
		if !sameName && t.oids[new.OID] == 0 {
			continue
		}
		start := len(dst)
		dst = t.all.appendTo(dst)
		kept := dst[:start]
		for _, id := range dst[start:] {
			def := f.shapes.Get(uint64(id)).def
			if sameOID := def.Table.OID == new.OID; (sameName || sameOID) && (sameName != sameOID || d.touches(def)) {
				kept = append(kept, id)
			}
		}
		dst = kept
	}
	return dst
}

// difference is what a relation message says of its columns.
type difference struct {
	changed []string // presence or type
	recount bool     // the number of columns differs
	unknown bool     // nothing was known before
	columns []string
}

func diff(old, new *change.Relation) difference {
	d := difference{unknown: old == nil}
	for _, c := range new.Columns {
		d.columns = append(d.columns, c.Name)
	}
	if old == nil {
		return d
	}
	d.recount = len(old.Columns) != len(new.Columns)
	before := make(map[string]uint32, len(old.Columns))
	for _, c := range old.Columns {
		before[c.Name] = c.TypeOID
	}
	for _, c := range new.Columns {
		if oid, ok := before[c.Name]; !ok || oid != c.TypeOID {
			d.changed = append(d.changed, c.Name)
		}
		delete(before, c.Name)
	}
	for gone := range before {
		d.changed = append(d.changed, gone)
	}
	return d
}

func (d *difference) touches(def *shape.Definition) bool {
	if def.SelectsAll && (d.recount || d.unknown && d.adds(def)) {
		return true
	}
	for _, c := range d.changed {
		if slices.Contains(def.Selected, c) {
			return true
		}
	}
	return len(d.changed) > 0 && def.Where != nil && slices.ContainsFunc(def.Where.Columns(), func(c string) bool {
		return slices.Contains(d.changed, c)
	})
}

// adds reports whether the relation has a column that a shape of all columns does not have. The reverse says nothing:
// generated columns may not be replicated.
func (d *difference) adds(def *shape.Definition) bool {
	return slices.ContainsFunc(d.columns, func(c string) bool { return !slices.Contains(def.Selected, c) })
}
