package shapeapi

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"leyden/actors/status"
	"leyden/internal/pg/inspect"
	"leyden/persistence/shapelog"
)

const (
	exposedHeaders = "electric-cursor,electric-handle,electric-has-data,electric-offset,electric-schema,electric-up-to-date,electric-internal-known-error,retry-after"
	shapeMethods   = "GET, POST, HEAD, DELETE, OPTIONS"
)

// exchange is one request and its response. It belongs to the goroutine that serves the request, and it is small: thousands
// of them wait at a time.
type exchange struct {
	api *API
	w   http.ResponseWriter
	r   *http.Request
	rc  *http.ResponseController

	isGet    bool // GET, or HEAD, which is answered like GET
	head     bool // no body is sent
	counted  bool // a request of the shape route
	sent     bool // the header has left
	prepared bool // headers of a success have been set
	status   int

	permit permit
	req    request
	fresh  tree // parameters of a request that names no shape, nil for others
	again  int  // how often it was served anew
	table  *inspect.Table
	entry  *status.Entry
	log    *shapelog.Log
	subset *status.SubsetQuery // nil: the request is for the log
}

// common sets the headers of every response (spec http-api §3).
func (x *exchange) common() {
	h := x.w.Header()
	id := x.r.Header.Get("X-Request-Id")
	if len(id) < 20 || len(id) > 200 {
		id = x.api.requestID()
	}
	h.Set("X-Request-Id", id)
	h.Set("Electric-Server", x.api.server)
	h.Set("Vary", "accept-encoding")
}

func (a *API) requestID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.opts.Random(1<<63))
	binary.BigEndian.PutUint64(b[8:], a.opts.Random(1<<63))
	return base64.URLEncoding.EncodeToString(b[1:])
}

func (x *exchange) cors(methods string) {
	h := x.w.Header()
	origin := "*"
	if given := x.r.Header["Origin"]; len(given) == 1 {
		origin = given[0]
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
	h.Set("Access-Control-Allow-Methods", methods)
}

func (x *exchange) notFound() {
	x.fail(&failure{status: http.StatusNotFound, body: "Not found", bare: true, caching: byDefault})
}

// commit sends the status. The header must be complete.
func (x *exchange) commit(code int) {
	x.status, x.sent = code, true
	x.extendDeadline()
	x.w.WriteHeader(code)
}

// reply sends a response whose whole body is known.
func (x *exchange) reply(code int, body []byte) {
	if code != http.StatusNoContent && code != http.StatusNotModified {
		x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	x.commit(code)
	if !x.head && len(body) > 0 {
		_, _ = x.w.Write(body) // nobody is left to be told
	}
}

// chunked makes the body one of unknown length, even when it fits a buffer. HTTP/2 ignores it.
func (x *exchange) chunked() { x.w.Header().Set("Transfer-Encoding", "chunked") }

// stayOpen tells the client to keep the connection, unless this is its last request.
func (x *exchange) stayOpen() {
	if h := x.w.Header(); h.Get("Connection") == "" {
		h.Set("Connection", "keep-alive")
	}
}

// extendDeadline gives the next write the send timeout. A writer that supports no deadlines has none.
func (x *exchange) extendDeadline() {
	_ = x.rc.SetWriteDeadline(time.Now().Add(x.api.cfg.SendTimeout))
}

// clearDeadline lets the response wait: on HTTP/2 a deadline that passes resets the stream, even between writes.
func (x *exchange) clearDeadline() { _ = x.rc.SetWriteDeadline(time.Time{}) }

// pushBuffered sends what the server below holds back. A writer that holds nothing back need not support it.
func (x *exchange) pushBuffered() error {
	if err := x.rc.Flush(); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// abort cuts the connection, so that the client does not take what it has for the whole.
func (x *exchange) abort() { panic(http.ErrAbortHandler) }

// end runs when the request is over, however it ended.
func (x *exchange) end() {
	x.permit.release()
	cause := recover()
	var err error
	if e, ok := cause.(error); ok {
		err = e
	}
	switch {
	case cause == nil:
	case errors.Is(err, http.ErrAbortHandler):
	default:
		x.api.opts.Logger.Error("request failed", "method", x.r.Method, "path", x.r.URL.Path,
			"query", RedactQuery(x.r.URL.RawQuery), "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		if !x.sent {
			x.fail(crashed())
			cause = nil
		} else {
			cause = http.ErrAbortHandler
		}
	}
	if x.counted && x.status != 0 {
		x.api.opts.Metrics.served(x.status)
	}
	if cause != nil {
		panic(cause)
	}
}

// retract takes back what was prepared of a success.
func (x *exchange) retract() {
	h := x.w.Header()
	for _, name := range []string{
		"Electric-Handle", "Electric-Offset", "Electric-Schema", "Electric-Up-To-Date", "Electric-Has-Data", "Electric-Cursor",
		"Electric-Snapshot", "Etag", "Transfer-Encoding",
	} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	x.prepared = false
}
