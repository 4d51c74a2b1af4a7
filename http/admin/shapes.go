package admin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"leyden/actors/status"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// matches compares a path with a pattern.
func matches(pattern string, r *http.Request) bool {
	path := r.URL.Path
	prefix, isPattern := strings.CutSuffix(pattern, "{handle}")
	if !isPattern {
		return path == pattern
	}
	handle, ok := strings.CutPrefix(path, prefix)
	return ok && handle != "" && !strings.Contains(handle, "/")
}

func (a *API) shapes(_ http.ResponseWriter, r *http.Request) (any, error) {
	l, err := parseListing(r.URL.Query())
	if err != nil {
		return nil, err
	}
	if l.order.id() {
		return a.inOrder(r.Context(), l)
	}
	return a.sorted(r.Context(), l)
}

// pageEntries is how many shapes are looked at between two looks at the context.
const pageEntries = 1000

// inOrder lists by ids.
func (a *API) inOrder(ctx context.Context, l *listing) (*Page, error) {
	page := &Page{Shapes: []Shape{}}
	after := l.after
	for {
		entries := a.engine.Page(after, pageEntries)
		for _, e := range entries {
			if !l.wants(a, e) {
				after = e.ID
				continue
			}
			if len(page.Shapes) == l.limit {
				page.Next = uint64(after)
				return page, nil
			}
			s, err := a.describe(ctx, e)
			if err != nil {
				return nil, err
			}
			page.Shapes = append(page.Shapes, s)
			after = e.ID
		}
		if len(entries) == 0 {
			return page, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// sorted lists the first shapes of another order. All have to be looked at, but no more than the limit is kept.
func (a *API) sorted(ctx context.Context, l *listing) (*Page, error) {
	best := &selection{order: l.order, limit: l.limit}
	for after := shape.ID(0); ; {
		entries := a.engine.Page(after, pageEntries)
		for _, e := range entries {
			after = e.ID
			if !l.wants(a, e) {
				continue
			}
			k, err := a.key(ctx, l.order, e)
			if err != nil {
				return nil, err
			}
			best.offer(k)
		}
		if len(entries) == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	page := &Page{Shapes: []Shape{}, More: best.seen > l.limit}
	for _, k := range best.take() {
		s, err := a.describe(ctx, k.entry)
		if err != nil {
			return nil, err
		}
		page.Shapes = append(page.Shapes, s)
	}
	return page, nil
}

func (a *API) shape(_ http.ResponseWriter, r *http.Request) (any, error) {
	e, err := a.find(r)
	if err != nil {
		return nil, err
	}
	s, err := a.describe(r.Context(), e)
	s.Consumer = a.engine.Consumer(e)
	_, outer := a.engine.Relatives(e)
	s.Dependents, s.DependentCount = handles(outer), len(outer)
	return s, err
}

func (a *API) remove(_ http.ResponseWriter, r *http.Request) (any, error) {
	e, err := a.find(r)
	if err != nil {
		return nil, err
	}
	s, err := a.describe(r.Context(), e)
	if err != nil {
		return nil, err
	}
	a.Logger.Info("an operator removes a shape", "handle", s.Handle, "table", s.Table)
	if err := a.engine.Remove(r.Context(), e); err != nil {
		return nil, err
	}
	s.State, s.Waiting = "removed", 0
	return s, nil
}

func (a *API) find(r *http.Request) (*status.Entry, error) {
	if err := only(r.URL.Query()); err != nil {
		return nil, err
	}
	text := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	h, err := shape.ParseHandle(text)
	if err != nil {
		return nil, bad("handle", text+" is no handle: it looks like 12345678-1700000000000000")
	}
	e, ok := a.engine.Find(h)
	if !ok {
		return nil, &Problem{Status: http.StatusNotFound, Code: "not_found", Parameter: "handle", Message: "there is no shape " + text}
	}
	return e, nil
}

func handles(entries []*status.Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.Handle.String())
	}
	return out
}

func table(e *status.Entry) string { return e.Def.Table.Schema + "." + e.Def.Table.Name }

func clause(e *status.Entry) string {
	if e.Def.Where == nil {
		return ""
	}
	return e.Def.Where.SQL()
}

// state says how far a shape is.
func state(e *status.Entry) string {
	if e.Removed() {
		return "removed"
	}
	log := e.Log()
	if e.Beginning() != nil || log == nil {
		return "making"
	}
	head, err := log.Head()
	switch {
	case errors.Is(err, shapelog.ErrRemoved):
		return "removed"
	case err == nil && !head.SnapshotComplete:
		return "snapshot"
	}
	return "live"
}

// describe tells all of a shape. One that goes away meanwhile is told as removed.
func (a *API) describe(ctx context.Context, e *status.Entry) (Shape, error) {
	s := Shape{
		ID: uint64(e.ID), Handle: e.Handle.String(), Table: table(e), Where: clause(e), Columns: e.Def.Selected,
		Replica: "default", Log: "full", State: state(e), Made: time.UnixMicro(int64(e.Handle.Micros)), LastRead: a.engine.LastRead(e),
	}
	if e.Def.Replica == shape.ReplicaFull {
		s.Replica = "full"
	}
	if e.Def.Log == shape.LogChangesOnly {
		s.Log = "changes_only"
	}
	inner, outer := a.engine.Relatives(e)
	s.Dependencies, s.DependentCount = handles(inner), len(outer)
	log := e.Log()
	if log == nil {
		return s, nil
	}
	s.Waiting = a.clients.Waiting(log)
	head, err := log.Head()
	if err == nil {
		s.Offset = head.Latest.String()
		var size shapelog.Size
		if size, err = log.Size(ctx); err == nil {
			s.Rows, s.Items, s.Bytes = size.Rows, size.Items, size.Bytes
		}
	}
	if errors.Is(err, shapelog.ErrRemoved) {
		s.State, err = "removed", nil
	}
	return s, err
}
