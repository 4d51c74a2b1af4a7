package shapeapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"leyden/actors/status"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// serveShape answers GET and POST of the shape route, in the order of spec http-api §5.
func (x *exchange) serveShape(query tree) {
	if f := x.admit(query); f != nil {
		x.fail(f)
		return
	}
	params := query
	foldSubset(params)
	if !x.isGet {
		body, f := x.readBody()
		if f != nil {
			x.fail(f)
			return
		}
		params = mergeBody(params, body)
	}
	if f := x.awaitReady(); f != nil {
		x.fail(f)
		return
	}
	x.serveDefined(params)
}

// serveDefined serves the shape that parameters define.
func (x *exchange) serveDefined(params tree) {
	if f := x.resolve(params); f != nil {
		x.fail(f)
		return
	}
	if x.req.subset != nil {
		x.serveSubset()
		return
	}
	x.serveLog()
}

// maxAnew is how often a request that names no shape is served anew because its shape went away.
const maxAnew = 3

// anew serves a request that names no shape from the beginning, with the shape that has taken the place of the one that went
// away: the handle is none of its business (spec http-api §10.3). It reports whether it did; after some times it does not.
func (x *exchange) anew(f *failure) bool {
	if x.fresh == nil || x.sent || !f.isRotation() || x.again == maxAnew {
		return false
	}
	if x.prepared {
		x.retract()
	}
	x.again++
	x.serveDefined(x.fresh)
	return true
}

// admit classifies by the raw handle of the query: what is not known here may have to make a shape.
func (x *exchange) admit(query tree) *failure {
	k := initial
	if text, ok := query["handle"].(string); ok {
		if h, err := shape.ParseHandle(text); err == nil {
			if _, known := x.api.engine.ByHandle(h); known {
				k = existing
			}
		}
	}
	p, ok := x.api.admission.acquire(k)
	if !ok {
		return overloaded(k.String(), int(x.api.admission.limits[k]), 6+int(x.api.opts.Random(5)))
	}
	x.permit = p
	return nil
}

// awaitReady holds the request until the engine can serve.
func (x *exchange) awaitReady() *failure {
	ctx, cancel := context.WithTimeout(x.r.Context(), readyWait)
	defer cancel()
	return x.readiness(x.api.engine.WaitReady(ctx), 5)
}

func (x *exchange) readiness(err error, retryAfter int) *failure {
	if err == nil {
		return nil
	}
	if x.r.Context().Err() != nil {
		x.abort()
	}
	return message(http.StatusServiceUnavailable, err.Error(), retryAfter)
}

// resolve turns parameters into a request for one existing shape whose snapshot can be read.
func (x *exchange) resolve(params tree) *failure {
	req, f := readRequest(params)
	if f != nil {
		return f
	}
	x.req = req
	if x.fresh = nil; req.fresh() {
		x.fresh = params
	}
	def, f := x.define(&x.req.definition)
	if f != nil {
		return f
	}
	query, f := x.compileSubset()
	if f != nil {
		return f
	}
	x.subset = query
	x.req.definition = definitionParams{} // a waiting request keeps only what it needs
	if f := x.find(def); f != nil {
		return f
	}
	return x.awaitSnapshot()
}

// find looks the shape up or makes it, and compares handles (spec http-api §10.3).
func (x *exchange) find(def *resolved) *failure {
	entry, ok := x.api.engine.Lookup(def.identity)
	if !ok {
		var err error
		if entry, err = x.api.engine.Create(x.r.Context(), def.def.Load()); err != nil {
			return x.creation(err)
		}
	}
	if x.req.handle != "" && x.req.handle != entry.Handle.String() {
		return conflict(entry.Handle)
	}
	def.adopt(entry.Def)
	x.entry = entry
	log, err := x.api.engine.Log(entry)
	if err != nil {
		return x.reading(err)
	}
	x.log = log
	return nil
}

func (x *exchange) creation(err error) *failure {
	var notReady *status.NotReady
	var failed *status.SnapshotError
	switch {
	case x.r.Context().Err() != nil:
		x.abort()
	case errors.As(err, &notReady):
		return message(http.StatusServiceUnavailable, notReady.Message, 5)
	case errors.As(err, &failed):
		return snapshotFailure(failed)
	}
	x.api.opts.Logger.Error("create shape", "error", err)
	return message(http.StatusServiceUnavailable, "Failed to create shape, please retry", 1)
}

// awaitSnapshot waits until the first chunk of the snapshot is being written. An initial permit covers the wait, because
// it is the wait for a database connection.
func (x *exchange) awaitSnapshot() *failure {
	ctx, cancel := context.WithTimeout(x.r.Context(), snapshotStartWait)
	defer cancel()
	if err := x.api.engine.AwaitSnapshotStart(ctx, x.entry); err != nil {
		var failed *status.SnapshotError
		switch {
		case errors.As(err, &failed):
			return snapshotFailure(failed)
		case x.r.Context().Err() != nil:
			x.abort()
		case errors.Is(err, context.DeadlineExceeded):
			return unreadable("the snapshot did not start in time")
		}
		return x.reading(err)
	}
	x.permit.settle()
	x.api.engine.Touch(x.entry)
	return nil
}

func snapshotFailure(e *status.SnapshotError) *failure {
	switch {
	case e.Rotated:
		return rotated()
	case e.Status == http.StatusInternalServerError:
		return message(e.Status, e.Message, 0)
	}
	f := message(http.StatusServiceUnavailable, e.Message, 10)
	f.known = e.Known
	return f
}

// reading is the answer to an error of the log.
func (x *exchange) reading(err error) *failure {
	switch {
	case errors.Is(err, shapelog.ErrRemoved) || errors.Is(err, shapelog.ErrAborted) || x.log != nil && x.log.Removed():
		return rotated()
	case errors.Is(err, shapelog.ErrClosed):
		return message(http.StatusServiceUnavailable, "Timeout waiting for stack restart", 10)
	case x.r.Context().Err() != nil:
		x.abort()
	case errors.Is(err, context.DeadlineExceeded):
		return unreadable("timed out waiting for the snapshot")
	}
	x.api.opts.Logger.Error("read shape log", "handle", x.entry.Handle.String(), "error", err)
	return unreadable(strings.TrimSpace(err.Error()))
}
