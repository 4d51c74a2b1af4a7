package admin

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"leyden/actors/status"
	"leyden/actors/tree"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// Engine is the rest of the server as operators see it. All methods are safe for concurrent use.
type Engine interface {
	Report() status.Report
	// WaitReady waits until requests can be served: nil, or a *status.NotReady when ctx ended first.
	WaitReady(ctx context.Context) error
	// Processes is the tree of supervision, with each consumer or with their numbers.
	Processes(ctx context.Context, each bool) []tree.Node
	// RestartPath restarts a part of it and waits until it is up.
	RestartPath(ctx context.Context, path string) (full string, err error)

	// Page is up to n shapes after an id, in the order of ids.
	Page(after shape.ID, n int) []*status.Entry
	Find(h shape.Handle) (*status.Entry, bool)
	LastRead(e *status.Entry) time.Time
	// Consumer is the path of the shape's consumer.
	Consumer(e *status.Entry) string
	// Relatives are the shapes that e depends on, and those that depend on it.
	Relatives(e *status.Entry) (inner, outer []*status.Entry)
	// Remove makes e unknown to new requests, and gone over a crash, before it returns.
	Remove(ctx context.Context, e *status.Entry) error
}

// Clients knows who waits for a log.
type Clients interface {
	Waiting(log *shapelog.Log) int
}

// Config says what the API demands and what it tells of the process.
type Config struct {
	Secret   string // "": none is asked for, and only requests to a loopback address that no web page sent are served
	Version  string
	Instance string
	Database string // without credentials
	Storage  string

	Logger *slog.Logger
	Now    func() time.Time
}

// API is the handler.
type API struct {
	Config
	engine  Engine
	clients Clients
	guard   guard
	started time.Time
	routes  []route
}

type route struct {
	method, path string // {handle} stands for one element
	serve        func(w http.ResponseWriter, r *http.Request) (any, error)
}

// New makes the handler of the API.
func New(c Config, e Engine, clients Clients) *API {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &API{Config: c, engine: e, clients: clients, guard: newGuard(c.Secret), started: c.Now()}
	a.routes = []route{
		{http.MethodGet, "/v1/status", a.status},
		{http.MethodGet, "/v1/tree", a.tree},
		{http.MethodPost, "/v1/restart", a.restart},
		{http.MethodGet, "/v1/shapes", a.shapes},
		{http.MethodGet, "/v1/shapes/{handle}", a.shape},
		{http.MethodDelete, "/v1/shapes/{handle}", a.remove},
		{http.MethodGet, "/v1/openapi.json", a.openAPI},
	}
	return a
}

//go:embed openapi.json
var openAPI json.RawMessage

func (a *API) openAPI(http.ResponseWriter, *http.Request) (any, error) { return openAPI, nil }

// ServeHTTP judges the caller, finds the route and answers in JSON.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := a.serve(w, r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	reply(w, r, http.StatusOK, answer)
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) (any, error) {
	if p := a.guard.judge(r); p != nil {
		return nil, p
	}
	var allowed []string
	for i := range a.routes {
		route := &a.routes[i]
		if !matches(route.path, r) {
			continue
		}
		if route.method == r.Method || route.method == http.MethodGet && r.Method == http.MethodHead {
			return route.serve(w, r)
		}
		allowed = append(allowed, route.method)
	}
	if allowed == nil {
		return nil, &Problem{Status: http.StatusNotFound, Code: "not_found", Message: "no such path: " + r.URL.Path}
	}
	for _, m := range allowed {
		w.Header().Add("Allow", m)
	}
	return nil, &Problem{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Message: r.Method + " is not possible here"}
}

// fail answers with what went wrong. What the caller cannot help is logged.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *Problem
	switch {
	case errors.As(err, &p):
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody is there to be told
	case errors.Is(err, context.DeadlineExceeded):
		p = &Problem{Status: http.StatusGatewayTimeout, Code: "timeout", Message: err.Error()}
	default:
		a.Logger.Error("an operator's request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		p = &Problem{Status: http.StatusInternalServerError, Code: "internal", Message: err.Error()}
	}
	reply(w, r, p.Status, p)
}

// writeTimeout is how long a caller may take to take an answer.
const writeTimeout = 30 * time.Second

func reply(w http.ResponseWriter, r *http.Request, status int, answer any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, `{"status":500,"code":"internal","message":"the answer cannot be written as JSON"}`, http.StatusInternalServerError)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer has deadlines
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(body, '\n')) // the caller may have gone
	}
}
