package consumer

import (
	"errors"

	"leyden/actors/materializer"
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// rows decides which rows are in the shape, and converts their changes.
type rows struct {
	def        *shape.Definition
	projection *change.Projection

	// program is the clause bound to relation; others holds what was bound before, for tables of several relations.
	relation *change.Relation
	program  *where.Program
	others   map[*change.Relation]*where.Program

	// changes are those of the last delivery that concern rows of the shape, if somebody is to be told.
	telling bool
	changes []materializer.Change
}

// maxPrograms bounds the relation versions for which a shape remembers its clause.
const maxPrograms = 64

func newRows(d *shape.Definition, ps *change.Projections) rows {
	return rows{def: d, projection: ps.For(d)}
}

// convert returns the items of a delivery that come after latest, the last marked if the delivery has the commit. The items
// may be shared.
func (r *rows) convert(d *work.Delivery, latest shape.Offset, e *change.Encoder) ([]change.Item, error) {
	w := d.Work
	var (
		out   []change.Item
		only  = -1 // the change that out was taken from as it is
		old   bool // and whether its rows are in the shape
		new   bool
		count = int(d.Count)
	)
	for n, i := range d.Changes() {
		c := &w.Changes[i]
		if c.Relation.OID != r.def.Table.OID || !latest.Less(w.Fragment.Offset(c)) {
			continue
		}
		if c.Op == change.Truncate {
			return nil, work.ErrTruncated
		}
		inOld, inNew, err := r.included(c, e)
		if err != nil {
			return nil, err
		}
		if r.telling && (inOld && c.Old != nil || inNew && c.New != nil) {
			r.changes = append(r.changes, materializer.Change{Change: c, InOld: inOld && c.Old != nil, InNew: inNew && c.New != nil})
		}
		items, err := w.Emissions.Emit(e, r.projection, w.Fragment, w.Changes, int(i), inOld, inNew, false)
		switch {
		case err != nil:
			return nil, err
		case len(items) == 0:
		case out == nil:
			out, only, old, new = items, int(i), inOld, inNew
		default:
			if only >= 0 {
				out = append(make([]change.Item, 0, len(out)+len(items)+count-n-1), out...)
				only = -1
			}
			out = append(out, items...)
		}
	}
	if w.Fragment.Commit == nil || len(out) == 0 {
		return out, nil
	}
	if only < 0 {
		out[len(out)-1].Last = true
		return out, nil
	}
	return w.Emissions.Emit(e, r.projection, w.Fragment, w.Changes, only, old, new, true)
}

// included evaluates the clause. A row for which it cannot be evaluated is not in the shape (spec where-and-subqueries
// §1.14).
func (r *rows) included(c *change.Change, e *change.Encoder) (inOld, inNew bool, err error) {
	if r.def.Where == nil {
		return true, true, nil
	}
	if c.Relation != r.relation {
		if err := r.bind(c.Relation); err != nil {
			return false, false, err
		}
	}
	if c.Old != nil {
		if inOld, err = r.matches(c.Old, e); err != nil {
			return false, false, err
		}
	}
	if c.New != nil {
		inNew, err = r.matches(c.New, e)
	}
	return inOld, inNew, err
}

// matches reports whether a row is in the shape. An error is that nobody here can tell.
func (r *rows) matches(row change.Tuple, e *change.Encoder) (bool, error) {
	truth, err := r.program.Eval(row, &e.Where)
	if err != nil {
		e.Unevaluated()
	}
	if errors.Is(err, where.ErrCaseUnknown) {
		return false, err
	}
	return err == nil && truth == where.True, nil
}

func (r *rows) bind(rel *change.Relation) error {
	if p := r.others[rel]; p != nil {
		r.relation, r.program = rel, p
		return nil
	}
	names := make([]string, len(rel.Columns))
	for i := range rel.Columns {
		names[i] = rel.Columns[i].Name
	}
	p, err := r.def.Where.Bind(names)
	if err != nil {
		return err
	}
	if r.relation != nil {
		if r.others == nil || len(r.others) >= maxPrograms {
			r.others = map[*change.Relation]*where.Program{}
		}
		r.others[r.relation] = r.program
		r.others[rel] = p
	}
	r.relation, r.program = rel, p
	return nil
}
