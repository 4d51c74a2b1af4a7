package shapeapi

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"leyden/internal/pg/inspect"
	"leyden/internal/shape"
)

// resolved is a definition with its identity.
type resolved struct {
	def      atomic.Pointer[shape.Definition]
	identity shape.Identity
	inner    []*inspect.Table // of the subqueries
}

// adopt makes the definition that the shape has the one that is remembered, so that there are not two of them. One with
// dependencies may have been made of tables that have changed since.
func (r *resolved) adopt(def *shape.Definition) {
	if own := r.def.Load(); own != def && own.Compaction == def.Compaction && own.Dependencies == nil {
		r.def.Store(def)
	}
}

// unchanged reports whether the tables of the subqueries are still those that r was made of.
func (x *exchange) unchanged(r *resolved) bool {
	if len(r.inner) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), readyWait)
	defer cancel()
	for _, was := range r.inner {
		if t, f := x.tableNamed(ctx, was.Table.Schema, was.Name); f != nil || t != was {
			return false
		}
	}
	return true
}

// definitions remembers what recent parameters mean, because a following client sends the same ones with every poll. A
// changed table is another *inspect.Table, so what was built over the old one is not found again; tables of subqueries are
// compared when it is found.
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
