// Package shapeapi is the shape protocol over HTTP (spec http-api): it turns a request into a shape definition, finds or
// makes the shape, and answers with bytes of its log, at once, by long poll, as server-sent events, or with a subset
// snapshot.
//
// It never decodes a row, never talks to Postgres and starts no goroutine: everything that runs is behind Engine, and a
// request costs the goroutine that serves it.
//
// The one invariant: a response says of itself only what its body holds. The offset, the up-to-date flag and the entity tag
// are computed from one view of the log, and nothing behind that view is sent; a failure after the first byte cuts the
// connection, so that a short body is never taken for a whole one.
package shapeapi
