package consumer

import (
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// outerRows decides which rows are in a shape with subqueries, and converts their changes.
type outerRows struct {
	def        *shape.Definition
	projection *change.Projection
	dnf        *where.DNF
	tagger     *subquery.Tagger

	relation *change.Relation
	bound
	others map[*change.Relation]bound

	old, new []bool // conditions of the rows of a change
	headers  []byte
}

// bound is the clause for one relation version.
type bound struct {
	program *subquery.Program
	tags    *subquery.RowTags
}

func newOuterRows(c OuterConfig) outerRows {
	d := c.Shape.Def
	dnf := d.Where.DNF()
	return outerRows{
		def: d, projection: c.Projections.For(d), dnf: dnf,
		tagger: subquery.NewTagger(c.Stack, c.Shape.Log.Handle().String(), dnf),
	}
}

// polarity says whether a subquery is negated, and of how many columns its values are.
func (r *outerRows) polarity(dependency int) (negated bool, columns int) {
	for i := range r.dnf.Positions {
		if p := &r.dnf.Positions[i]; p.Leaf == nil && p.Subquery == dependency {
			return p.Negated, len(p.Columns)
		}
	}
	return false, 0
}

// control is the message of a move.
func (r *outerRows) control(at shape.Offset, event subquery.Event, b subquery.Batch, withNull bool) change.Item {
	patterns := r.tagger.AppendPatterns(nil, b.Dependency, b.Values, withNull)
	return change.Item{Offset: at, JSON: subquery.AppendMove(nil, event, patterns, b.XIDs)}
}

// convert appends the items of a delivery, made with views.
func (r *outerRows) convert(dst []change.Item, d *work.Delivery, views []subquery.Set, e *change.Encoder) ([]change.Item, error) {
	w := d.Work
	for _, i := range d.Changes() {
		c := &w.Changes[i]
		if c.Relation.OID != r.def.Table.OID {
			continue
		}
		if c.Op == change.Truncate {
			return dst, work.ErrTruncated
		}
		if c.Relation != r.relation {
			if err := r.bind(c.Relation); err != nil {
				return dst, err
			}
		}
		var inOld, inNew bool
		var err error
		if r.old, inOld, err = r.included(r.old[:0], c.Old, views, e); err != nil {
			return dst, err
		}
		if r.new, inNew, err = r.included(r.new[:0], c.New, views, e); err != nil {
			return dst, err
		}
		items, err := w.Emissions.EmitTouched(e, r.projection, w.Fragment, w.Changes, int(i), inOld, inNew)
		if err != nil {
			return dst, err
		}
		dst = r.tagged(dst, items, c, inOld, inNew)
	}
	return dst, nil
}

// included evaluates the clause for one side of a change.
func (r *outerRows) included(conditions []bool, row change.Tuple, views []subquery.Set, e *change.Encoder) ([]bool, bool, error) {
	if row == nil {
		return conditions, false, nil
	}
	conditions, failures, err := r.program.Conditions(row, views, &e.Where, conditions)
	for range failures {
		e.Unevaluated()
	}
	if err != nil {
		return conditions, false, err
	}
	return conditions, r.program.Included(conditions), nil
}

// tagged appends the items of a change with the tags and conditions of its rows (spec where-and-subqueries §2.4). What goes has
// those of the old row.
func (r *outerRows) tagged(dst, items []change.Item, c *change.Change, inOld, inNew bool) []change.Item {
	for n, item := range items {
		h := r.headers[:0]
		switch {
		case inOld && inNew && len(items) == 2 && n == 0: // the old key goes, with all tags that the row had and has
			h = append(h, `,"tags":`...)
			h = r.tags.AppendUnion(h, c.Old, c.New)
			h = subquery.AppendConditions(append(h, `,"active_conditions":`...), r.new)
		case inNew:
			h = append(h, `,"tags":`...)
			h = r.tags.Append(h, c.New)
			if inOld && len(items) == 1 {
				h = append(h, `,"removed_tags":`...)
				h = r.tags.AppendRemoved(h, c.Old, c.New)
			}
			h = subquery.AppendConditions(append(h, `,"active_conditions":`...), r.new)
		default:
			h = append(h, `,"tags":`...)
			h = r.tags.Append(h, c.Old)
			h = subquery.AppendConditions(append(h, `,"active_conditions":`...), r.old)
		}
		r.headers = h
		dst = append(dst, item.WithHeaders(h))
	}
	return dst
}

func (r *outerRows) bind(rel *change.Relation) error {
	if b, ok := r.others[rel]; ok {
		r.relation, r.bound = rel, b
		return nil
	}
	names := make([]string, len(rel.Columns))
	for i := range rel.Columns {
		names[i] = rel.Columns[i].Name
	}
	program, err := subquery.Bind(r.dnf, names)
	if err != nil {
		return err
	}
	tags, err := r.tagger.Bind(names)
	if err != nil {
		return err
	}
	if r.others == nil || len(r.others) >= maxPrograms {
		r.others = map[*change.Relation]bound{}
	}
	r.relation, r.bound = rel, bound{program, tags}
	r.others[rel] = r.bound
	return nil
}

func (r *outerRows) rest() { r.relation, r.bound, r.others = nil, bound{}, nil }
