package inspect

import (
	"slices"

	"leyden/internal/shape"
)

// Divergence is a table that is not what it was. New is nil for one that is gone.
type Divergence struct {
	Old, New *Table
	// Since are what it was meanwhile, in order: shapes may have been made from any of them, or from New.
	Since []*Table
}

// Ends reports whether a shape cannot be continued: its table is gone or has another name, the columns of its key are others,
// or a column that it selects, or that its clause reads, has come, gone or changed, be it that it is now what it was. A shape of
// all columns selects those that come, and so does the key of a table without a primary key. Other columns do not concern it,
// nor what was before it was made.
func (d *Divergence) Ends(def *shape.Definition) bool {
	if d.New == nil {
		return true
	}
	versions := append(append([]*Table{d.Old}, d.Since...), d.New)
	// If nothing is known of its making, it has lived through all of it.
	from := max(0, slices.IndexFunc(versions, func(t *Table) bool { return t.Version() == def.TableVersion }))
	for i := from + 1; i < len(versions); i++ {
		if ends(def, versions[i-1], versions[i]) {
			return true
		}
	}
	return false
}

// ends is Ends for one change.
func ends(def *shape.Definition, before, after *Table) bool {
	if before.Table != after.Table || before.Kind != after.Kind {
		return true
	}
	oldKey, oldHas := before.Key()
	newKey, newHas := after.Key()
	if oldHas != newHas || !slices.Equal(oldKey, newKey) {
		return true
	}
	concerns := func(name string) bool {
		return slices.Contains(def.Selected, name) || slices.Contains(def.Key, name) ||
			def.Where != nil && slices.Contains(def.Where.Columns(), name)
	}
	for i := range before.Columns {
		old := &before.Columns[i]
		now := after.Column(old.Name)
		if (now == nil || !old.sameForShapes(now)) && concerns(old.Name) {
			return true
		}
	}
	for i := range after.Columns {
		if c := &after.Columns[i]; before.Column(c.Name) == nil && (def.SelectsAll || concerns(c.Name)) {
			return true
		}
	}
	return false
}
