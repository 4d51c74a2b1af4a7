package shapeapi

import (
	"errors"
	"net/http"
	"strings"

	"leyden/actors/status"
	"leyden/internal/shape"
)

// serveOptions answers a preflight (spec http-api §25). Every list of header names is allowed, content-type among them, so
// that a browser can post JSON; the reference allows single names only.
func (x *exchange) serveOptions() {
	h := x.w.Header()
	h.Del("Vary")
	h.Set("Access-Control-Max-Age", "86400")
	x.stayOpen()
	if wanted := strings.Join(x.r.Header["Access-Control-Request-Headers"], ", "); headerNames(wanted) {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
	x.reply(http.StatusNoContent, nil)
}

// headerNames reports whether s is a list of header names, as a browser sends it.
func headerNames(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c == '-' || c == '_' || c == ',' || c == ' ' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

// serveHealth reports the engine's status. It never fails and asks for no credential.
func (x *exchange) serveHealth() {
	h := x.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", cacheHealth)
	s := x.api.engine.Status()
	code := http.StatusAccepted
	if s == status.Active {
		code = http.StatusOK
	}
	x.reply(code, []byte(`{"status":"`+s.String()+`"}`))
}

// serveDelete drops a shape (spec http-api §24). It never makes one.
func (x *exchange) serveDelete(query tree) {
	if !x.api.cfg.EnableDelete {
		x.fail(message(http.StatusMethodNotAllowed, "DELETE not allowed", 0))
		return
	}
	if f := x.awaitReady(); f != nil {
		x.fail(f)
		return
	}
	if x.api.engine.Status() != status.Active {
		x.fail(message(http.StatusServiceUnavailable, "Timeout waiting for Postgres lock acquisition", 5))
		return
	}
	entry, f := x.deletable(query)
	if f != nil {
		x.fail(f)
		return
	}
	if err := x.api.engine.Remove(x.r.Context(), entry); err != nil {
		var notReady *status.NotReady
		switch {
		case errors.As(err, &notReady):
			x.fail(message(http.StatusServiceUnavailable, notReady.Message, 5))
		default:
			x.fail(x.reading(err))
		}
		return
	}
	h := x.w.Header()
	h.Set("Cache-Control", cacheNone)
	h.Set("Electric-Has-Data", "true") // as the reference does
	x.reply(http.StatusAccepted, nil)
}

// deletable finds the shape that a DELETE means: by its definition, else by its handle. Parameters that have no meaning
// here are checked for their types all the same, and live strictly.
func (x *exchange) deletable(query tree) (*status.Entry, *failure) {
	c := caster{tree: query, problems: problems{}}
	def := c.definition()
	handle := c.text("handle")
	c.text("offset")
	c.boolean("live", "live")
	if _, given := query["live_sse"]; given {
		c.boolean("live_sse", "live_sse")
	} else {
		c.boolean("experimental_live_sse", "live_sse")
	}
	if len(c.problems) > 0 {
		return nil, invalid(c.problems)
	}
	unknown := message(http.StatusNotFound, "No existing shape found", 0)
	if def.table == "" {
		if handle == "" {
			return nil, invalidParam("handle", "can't be blank when shape definition is missing")
		}
		h, err := shape.ParseHandle(handle)
		if err != nil {
			return nil, unknown
		}
		entry, ok := x.api.engine.ByHandle(h)
		if !ok {
			return nil, unknown
		}
		return entry, nil
	}
	r, f := x.define(&def)
	if f != nil {
		return nil, f
	}
	entry, ok := x.api.engine.Lookup(r.identity)
	switch {
	case !ok:
		return nil, unknown
	case handle != "" && handle != entry.Handle.String():
		return nil, message(http.StatusBadRequest, "The specified shape definition and handle do not match."+
			" Please ensure the shape definition is correct or omit the shape handle from the request to obtain a new one.", 0)
	}
	return entry, nil
}
