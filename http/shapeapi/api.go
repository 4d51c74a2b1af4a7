package shapeapi

import (
	"crypto/sha256"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"leyden/internal/where"
)

// compiledForms is how many forms of clauses are remembered as the grammar reads them. One takes some kilobytes.
const compiledForms = 256

// API serves the shape protocol. It is an http.Handler for every path: it does its own routing, because the route and not
// the path decides about credentials.
type API struct {
	cfg    Config
	engine Engine
	opts   Options

	secret      [sha256.Size]byte // digest of the secret
	policies    cachePolicies
	server      string // value of electric-server
	started     time.Time
	admission   *admission
	definitions *definitions
	compiler    *where.Compiler
	parked      *parked

	drain    chan struct{} // closed by Drain
	draining sync.Once
}

// Options are what tests and the process around it give to an API. Zero values are replaced by the real thing.
type Options struct {
	Logger  *slog.Logger
	Metrics *Metrics
	Now     func() time.Time
	Random  func(n uint64) uint64 // uniform below n, safe for concurrent use
}

// New makes the handler of the shape protocol. The configuration must have been validated.
func New(cfg Config, engine Engine, opts Options) *API {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Random == nil {
		opts.Random = rand.Uint64N
	}
	if opts.Metrics == nil {
		opts.Metrics = NewMetrics(nil)
	}
	return &API{
		cfg: cfg, engine: engine, opts: opts,
		secret:      sha256.Sum256([]byte(cfg.Secret)),
		policies:    newCachePolicies(&cfg),
		server:      "ElectricSQL/" + cfg.Version,
		started:     opts.Now(),
		admission:   newAdmission(cfg.MaxInitial, cfg.MaxExisting, opts.Metrics),
		definitions: newDefinitions(),
		compiler:    where.NewCompiler(compiledForms),
		parked:      &parked{},
		drain:       make(chan struct{}),
	}
}

// Drain ends waiting requests: long polls are answered as at their timeout and event streams end. New requests are served
// without waiting.
func (a *API) Drain() { a.draining.Do(func() { close(a.drain) }) }

// ticks is a clock that no restart of the interval repeats, for tags that must not match.
func (a *API) ticks() int64 { return a.opts.Now().Sub(a.started).Nanoseconds() }

// ServeHTTP routes and answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{
		api: a, w: w, r: r, rc: http.NewResponseController(w),
		isGet: r.Method == http.MethodGet || r.Method == http.MethodHead,
		head:  r.Method == http.MethodHead,
	}
	defer x.end()
	x.common()
	switch route := resolve(r.URL.EscapedPath()); {
	case route == routeShape:
		x.serveShapeRoute()
	case route == routeRoot && x.isGet:
		x.cors("GET, HEAD")
		x.w.Header()["Content-Type"] = nil
		x.w.Header().Set("Cache-Control", cacheDefault)
		x.reply(http.StatusOK, nil)
	case route == routeHealth && x.isGet:
		x.cors("GET, HEAD")
		x.serveHealth()
	default:
		x.cors("GET, HEAD")
		x.notFound()
	}
}

// serveShapeRoute is the order of spec http-api §5: credentials, CORS, query, then the method's own steps.
func (x *exchange) serveShapeRoute() {
	x.counted = true
	if x.r.Method == http.MethodOptions {
		x.cors(shapeMethods)
		x.serveOptions()
		return
	}
	query, malformed := decodeQuery(x.r.URL.RawQuery)
	if !x.api.authorized(query) {
		x.fail(unauthorized())
		return
	}
	x.cors(shapeMethods)
	switch x.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete:
	default:
		x.notFound()
		return
	}
	if malformed != nil {
		x.fail(&failure{status: http.StatusBadRequest, bare: true, caching: byDefault})
		return
	}
	x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if x.r.Method == http.MethodDelete {
		x.serveDelete(query)
		return
	}
	x.serveShape(query)
}
