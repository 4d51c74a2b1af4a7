package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/actors/partition"
	"leyden/actors/status"
	"leyden/actors/tree"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

// bench is an API over a real store and a tree that does not run.
type bench struct {
	t        *testing.T
	store    *shapelog.Store
	auth     *status.Authority
	now      time.Time
	waiting  map[*shapelog.Log]int
	restarts []string
	restart  error
	ready    error
	api      *API
	server   *httptest.Server
}

func newBench(t *testing.T, c Config) *bench {
	b := &bench{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), waiting: map[*shapelog.Log]int{}}
	b.auth = status.New(func() time.Time { b.now = b.now.Add(time.Second); return b.now })
	var err error
	b.store, err = shapelog.Open(vfs.NewMem(), "store", shapelog.Options{})
	require.NoError(t, err)
	b.api = New(c, b, b)
	b.server = httptest.NewServer(b.api)
	t.Cleanup(func() { b.server.Close(); require.NoError(t, b.store.Close()) })
	return b
}

func (b *bench) Report() status.Report {
	r := status.Report{Service: status.Active, Position: 0x16B374D848, Shapes: b.auth.Counts(), Conditions: []status.Condition{{Name: "a lock", Met: true}}}
	if b.ready != nil {
		r.Service, r.WaitsFor = status.Starting, b.ready.Error()
	}
	return r
}
func (b *bench) WaitReady(context.Context) error { return b.ready }
func (b *bench) Processes(_ context.Context, each bool) []tree.Node {
	nodes := []tree.Node{
		{Path: "leyden", Kind: "group", State: "up", Since: b.now, Mailbox: tree.NoMailbox},
		{Path: "leyden/partition-0", Kind: "actor", State: "up", Since: b.now, Mailbox: 3, Dynamic: 2, Restarts: 1,
			LastReason: tree.Reason{Kind: tree.Shutdown}, LastCrash: tree.Crashed(errors.New("broken")), CrashedAt: b.now},
	}
	if each {
		nodes = append(nodes, tree.Node{Path: "leyden/partition-0/7", Kind: "consumer", State: "up", Mailbox: tree.NoMailbox, About: "1-2"})
	}
	return nodes
}
func (b *bench) RestartPath(_ context.Context, path string) (string, error) {
	b.restarts = append(b.restarts, path)
	return "leyden/" + path, b.restart
}
func (b *bench) Page(after shape.ID, n int) []*status.Entry { return b.auth.Page(after, min(n, 3)) }
func (b *bench) Find(h shape.Handle) (*status.Entry, bool)  { return b.auth.ByHandle(h) }
func (b *bench) LastRead(e *status.Entry) time.Time         { return b.auth.LastRead(e) }
func (b *bench) Consumer(e *status.Entry) string {
	return fmt.Sprintf("leyden/streaming/partition-0/%d", e.ID)
}
func (b *bench) Relatives(e *status.Entry) (inner, outer []*status.Entry) {
	return b.auth.Relatives(e.ID)
}
func (b *bench) Remove(_ context.Context, e *status.Entry) error {
	b.auth.Remove(e)
	return b.store.Remove(e.Handle)
}
func (b *bench) Waiting(log *shapelog.Log) int { return b.waiting[log] }

// make makes a shape over a table with so many rows.
func (b *bench) make(name, clause string, rows int) *status.Entry {
	d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: name}, Key: []string{"id"}, Selected: []string{"id"}}}
	if clause != "" {
		var err error
		d.Where, err = where.Compile(clause, nil, []where.Column{{Name: "id", Type: "int4", TypeMod: -1}})
		require.NoError(b.t, err)
	}
	e, created := b.auth.Add(d)
	require.True(b.t, created)
	log, err := b.store.Create(e.Handle, e.Def)
	require.NoError(b.t, err)
	e.SetLog(log)
	w := log.SnapshotWriter()
	require.NoError(b.t, w.Known(pg.Snapshot{Xmin: 1, Xmax: 1}))
	for range rows {
		require.NoError(b.t, w.Row([]byte(`{"id":"1"}`)))
	}
	require.NoError(b.t, w.Finish())
	e.Started()
	return e
}

func (b *bench) client() *Client { return &Client{URL: b.server.URL, HTTP: b.server.Client()} }

// raw makes a request and returns status and body.
func (b *bench) raw(method, path, body string, header ...string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(body))
	require.NoError(b.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := b.server.Client().Do(req)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	require.Equal(b.t, "application/json; charset=utf-8", resp.Header.Get("Content-Type"))
	require.Equal(b.t, "no-store", resp.Header.Get("Cache-Control"))
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	if method != http.MethodHead {
		require.True(b.t, json.Valid(text), "%s", text)
	}
	return resp.StatusCode, string(text)
}

func TestBadRequestsAreToldInJSONWhatIsWrong(t *testing.T) {
	b := newBench(t, Config{})
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/", "", 404, "no such path"}, {"GET", "/v1/shapes/", "", 404, "no such path"}, {"GET", "/v1/shapes/1-2/3", "", 404, "no such path"},
		{"POST", "/v1/status", "", 405, "POST is not possible here"}, {"PUT", "/v1/shapes/1-2", "", 405, "PUT"}, {"GET", "/v1/restart", "", 405, "GET"},
		{"GET", "/v1/status?x=1", "", 400, `"parameter":"x"`}, {"GET", "/v1/tree?consumers=maybe", "", 400, `"parameter":"consumers"`},
		{"GET", "/v1/tree?consumers=true&consumers=true", "", 400, "more than once"},
		{"GET", "/v1/shapes?limit=0", "", 400, `"parameter":"limit"`}, {"GET", "/v1/shapes?limit=1001", "", 400, "limit"}, {"GET", "/v1/shapes?limit=x", "", 400, "limit"},
		{"GET", "/v1/shapes?sort=size", "", 400, `"parameter":"sort"`}, {"GET", "/v1/shapes?sort=--id", "", 400, "sort"},
		{"GET", "/v1/shapes?after=-1", "", 400, `"parameter":"after"`}, {"GET", "/v1/shapes?after=1&sort=rows", "", 400, "after"},
		{"GET", "/v1/shapes?state=dead", "", 400, `"parameter":"state"`}, {"GET", "/v1/shapes?waiting=7", "", 400, `"parameter":"waiting"`},
		{"GET", "/v1/shapes?tabel=x", "", 400, `"parameter":"tabel"`},
		{"GET", "/v1/shapes/abc", "", 400, `"parameter":"handle"`}, {"GET", "/v1/shapes/1-02", "", 400, "handle"}, {"GET", "/v1/shapes/1-2", "", 404, "there is no shape 1-2"},
		{"DELETE", "/v1/shapes/1-2", "", 404, "not_found"}, {"DELETE", "/v1/shapes/1-2?force=1", "", 400, `"parameter":"force"`},
		{"POST", "/v1/restart", "", 400, "bad_request"}, {"POST", "/v1/restart", "{}", 400, `"parameter":"path"`}, {"POST", "/v1/restart", `{"path":"a"}{}`, 400, "more than one"},
		{"POST", "/v1/restart", `{"path":"a","force":true}`, 400, "force"}, {"POST", "/v1/restart", `{"path":"a","timeout_ms":600001}`, 400, "timeout_ms"},
		{"POST", "/v1/restart", `{"path":"` + strings.Repeat("a", maxBody) + `"}`, 400, "too large"},
	} {
		status, body := b.raw(c.method, c.path, c.body)
		require.Equal(t, c.status, status, "%s %s: %s", c.method, c.path, body)
		require.Contains(t, body, c.says, "%s %s", c.method, c.path)
	}
	require.Empty(t, b.restarts)
	status, body := b.raw("HEAD", "/v1/status", "")
	require.Equal(t, 200, status)
	require.Empty(t, body)
}

func TestTheSecretIsNeeded(t *testing.T) {
	b := newBench(t, Config{Secret: "swordfish"})
	for _, header := range []string{"", "swordfish", "Basic swordfish", "Bearer ", "Bearer swordfis", "Bearer swordfishh", "bearer swordfish"} {
		status, body := b.raw("GET", "/v1/status", "", "Authorization", header)
		require.Equal(t, 401, status, header)
		require.NotContains(t, body, "swordfish")
	}
	status, _ := b.raw("GET", "/nothing", "")
	require.Equal(t, 401, status, "what is there is not told either")
	status, _ = b.raw("GET", "/v1/status", "", "Authorization", "Bearer swordfish", "Host", "leyden.example.org", "Origin", "https://console.example.org")
	require.Equal(t, 200, status)
	c := b.client()
	var p *Problem
	_, err := c.Status(t.Context())
	require.ErrorAs(t, err, &p)
	require.Equal(t, "unauthorized", p.Code)
	c.Secret = "swordfish"
	_, err = c.Status(t.Context())
	require.NoError(t, err)
}

func TestWithoutASecretBrowsersAreRefused(t *testing.T) {
	b := newBench(t, Config{})
	for _, header := range [][]string{{"Origin", "https://example.org"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Host", "rebound.example.org"}, {"Host", "192.168.0.7:3100"}} {
		status, body := b.raw("POST", "/v1/restart", `{"path":"streaming"}`, header...)
		require.Equal(t, 403, status, header)
		require.Contains(t, body, "forbidden")
	}
	require.Empty(t, b.restarts)
	for _, host := range []string{"localhost", "LOCALHOST:3100", "127.0.0.1:3100", "127.8.8.8", "[::1]:3100", "[::1]", "[::ffff:127.0.0.1]:1"} {
		status, _ := b.raw("GET", "/v1/status", "", "Host", host)
		require.Equal(t, 200, status, host)
	}
}

func TestTheTreeIsTold(t *testing.T) {
	b := newBench(t, Config{})
	got, err := b.client().Tree(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, got.Processes, 2)
	p := got.Processes[1]
	require.Equal(t, []any{"leyden/partition-0", "actor", "up", 1, 3, 2, "shutdown", "crash: broken"}, []any{p.Path, p.Kind, p.State, p.Restarts, *p.Mailbox, *p.Consumers, p.LastEnd, p.LastError})
	require.True(t, p.FailedAt.Equal(b.now))
	require.Nil(t, got.Processes[0].Mailbox)
	got, err = b.client().Tree(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, "1-2", got.Processes[2].Shape)
}

func TestARestartTellsHowItWent(t *testing.T) {
	b := newBench(t, Config{})
	got, err := b.client().Restart(t.Context(), "streaming", time.Second)
	require.NoError(t, err)
	require.Equal(t, []string{"streaming"}, b.restarts)
	require.Equal(t, "leyden/streaming", got.Path)
	require.True(t, Active(got.Service))
	b.ready = &status.NotReady{Message: "Timeout waiting for the sun"}
	got, err = b.client().Restart(t.Context(), "streaming", time.Second)
	require.NoError(t, err)
	require.False(t, Active(got.Service))
	require.Equal(t, "Timeout waiting for the sun", got.WaitsFor)
	for err, want := range map[error]*Problem{
		tree.ErrNoSuchChild:      {Status: 404, Code: "not_found", Parameter: "path"},
		partition.ErrNoShape:     {Status: 404, Code: "not_found", Parameter: "path"},
		partition.ErrBusy:        {Status: 409, Code: "busy", Parameter: "path"},
		context.DeadlineExceeded: {Status: 504, Code: "timeout"},
		io.ErrUnexpectedEOF:      {Status: 500, Code: "internal"},
	} {
		b.restart = fmt.Errorf("restart: %w", err)
		_, got := b.client().Restart(t.Context(), "x", 0)
		var p *Problem
		require.ErrorAs(t, got, &p)
		want.Message = b.restart.Error()
		require.Equal(t, want, p)
	}
}

func TestAClientTellsThatNobodyIsThere(t *testing.T) {
	b := newBench(t, Config{})
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	_, err := (&Client{URL: other.URL, HTTP: other.Client()}).Status(t.Context())
	require.ErrorIs(t, err, ErrNotThere)
	b.server.Close()
	_, err = b.client().Status(t.Context())
	require.ErrorIs(t, err, ErrNotThere)
	require.ErrorContains(t, err, "refused")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.client().Status(ended)
	require.ErrorIs(t, err, context.Canceled)
}

// The document names every route and nothing else, and its schemas have the fields of the types, all of those that are
// always there as required.
func TestTheDocumentIsTheAPI(t *testing.T) {
	b := newBench(t, Config{})
	_, body := b.raw("GET", "/v1/openapi.json", "")
	var doc struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]any
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &doc))
	routes := map[string]bool{}
	for _, r := range b.api.routes {
		routes[strings.ToLower(r.method)+" "+r.path] = true
	}
	for path, methods := range doc.Paths {
		for m := range methods {
			if m != "parameters" {
				require.True(t, routes[m+" "+path], "%s %s", m, path)
				delete(routes, m+" "+path)
			}
		}
	}
	require.Empty(t, routes, "not in the document")
	number, at := 1, time.Unix(1, 0)
	full := map[string]any{
		"Status": Status{WaitsFor: "x", Position: "x", Stored: "x"}, "Condition": Condition{Error: "x"}, "Tree": Tree{},
		"Process": Process{Consumers: &number, Shape: "x", LastEnd: "x", LastError: "x", FailedAt: at}, "Restart": Restart{TimeoutMS: 1},
		"Restarted": Restarted{WaitsFor: "x"}, "Page": Page{Next: 1, More: true}, "Problem": Problem{Parameter: "x"},
		"Shape": Shape{Where: "x", Offset: "x", LastRead: at, Consumer: "x", Dependencies: []string{"x"}, Dependents: []string{"x"}, DependentCount: 1},
	}
	least := map[string]any{"Status": Status{}, "Condition": Condition{}, "Tree": Tree{}, "Process": Process{}, "Restart": Restart{}, "Restarted": Restarted{}, "Page": Page{}, "Problem": Problem{}, "Shape": Shape{}}
	require.Len(t, doc.Components.Schemas, len(full))
	for name, s := range doc.Components.Schemas {
		require.ElementsMatch(t, fields(t, full[name]), keys(s.Properties), name)
		require.ElementsMatch(t, fields(t, least[name]), s.Required, name)
	}
}

func fields(t *testing.T, v any) []string {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	m := map[string]any{}
	require.NoError(t, json.Unmarshal(text, &m))
	return keys(m)
}

func keys(m map[string]any) []string {
	out := []string{}
	for k := range m {
		out = append(out, k)
	}
	return out
}

func FuzzListingNeverPanics(f *testing.F) {
	f.Add("limit=10&sort=-rows&after=3")
	f.Add("state=live&waiting=true&where=%25")
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		l, err := parseListing(q)
		var p *Problem
		if err != nil && (!errors.As(err, &p) || p.Status != 400) {
			t.Fatalf("%v", err)
		}
		if err == nil && (l.limit < 1 || l.limit > maxLimit) {
			t.Fatalf("limit %d", l.limit)
		}
	})
}
