package shapeapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"leyden/internal/pg/inspect"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// define resolves the table of a request and builds the shape's definition from it. The first failing step is told.
func (x *exchange) define(p *definitionParams) (*resolved, *failure) {
	t, f := x.lookupTable(p.table)
	if f != nil {
		return nil, f
	}
	x.table = t
	key := definitionKey{table: t, text: p.key()}
	if r, ok := x.api.definitions.get(key); ok && x.unchanged(r) {
		return r, nil
	}
	b := builder{x: x, params: p, generated: x.api.engine.GeneratedColumns()}
	def, f := b.build(t)
	if f != nil {
		return nil, f
	}
	r := &resolved{identity: def.Identity(), inner: b.inner}
	r.def.Store(def)
	x.api.definitions.put(key, r)
	return r, nil
}

func (x *exchange) lookupTable(text string) (*inspect.Table, *failure) {
	if text == "" {
		return nil, invalidParam("table", "can't be blank")
	}
	schema, name, err := parseTable(text)
	if err != nil {
		return nil, invalidParam("table", err.Error())
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), readyWait)
	defer cancel()
	return x.tableNamed(ctx, schema, name)
}

// tableNamed looks a table up in the catalogue.
func (x *exchange) tableNamed(ctx context.Context, schema, name string) (*inspect.Table, *failure) {
	unknown := invalidParam("table", `Table "`+schema+`"."`+name+
		`" does not exist. If the table name contains capitals or special characters you must quote it.`)
	if strings.ContainsRune(schema+name, 0) {
		return nil, unknown // no name in Postgres has one, and its protocol cannot ask
	}
	t, err := x.api.engine.Table(ctx, schema, name)
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, inspect.ErrNotFound):
		return nil, unknown
	case x.r.Context().Err() != nil:
		x.abort()
	}
	return nil, message(http.StatusServiceUnavailable, "Cannot connect to the database to verify the shape. Please try again later.", 1)
}

// selectColumns applies columns and queryable_columns (spec http-api §7.3).
func (b *builder) selectColumns(d *shape.Definition, t *inspect.Table) *failure {
	p := b.params
	var all []string
	for i := range t.Columns {
		all = append(all, t.Columns[i].Name)
	}
	allowed := all
	if p.queryable != nil {
		if len(p.queryable) == 0 {
			return invalidParam("queryable_columns", "The list of queryable columns must not be empty")
		}
		if missing := without(d.Key, p.queryable); len(missing) > 0 {
			return invalidParam("queryable_columns", "The list of queryable columns must include all primary key columns, missing: "+list(missing))
		}
		if unknown := without(p.queryable, all); len(unknown) > 0 {
			return invalidParam("queryable_columns", "The following queryable columns are not found on the table: "+list(unknown))
		}
		allowed = p.queryable
	}
	selected := allowed
	if p.columns != nil {
		if missing := without(d.Key, p.columns); len(missing) > 0 {
			return invalidParam("columns", "The list of columns must include all primary key columns, missing: "+list(missing))
		}
		if unknown := without(p.columns, allowed); len(unknown) > 0 {
			return invalidParam("columns", "The following columns are not found on the table: "+list(unknown))
		}
		selected = p.columns
	}
	if f := b.checkGenerated(d, t, selected, p.columns == nil); f != nil {
		return f
	}
	d.Selected = sorted(selected)
	d.SelectsAll = p.columns == nil && p.queryable == nil
	if !d.SelectsAll {
		d.Explicit = d.Selected
	}
	return nil
}

// checkGenerated refuses generated columns that the server cannot replicate. implied says that the request did not name them.
func (b *builder) checkGenerated(d *shape.Definition, t *inspect.Table, selected []string, implied bool) *failure {
	var generated []string
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Generated && slices.Contains(selected, c.Name) {
			generated = append(generated, c.Name)
		}
	}
	if len(generated) > 0 && !b.generated {
		text := "The following columns are generated and cannot be included in the shape: " + list(generated)
		if implied {
			text += ". You can exclude them from the shape by explicitly listing which columns to fetch in the 'columns' query param"
		}
		return invalidParam("columns", text)
	}
	d.SelectsGenerated = len(generated) > 0
	return nil
}

// compile compiles the clause of a shape, or of a subset of one, which has no tables for subqueries. Their errors have different
// forms.
func (a *API) compile(text string, params map[string]string, cols []where.Column, tables where.Tables) (*where.Clause, *failure) {
	wrap := invalidParam
	if tables == nil {
		wrap = invalidSubset
	}
	if f := checkNUL("where", text, wrap); f != nil {
		return nil, f
	}
	for _, value := range params {
		if strings.ContainsRune(value, 0) {
			return nil, wrap("params", isInvalid)
		}
	}
	clause, err := a.compiler.CompileWith(text, params, cols, tables)
	if err == nil {
		return clause, nil
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return nil, f
	}
	if e, ok := errors.AsType[*where.Error](err); ok && e.Subquery && tables == nil {
		return nil, wrap("where", "Subqueries are not allowed in subsets")
	}
	return nil, whereFailure("where", err, wrap)
}

// checkNUL rejects the one character that Postgres has in no text, and at which its parser would stop reading.
func checkNUL(field, text string, wrap func(field, text string) *failure) *failure {
	at := strings.IndexByte(text, 0)
	if at < 0 {
		return nil
	}
	return wrap(field, "At location "+strconv.Itoa(utf8.RuneCountInString(text[:at]))+`: syntax error at or near "\0"`)
}

func whereFailure(field string, err error, wrap func(field, text string) *failure) *failure {
	var e *where.Error
	if errors.As(err, &e) && e.Field != "" {
		field = e.Field
	}
	return wrap(field, err.Error())
}

// without is a minus b, in a's order and without duplicates.
func without(a, b []string) []string {
	return pick(a, func(s string) bool { return !slices.Contains(b, s) })
}

func pick(a []string, keep func(string) bool) []string {
	var out []string
	for _, s := range a {
		if keep(s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func list(names []string) string { return strings.Join(names, ", ") }

// sorted is a sorted copy without duplicates.
func sorted(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Clip(slices.Compact(out))
}
