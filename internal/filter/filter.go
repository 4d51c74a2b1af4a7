package filter

import (
	"fmt"
	"slices"

	"leyden/internal/change"
	"leyden/internal/idtable"
	"leyden/internal/livemap"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// Filter holds the shapes of all tables. It has one owner: no two methods may run at once.
type Filter struct {
	tables map[name]*table
	shapes idtable.Table[member]
	// outers are the shapes that depend on sources, which are found by their inner shapes.
	outers  livemap.Map[shape.ID, *outer]
	sources livemap.Map[shape.ID, []*source]

	// The binding of the relation that was looked up last: changes come in runs.
	relation *change.Relation
	bound    *binding

	tick    uint64 // counts lookups, so that a residual is evaluated once in each
	keys    [2][]byte
	lookup  lookup
	scratch where.Scratch
	// elements reads arrays.
	elements where.Elements
	letters  func() *where.CaseMap
	errors   uint64
	fault    error
}

// name is a table's qualified name.
type name struct{ schema, table string }

// member is what Remove needs to know of a shape.
type member struct {
	def    *shape.Definition
	choice string // of the clause's plan: where the shape is listed
}

// New makes an empty filter.
func New() *Filter {
	return &Filter{tables: map[name]*table{}}
}

// Letters makes the filter evaluate clauses with the case map that load gives: nil while it is not known, when whatever depends on
// it counts as touched.
func (f *Filter) Letters(load func() *where.CaseMap) *Filter {
	f.letters = load
	return f
}

// Add registers a shape. Adding an id again replaces its definition. Whatever the subqueries of its clause yield, it may be touched.
func (f *Filter) Add(id shape.ID, d *shape.Definition) {
	f.Remove(id)
	f.add(id, d, nil)
}

func (f *Filter) add(id shape.ID, d *shape.Definition, o *outer) {
	key := name{d.Table.Schema, d.Table.Name}
	t := f.tables[key]
	if t == nil {
		t = newTable()
		f.tables[key] = t
		f.relation = nil
	}
	f.shapes.Set(uint64(id), member{def: d, choice: t.add(id, d, o)})
}

// Remove forgets a shape. An unknown id is ignored.
func (f *Filter) Remove(id shape.ID) {
	m := f.shapes.Get(uint64(id))
	if m.def == nil {
		return
	}
	f.shapes.Set(uint64(id), member{})
	for _, s := range slices.Clone(f.sources.Get(id)) {
		f.abandon(s)
	}
	key := name{m.def.Table.Schema, m.def.Table.Name}
	t := f.tables[key]
	o := f.outers.Get(id)
	t.remove(id, m, o)
	if o != nil {
		f.leaveSources(id, o)
	}
	if t.all.empty() {
		delete(f.tables, key)
		f.relation, f.bound = nil, nil
		f.lookup = lookup{}
	}
}

// Has reports whether a shape is registered.
func (f *Filter) Has(id shape.ID) bool { return f.shapes.Get(uint64(id)).def != nil }

// HasTable reports whether any shape has this root table.
func (f *Filter) HasTable(schema, table string) bool {
	_, ok := f.tables[name{schema, table}]
	return ok
}

// Len is the number of shapes.
func (f *Filter) Len() int { return f.shapes.Len() }

// Affected appends the shapes that c may touch to dst, each once: for an insert by its new row, for a delete by its old row, for
// an update by either, for a truncation all shapes of the table. Should the lookup panic, all shapes of the table are touched and
// Fault says what happened.
func (f *Filter) Affected(c *change.Change, dst []shape.ID) (ids []shape.ID) {
	before := len(dst)
	defer func() {
		if r := recover(); r != nil {
			f.errors++
			f.fault = fmt.Errorf("find the shapes of a change on %s.%s: panic: %v", c.Relation.Schema, c.Relation.Name, r)
			if t := f.tables[name{c.Relation.Schema, c.Relation.Name}]; t != nil {
				dst = t.all.appendTo(dst[:before])
			}
			ids = dst
		}
	}()
	b := f.bind(c.Relation)
	if b == nil {
		return dst
	}
	if c.Op == change.Truncate {
		return b.table.all.appendTo(dst)
	}
	f.tick++
	if f.letters != nil {
		f.scratch.CaseMap = f.letters()
	}
	l := &f.lookup
	*l = lookup{f: f, b: b, rows: [2]change.Tuple{c.New, c.Old}, dst: dst}
	l.run()
	ids, l.dst = l.dst, nil
	return ids
}

// Errors counts what could not be decided so far: values that do not parse, evaluations that failed, lookups that panicked.
func (f *Filter) Errors() uint64 { return f.errors }

// Fault is the last panic of a lookup since the last call, nil when there was none.
func (f *Filter) Fault() error {
	err := f.fault
	f.fault = nil
	return err
}

// bind finds the table of a relation and where its columns are, nil when the table has no shapes.
func (f *Filter) bind(r *change.Relation) *binding {
	// A binding without a table is one that its table has given up since.
	if f.relation == r && (f.bound == nil || f.bound.table != nil) {
		return f.bound
	}
	t := f.tables[name{r.Schema, r.Name}]
	if t == nil {
		f.relation, f.bound = r, nil
		return nil
	}
	f.relation, f.bound = r, t.bind(r)
	return f.bound
}
