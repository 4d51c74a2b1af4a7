package inspect

import (
	"slices"

	"leyden/internal/shape"
)

// Divergence is a table that is not what it was. New is nil for one that is gone.
type Divergence struct{ Old, New *Table }

// Ends reports whether a shape cannot be continued: its table is gone or has another name, the columns of its key are others,
// or a column that it selects, or that its clause reads, has come, gone or changed. A shape of all columns selects those that
// come, and so does the key of a table without a primary key. Other columns do not concern it.
func (d *Divergence) Ends(def *shape.Definition) bool {
	if d.New == nil || d.Old.Table != d.New.Table || d.Old.Kind != d.New.Kind {
		return true
	}
	oldKey, oldHas := d.Old.Key()
	newKey, newHas := d.New.Key()
	if oldHas != newHas || !slices.Equal(oldKey, newKey) {
		return true
	}
	concerns := func(name string) bool {
		return slices.Contains(def.Selected, name) || slices.Contains(def.Key, name) ||
			def.Where != nil && slices.Contains(def.Where.Columns(), name)
	}
	for i := range d.Old.Columns {
		old := &d.Old.Columns[i]
		now := d.New.Column(old.Name)
		if (now == nil || !old.sameForShapes(now)) && concerns(old.Name) {
			return true
		}
	}
	for i := range d.New.Columns {
		if c := &d.New.Columns[i]; d.Old.Column(c.Name) == nil && (def.SelectsAll || concerns(c.Name)) {
			return true
		}
	}
	return false
}
