package shapeapi

import (
	"context"
	"slices"

	"leyden/internal/pg/inspect"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// builder makes the definition of one request, and those of the shapes that it depends on. It looks each table up once, so that
// all that it makes is of one version of each.
type builder struct {
	x         *exchange
	params    *definitionParams
	generated bool // the server can replicate generated columns

	inner []*inspect.Table // of the subqueries, in the order in which they were first met
}

// build makes the definition over the table of the request.
func (b *builder) build(t *inspect.Table) (*shape.Definition, *failure) {
	p := b.params
	d := base(t)
	d.Replica, d.Log, d.Compaction = p.replica, p.log, p.compaction
	if f := b.selectColumns(d, t); f != nil {
		return nil, f
	}
	if p.where == "" {
		return d, nil
	}
	ctx, cancel := context.WithTimeout(b.x.r.Context(), readyWait)
	defer cancel()
	clause, f := b.x.api.compile(p.where, p.params, t.WhereColumns(), func(schema, name string) ([]where.Column, error) {
		inner, f := b.find(ctx, schema, name)
		if f != nil {
			return nil, f
		}
		return inner.WhereColumns(), nil
	})
	if f != nil {
		return nil, f
	}
	if clause.HasSubqueries() && p.compaction {
		return nil, invalidParam("experimental_compaction", "can't be enabled for shapes with subqueries")
	}
	if f := b.restrict(d, t, clause); f != nil {
		return nil, f
	}
	return d, nil
}

// base is a definition over all of a table, without its columns.
func base(t *inspect.Table) *shape.Definition {
	d := &shape.Definition{Layout: &shape.Layout{Table: t.Table}, TableVersion: t.Version()}
	key, ok := t.Key()
	d.Key, d.NoPrimaryKey = key, !ok
	return d
}

// restrict gives a definition its clause, and the definitions that this depends on.
func (b *builder) restrict(d *shape.Definition, t *inspect.Table, clause *where.Clause) *failure {
	d.Where = clause
	used := clause.Columns()
	for _, c := range t.WhereColumns() {
		if c.Kind.NonPrimitive() && slices.Contains(used, c.Name) {
			d.NonPrimitive = true
		}
	}
	for _, s := range clause.Subqueries() {
		inner, f := b.dependency(&s)
		if f != nil {
			return f
		}
		if d.Dependencies == nil {
			d.Dependencies = &shape.Dependencies{}
		}
		d.Dependencies.Inner = append(d.Dependencies.Inner, inner)
	}
	return nil
}

// dependency is the definition of the inner shape of a subquery (spec where-and-subqueries §4.2): all of its rows, whole changes if
// the request wants these, and the columns that the subquery selects, whichever a request may select itself.
func (b *builder) dependency(s *where.Subquery) (*shape.Definition, *failure) {
	t := b.inner[slices.IndexFunc(b.inner, func(t *inspect.Table) bool { return t.Table.Schema == s.Schema && t.Name == s.Table })]
	d := base(t)
	d.Replica = b.params.replica
	d.Explicit = sorted(s.Columns)
	d.Selected = sorted(append(slices.Clone(s.Columns), d.Key...))
	if f := b.checkGenerated(d, t, d.Selected, false); f != nil {
		return nil, f
	}
	if s.Where == nil {
		return d, nil
	}
	return d, b.restrict(d, t, s.Where)
}

// find is the table of a subquery.
func (b *builder) find(ctx context.Context, schema, name string) (*inspect.Table, *failure) {
	t, f := b.x.tableNamed(ctx, schema, name)
	if f == nil {
		b.inner = append(b.inner, t)
	}
	return t, f
}
