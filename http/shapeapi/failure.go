package shapeapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"leyden/internal/shape"
)

// failure is an answer other than success: its status, its body and what of its headers differs. It is the only place
// where the errors of the protocol (spec http-api §9) get their form.
type failure struct {
	status     int
	body       any // nil: no body
	handle     shape.Handle
	retryAfter int // seconds, 0: no header
	known      bool
	caching    caching
	bare       bool // no content type: the answer of the server below the protocol
}

// caching says which cache-control a failure gets.
type caching uint8

const (
	byMethod    caching = iota // no-store for GET, no-cache for the rest
	neverStored                // no-store whatever the method
	byDefault                  // what has no explicit header
)

// messageBody is the family of API errors.
type messageBody struct {
	Message string `json:"message"`
	Errors  any    `json:"errors,omitempty"`
	Code    string `json:"code,omitempty"`
}

// plumbingBody is the family of errors from below the protocol.
type plumbingBody struct {
	Error   string `json:"error"`
	Details string `json:"details,omitempty"`
	Code    string `json:"code,omitempty"`
}

var mustRefetch = json.RawMessage(`[{"headers":{"control":"must-refetch"}}]`)

func (f *failure) Error() string {
	switch b := f.body.(type) {
	case messageBody:
		return b.Message
	case plumbingBody:
		return b.Error
	}
	return http.StatusText(f.status)
}

// problems maps parameters to what is wrong with them. A value is a list of texts, for subset a map of such lists.
type problems map[string]any

func (p problems) add(param, text string) {
	list, _ := p[param].([]string)
	p[param] = append(list, text)
}

// invalid is a 400 that names the parameters at fault.
func invalid(p problems) *failure {
	return &failure{status: http.StatusBadRequest, body: messageBody{Message: "Invalid request", Errors: p}}
}

// invalidParam is invalid for one parameter.
func invalidParam(param, text string) *failure { return invalid(problems{param: []string{text}}) }

// invalidSubset is invalid for one field of the subset.
func invalidSubset(field, text string) *failure {
	return invalid(problems{"subset": problems{field: []string{text}}})
}

func message(status int, text string, retryAfter int) *failure {
	return &failure{status: status, body: messageBody{Message: text}, retryAfter: retryAfter}
}

// conflict is the 409 that names the shape to go on with.
func conflict(h shape.Handle) *failure {
	return &failure{status: http.StatusConflict, body: mustRefetch, handle: h}
}

// rotated is the 409 for a shape that went away while it was read.
func rotated() *failure { return &failure{status: http.StatusConflict, body: mustRefetch} }

// isRotation reports whether f is what rotated makes.
func (f *failure) isRotation() bool { return f.status == http.StatusConflict && f.handle.IsZero() }

// unreadable is the answer to a log that cannot be read.
func unreadable(detail string) *failure {
	return message(http.StatusInternalServerError, "Unable to retrieve shape log: "+detail, 0)
}

func unauthorized() *failure {
	return &failure{status: http.StatusUnauthorized, body: messageBody{Message: "Unauthorized - Invalid API secret"}, bare: true, caching: byDefault}
}

// plumbing is an error of reading the body.
func plumbing(status int, text, details string) *failure {
	return &failure{status: status, body: plumbingBody{Error: text, Details: details}, caching: byDefault}
}

func overloaded(kind string, limit, retryAfter int) *failure {
	return &failure{
		status: http.StatusServiceUnavailable,
		body: messageBody{
			Code:    "concurrent_request_limit_exceeded",
			Message: "Concurrent " + kind + " request limit exceeded (limit: " + strconv.Itoa(limit) + "), please retry",
		},
		retryAfter: retryAfter, known: true, caching: neverStored,
	}
}

func databaseUnreachable() *failure {
	return &failure{
		status:     http.StatusServiceUnavailable,
		body:       plumbingBody{Error: "Database is unreachable", Code: "database_unreachable"},
		retryAfter: 10, caching: neverStored,
	}
}

// crashed hides what went wrong inside.
func crashed() *failure {
	return &failure{status: http.StatusInternalServerError, body: plumbingBody{Error: "Internal server error"}, bare: true, caching: byDefault}
}

// encode renders the body. Texts are for people and for logs, not for pages: nothing of HTML is escaped.
func (f *failure) encode() []byte {
	switch b := f.body.(type) {
	case nil:
		return nil
	case json.RawMessage:
		return b
	case string:
		return []byte(b)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f.body); err != nil {
		return nil // bodies are made of strings, lists and maps: they encode
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// fail sends f, unless the response has begun: then the connection is cut.
func (x *exchange) fail(f *failure) {
	if x.sent {
		x.abort()
	}
	if x.anew(f) {
		return
	}
	if x.prepared {
		x.retract()
	}
	h := x.w.Header()
	if f.bare {
		h["Content-Type"] = nil
	}
	if !f.handle.IsZero() {
		text := f.handle.String()
		h.Set("Electric-Handle", text)
		h.Set("Etag", `"`+text+`::"`)
	}
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	if f.known {
		h.Set("Electric-Internal-Known-Error", "true")
	}
	x.cacheFailure(f)
	x.reply(f.status, f.encode())
}
