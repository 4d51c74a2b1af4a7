package shapeapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	if r, ok := x.api.definitions.get(key); ok {
		return r, nil
	}
	def, f := x.api.build(p, t, x.api.engine.GeneratedColumns())
	if f != nil {
		return nil, f
	}
	r := &resolved{identity: def.Identity()}
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
	unknown := invalidParam("table", `Table "`+schema+`"."`+name+
		`" does not exist. If the table name contains capitals or special characters you must quote it.`)
	if strings.ContainsRune(schema+name, 0) {
		return nil, unknown // no name in Postgres has one, and its protocol cannot ask
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), readyWait)
	defer cancel()
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

// build makes a definition from parameters over a table.
func (a *API) build(p *definitionParams, t *inspect.Table, generatedColumns bool) (*shape.Definition, *failure) {
	d := &shape.Definition{Layout: &shape.Layout{Table: t.Table}, Replica: p.replica, Log: p.log, Compaction: p.compaction, TableVersion: t.Version()}
	var hasKey bool
	d.Key, hasKey = t.Key()
	d.NoPrimaryKey = !hasKey
	if f := selectColumns(d, p, t, generatedColumns); f != nil {
		return nil, f
	}
	if p.where == "" {
		return d, nil
	}
	clause, f := a.compile(p.where, p.params, t.WhereColumns(), false)
	if f != nil {
		return nil, f
	}
	d.Where = clause
	used := clause.Columns()
	for _, c := range t.WhereColumns() {
		if c.Kind.NonPrimitive() && slices.Contains(used, c.Name) {
			d.NonPrimitive = true
		}
	}
	return d, nil
}

// selectColumns applies columns and queryable_columns (spec http-api §7.3).
func selectColumns(d *shape.Definition, p *definitionParams, t *inspect.Table, generatedColumns bool) *failure {
	var all, generated []string
	for i := range t.Columns {
		all = append(all, t.Columns[i].Name)
		if t.Columns[i].Generated {
			generated = append(generated, t.Columns[i].Name)
		}
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
	generated = within(generated, selected)
	if len(generated) > 0 && !generatedColumns {
		text := "The following columns are generated and cannot be included in the shape: " + list(generated)
		if p.columns == nil {
			text += ". You can exclude them from the shape by explicitly listing which columns to fetch in the 'columns' query param"
		}
		return invalidParam("columns", text)
	}
	d.SelectsGenerated = len(generated) > 0
	d.Selected = sorted(selected)
	d.SelectsAll = p.columns == nil && p.queryable == nil
	if !d.SelectsAll {
		d.Explicit = d.Selected
	}
	return nil
}

// compile compiles the clause of a shape, or of a subset of one. Their errors have different forms.
func (a *API) compile(text string, params map[string]string, cols []where.Column, subset bool) (*where.Clause, *failure) {
	wrap := invalidParam
	if subset {
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
	clause, err := a.compiler.Compile(text, params, cols)
	if err != nil {
		if e, ok := errors.AsType[*where.Error](err); ok && e.Subquery && subset {
			return nil, wrap("where", "Subqueries are not allowed in subsets")
		}
		return nil, whereFailure("where", err, wrap)
	}
	return clause, nil
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

// within is what of a is in b.
func within(a, b []string) []string {
	return pick(a, func(s string) bool { return slices.Contains(b, s) })
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

// resolved is a definition with its identity.
type resolved struct {
	def      atomic.Pointer[shape.Definition]
	identity shape.Identity
}

// adopt makes the definition that the shape has the one that is remembered, so that there are not two of them.
func (r *resolved) adopt(def *shape.Definition) {
	if own := r.def.Load(); own != def && own.Compaction == def.Compaction {
		r.def.Store(def)
	}
}

// definitions remembers what recent parameters mean, because a following client sends the same ones with every poll. A
// changed table is another *inspect.Table, so what was built over the old one is not found again.
type definitions struct {
	mu         sync.Mutex
	young, old map[definitionKey]*resolved
	bytes      int // of the texts in young
}

type definitionKey struct {
	table *inspect.Table
	text  string
}

// Limits of one of the two generations.
const (
	maxDefinitions     = 4096
	maxDefinitionBytes = 4 << 20
	maxDefinitionText  = 8 << 10
)

func newDefinitions() *definitions {
	return &definitions{young: map[definitionKey]*resolved{}}
}

func (c *definitions) get(k definitionKey) (*resolved, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.young[k]; ok {
		return r, true
	}
	r, ok := c.old[k]
	if ok {
		c.store(k, r)
	}
	return r, ok
}

func (c *definitions) put(k definitionKey, r *resolved) {
	if len(k.text) > maxDefinitionText {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store(k, r)
}

func (c *definitions) store(k definitionKey, r *resolved) {
	if len(c.young) >= maxDefinitions || c.bytes > maxDefinitionBytes {
		c.old, c.young, c.bytes = c.young, map[definitionKey]*resolved{}, 0
	}
	c.young[k] = r
	c.bytes += len(k.text)
}

// key is an unambiguous text of everything but the table: two requests with the same key over one table have one definition.
func (p *definitionParams) key() string {
	b := make([]byte, 0, 64+len(p.where))
	b = append(b, '0'+byte(p.replica), '0'+byte(p.log))
	b = strconv.AppendBool(b, p.compaction)
	b = appendField(b, p.where)
	b = appendList(b, p.columns)
	b = appendList(b, p.queryable)
	names := make([]string, 0, len(p.params))
	for name := range p.params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b = appendField(appendField(b, name), p.params[name])
	}
	return string(b)
}

func appendList(b []byte, names []string) []byte {
	if names == nil {
		return append(b, '-')
	}
	b = strconv.AppendInt(b, int64(len(names)), 10)
	for _, name := range names {
		b = appendField(b, name)
	}
	return append(b, '.')
}

func appendField(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}
