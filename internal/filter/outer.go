package filter

import (
	"slices"
	"strconv"
	"strings"

	"leyden/internal/shape"
	"leyden/internal/subquery"
	"leyden/internal/where"
)

// outer is a shape that is listed by the results of its subqueries.
type outer struct{ dependencies []dependency }

// dependency is what a shape knows of the result of one of its subqueries.
type dependency struct {
	source   *source // nil if no index could use it
	reported uint64  // 0: nothing yet
}

// AddOuter registers a shape whose clause has subqueries. dependencies are the inner shapes that answer them, in the order of the
// subqueries. Adding an id again replaces what is known of it.
func (f *Filter) AddOuter(id shape.ID, d *shape.Definition, dependencies []shape.ID) {
	f.Remove(id)
	o := f.outer(d, dependencies)
	if o == nil {
		f.add(id, d, nil)
		return
	}
	f.outers.Set(id, o)
	f.add(id, d, o)
}

// outer makes what is known of a shape, nil if no index could use results.
func (f *Filter) outer(d *shape.Definition, dependencies []shape.ID) *outer {
	if !d.Where.HasSubqueries() {
		return nil
	}
	subqueries := d.Where.Subqueries()
	if len(subqueries) != len(dependencies) {
		return nil
	}
	o := &outer{dependencies: make([]dependency, len(dependencies))}
	any := false
	d.Where.MemberPlan().Members(func(p *where.Probe) {
		at := &o.dependencies[p.Subquery]
		if at.source == nil {
			at.source = f.source(newResultOf(dependencies[p.Subquery], subqueries[p.Subquery].Columns))
			at.source.enter()
		}
		any = true
	})
	if !any {
		return nil
	}
	return o
}

func newResultOf(inner shape.ID, columns []string) resultOf {
	var names strings.Builder
	for _, c := range columns {
		names.WriteString(strconv.Quote(c))
	}
	return resultOf{inner, names.String()}
}

// source finds or makes a source.
func (f *Filter) source(of resultOf) *source {
	s := f.sourceOf(of)
	if s == nil {
		s = &source{of: of}
		f.sources.Set(of.inner, append(f.sources.Get(of.inner), s))
	}
	return s
}

// sourceOf finds a source, nil if there is none.
func (f *Filter) sourceOf(of resultOf) *source {
	for _, s := range f.sources.Get(of.inner) {
		if s.of == of {
			return s
		}
	}
	return nil
}

// tidy forgets a source that nobody uses and nobody tells of.
func (f *Filter) tidy(s *source) {
	if s.users > 0 || s.followed {
		return
	}
	left := slices.DeleteFunc(f.sources.Get(s.of.inner), func(o *source) bool { return o == s })
	if len(left) > 0 {
		f.sources.Set(s.of.inner, left)
	} else {
		f.sources.Delete(s.of.inner)
	}
}

// leaveSources ends what AddOuter began.
func (f *Filter) leaveSources(id shape.ID, o *outer) {
	for _, d := range o.dependencies {
		if d.source != nil {
			d.source.leave(d.reported)
			f.tidy(d.source)
		}
	}
	f.outers.Delete(id)
}

// Members takes in the result of an inner shape's subquery, whose select list is columns, as of a number that is greater than 0.
// Whoever follows the inner shape says so at first, and may repeat it, until MembersOver. When another one does, who numbers anew, all
// shapes that depend on it are taken for ones that have not reported. The inner shape must be registered.
func (f *Filter) Members(inner shape.ID, columns []string, number uint64, set subquery.Set) {
	if !f.Has(inner) {
		return
	}
	s := f.source(newResultOf(inner, columns))
	s.followed = true
	if !s.known || s.number != number || s.set != set {
		f.begin(s, number, set)
	}
}

// MembersOver takes in that nobody tells of a result any more.
func (f *Filter) MembersOver(inner shape.ID, columns []string) {
	if s := f.sourceOf(newResultOf(inner, columns)); s != nil {
		f.abandon(s)
	}
}

func (f *Filter) abandon(s *source) {
	s.followed = false
	f.begin(s, 0, subquery.Empty)
	f.tidy(s)
}

// MembersMoved takes in how a result has changed. Values that came are found from now on; those that went are found until the view of
// no shape has them.
func (f *Filter) MembersMoved(inner shape.ID, columns []string, number uint64, m *subquery.Moves) {
	s := f.sourceOf(newResultOf(inner, columns))
	switch {
	case s == nil:
	case m.Before == m.After: // of who does not know them
		f.begin(s, 0, subquery.Empty)
	case !s.known || s.set != m.Before || s.number >= number:
		f.begin(s, number, m.After)
	default:
		s.change(number, m)
	}
}

// begin makes a source anew; the number 0 makes it unknown.
func (f *Filter) begin(s *source, number uint64, set subquery.Set) {
	if s.joined > 0 {
		for _, o := range f.outers.All() {
			for i := range o.dependencies {
				if d := &o.dependencies[i]; d.source == s {
					d.reported = 0
				}
			}
		}
	}
	if number == 0 {
		s.forget()
		return
	}
	s.begin(number, set)
}

// Settled takes in a report of a shape: no view of the result of its subquery number i has a value that the result did not have at
// numbers[i], nor will a transaction that is routed from now on meet one that came later before MembersMoved told of it. 0 says
// nothing.
func (f *Filter) Settled(id shape.ID, numbers []uint64) {
	o := f.outers.Get(id)
	if o == nil || len(numbers) != len(o.dependencies) {
		return
	}
	var joins []int
	for i, number := range numbers {
		d := &o.dependencies[i]
		// A number that the source has not come to is one of a former source, and what went before it was known it does not find.
		if d.source == nil || !d.source.known || number < d.source.first || number > d.source.number || number <= d.reported {
			continue
		}
		if d.reported == 0 {
			joins = append(joins, i)
		}
		d.source.report(d.reported, number)
		d.reported = number
	}
	if len(joins) > 0 {
		m := f.shapes.Get(uint64(id))
		f.tables[name{m.def.Table.Schema, m.def.Table.Name}].join(id, m, o, func(i int) bool { return slices.Contains(joins, i) })
	}
}
