package shapeapi

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/actors/status"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/pg/inspect"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is an Engine over a real store: what it makes of shapes is decided by the test.
type engine struct {
	store     *shapelog.Store
	authority *status.Authority
	inspector *inspect.Inspector

	mu        sync.Mutex
	service   status.Service
	notReady  *status.NotReady
	tableErr  error
	away      string                                            // the table that cannot be looked up
	tables    func(schema, name string) (*inspect.Table, error) // in place of the inspector's
	createErr error
	beginErr  error // of every snapshot to come
	held      bool  // snapshots to come do not start
	rows      []string
	writer    func(*shapelog.SnapshotWriter) // writes snapshots to come, nil: all rows at once
	generated bool
	subset    func(q status.SubsetQuery, sink snapshot.Sink) error
	creations int
	touched   int

	lsn atomic.Uint64
}

// tables is the inspector's persisted form of the catalogue of these tests.
const tables = `{"Format":2,"ServerVersion":150000,"Tables":[
 {"OID":16384,"Schema":"public","Name":"items","Kind":114,"Columns":[
  {"Name":"id","TypeName":"int4","TypeOID":23,"TypeMod":-1,"Kind":98,"Base":{"Name":"int4","TypeMod":-1},"NotNull":true,"PKIndex":0},
  {"Name":"done","TypeName":"bool","TypeOID":16,"TypeMod":-1,"Kind":98,"Base":{"Name":"bool","TypeMod":-1},"PKIndex":-1},
  {"Name":"title","TypeName":"text","TypeOID":25,"TypeMod":-1,"Kind":98,"Base":{"Name":"text","TypeMod":-1},"PKIndex":-1}]},
 {"OID":16385,"Schema":"public","Name":"Pairs","Kind":114,"Columns":[
  {"Name":"b","TypeName":"text","TypeOID":25,"TypeMod":-1,"Kind":98,"Base":{"Name":"text","TypeMod":-1},"NotNull":true,"PKIndex":1},
  {"Name":"a","TypeName":"text","TypeOID":25,"TypeMod":-1,"Kind":98,"Base":{"Name":"text","TypeMod":-1},"NotNull":true,"PKIndex":0},
  {"Name":"n","TypeName":"int4","TypeOID":23,"TypeMod":-1,"Kind":98,"Base":{"Name":"int4","TypeMod":-1},"PKIndex":-1}]},
 {"OID":16386,"Schema":"public","Name":"log","Kind":114,"Columns":[
  {"Name":"x","TypeName":"text","TypeOID":25,"TypeMod":-1,"Kind":98,"Base":{"Name":"text","TypeMod":-1},"PKIndex":-1},
  {"Name":"y","TypeName":"text","TypeOID":25,"TypeMod":-1,"Kind":98,"Base":{"Name":"text","TypeMod":-1},"PKIndex":-1}]},
 {"OID":16387,"Schema":"public","Name":"sums","Kind":114,"Columns":[
  {"Name":"id","TypeName":"int4","TypeOID":23,"TypeMod":-1,"Kind":98,"Base":{"Name":"int4","TypeMod":-1},"NotNull":true,"PKIndex":0},
  {"Name":"total","TypeName":"int4","TypeOID":23,"TypeMod":-1,"Kind":98,"Base":{"Name":"int4","TypeMod":-1},"PKIndex":-1,"Generated":true}]},
 {"OID":16388,"Schema":"app","Name":"moods","Kind":114,"Columns":[
  {"Name":"id","TypeName":"int4","TypeOID":23,"TypeMod":-1,"Kind":98,"Base":{"Name":"int4","TypeMod":-1},"NotNull":true,"PKIndex":0},
  {"Name":"mood","TypeName":"mood","TypeOID":90001,"TypeMod":-1,"Kind":101,"Base":{"Name":"mood","TypeMod":-1},"PKIndex":-1}]}
]}`

func (e *engine) set(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

func (e *engine) Status() status.Service {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.service
}

func (e *engine) WaitReady(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.notReady == nil {
		return nil
	}
	err := e.notReady
	e.mu.Unlock()
	<-ctx.Done()
	e.mu.Lock()
	return err
}

func (e *engine) Table(ctx context.Context, schema, name string) (*inspect.Table, error) {
	e.mu.Lock()
	err, tables := e.tableErr, e.tables
	if name == e.away {
		err = inspect.ErrUnavailable
	}
	e.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case tables != nil:
		return tables(schema, name)
	}
	return find(e.inspector, schema, name)
}

// find looks a table up among those that an inspector knows.
func find(i *inspect.Inspector, schema, name string) (*inspect.Table, error) {
	for oid := uint32(16384); ; oid++ {
		t := i.Cached(oid)
		if t == nil {
			return nil, inspect.ErrNotFound
		}
		if t.Table.Schema == schema && t.Name == name {
			return t, nil
		}
	}
}

func (e *engine) GeneratedColumns() bool                         { return e.generated }
func (e *engine) Lookup(id shape.Identity) (*status.Entry, bool) { return e.authority.Lookup(id) }
func (e *engine) ByHandle(h shape.Handle) (*status.Entry, bool)  { return e.authority.ByHandle(h) }
func (e *engine) GlobalLSN(*status.Entry) uint64                 { return e.lsn.Load() }
func (e *engine) Log(entry *status.Entry) (*shapelog.Log, error) { return entry.Log(), nil }
func (e *engine) Touch(entry *status.Entry)                      { e.set(func() { e.touched++ }) }
func (e *engine) AwaitSnapshotStart(ctx context.Context, entry *status.Entry) error {
	b := entry.Beginning()
	if b == nil {
		return nil
	}
	select {
	case <-b.Done():
		return b.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *engine) Remove(_ context.Context, entry *status.Entry) error {
	e.authority.Remove(entry)
	return e.store.Remove(entry.Handle)
}

func (e *engine) Subset(_ context.Context, _ *status.Entry, q status.SubsetQuery, sink snapshot.Sink) error {
	return e.subset(q, sink)
}

func (e *engine) Create(_ context.Context, d *shape.Definition) (*status.Entry, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.createErr != nil {
		return nil, e.createErr
	}
	entry, created := e.authority.Add(d)
	if !created {
		return entry, nil
	}
	e.creations++
	l, err := e.store.Create(entry.Handle, d)
	if err != nil {
		return nil, err
	}
	entry.SetLog(l)
	switch {
	case e.beginErr != nil:
		entry.Failed(e.beginErr)
	case e.held:
	case e.writer != nil:
		w := l.SnapshotWriter()
		_ = w.Known(pg.Snapshot{Xmin: 742, Xmax: 742})
		e.writer(w)
		entry.Started()
	default:
		w := l.SnapshotWriter()
		_ = w.Known(pg.Snapshot{Xmin: 742, Xmax: 742})
		if d.Log == shape.LogFull {
			for _, row := range e.rows {
				if err := w.Row([]byte(row)); err != nil {
					return nil, err
				}
			}
		}
		if err := w.Finish(); err != nil {
			return nil, err
		}
		entry.Started()
	}
	return entry, nil
}

// bundle is one test's server.
type bundle struct {
	t      testing.TB
	engine *engine
	api    *API
}

type option func(*Config, *shapelog.Options)

func withSecret(c *Config, _ *shapelog.Options)  { c.Secret, c.Insecure = "s3cret", false }
func withDelete(c *Config, _ *shapelog.Options)  { c.EnableDelete = true }
func smallChunks(_ *Config, o *shapelog.Options) { o.ChunkBytes = 200 }

func setup(t *testing.T, options ...option) *bundle {
	cfg := Defaults()
	cfg.Insecure, cfg.Version = true, "1.0.0"
	so := shapelog.Options{}
	for _, o := range options {
		o(&cfg, &so)
	}
	require.NoError(t, cfg.Validate())
	store, err := shapelog.Open(vfs.NewMem(), "shapes", so)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	var micros atomic.Int64
	e := &engine{
		store: store, service: status.Active, inspector: inspect.New(nil),
		authority: status.New(func() time.Time { return time.UnixMicro(1755761234567890 + micros.Add(1)) }),
		rows:      []string{`{"key":"\"public\".\"items\"/\"1\"","value":{"done":"false","id":"1"},"headers":{"operation":"insert","relation":["public","items"]}}`},
	}
	require.NoError(t, e.inspector.Restore([]byte(tables)))
	api := New(cfg, e, Options{
		Now:    func() time.Time { return cursorEpoch.Add(1000 * time.Second) },
		Random: func(n uint64) uint64 { return 6 % n },
	})
	return &bundle{t: t, engine: e, api: api}
}

// call is a request under way. What it has so far can be looked at.
type call struct {
	*httptest.ResponseRecorder
	mu     sync.Mutex // guards the recorder's body and flag while the request runs
	done   chan struct{}
	cut    bool // the connection was aborted
	cancel context.CancelFunc
}

func (c *call) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ResponseRecorder.Write(p)
}

func (c *call) WriteHeader(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ResponseRecorder.WriteHeader(code)
}

func (c *call) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ResponseRecorder.Flush()
}

// sofar is the body up to now, and whether anything has been pushed to the client.
func (c *call) sofar() (body string, pushed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Body.String(), c.Flushed
}

func (c *call) text() string {
	body, _ := c.sofar()
	return body
}

func (b *bundle) start(method, target, body string, header http.Header) *call {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequest(method, target, strings.NewReader(body)).WithContext(ctx)
	for k, v := range header {
		r.Header[k] = v
	}
	c := &call{ResponseRecorder: httptest.NewRecorder(), done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(c.done)
		defer func() {
			if cause := recover(); cause != nil {
				c.cut = true
				if cause != http.ErrAbortHandler {
					b.t.Errorf("panic: %v", cause)
				}
			}
		}()
		b.api.ServeHTTP(c, r)
	}()
	return c
}

func (c *call) wait() *call {
	<-c.done
	c.cancel()
	return c
}

func (b *bundle) get(target string, header ...string) *call {
	return b.do(http.MethodGet, target, "", header...)
}

func (b *bundle) do(method, target, body string, header ...string) *call {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return b.start(method, target, body, h).wait()
}

// open makes the shape of a query and returns its entry.
func (b *bundle) open(query string) *status.Entry {
	c := b.get("/v1/shape?offset=now&" + query)
	require.Equal(b.t, 200, c.Code, c.Body)
	h, err := shape.ParseHandle(c.Header().Get("Electric-Handle"))
	require.NoError(b.t, err)
	e, ok := b.engine.ByHandle(h)
	require.True(b.t, ok)
	return e
}

// commit appends one transaction of n updates.
func (b *bundle) commit(e *status.Entry, lsn uint64, n int) {
	var items []change.Item
	for i := range n {
		items = append(items, change.Item{Offset: shape.Offset{Tx: lsn, Op: int64(2 * i)}, JSON: fmt.Appendf(nil,
			`{"key":"\"public\".\"items\"/\"1\"","value":{"done":"t","id":"1"},"headers":{"operation":"update","relation":["public","items"],"txids":[745],"lsn":"%d","op_position":%d}}`, lsn, 2*i),
			Last: i == n-1})
	}
	b.apply(lsn, shapelog.Append{Log: e.Log(), Items: items, Commit: true})
	b.engine.lsn.Store(max(lsn, b.engine.lsn.Load()))
}

func (b *bundle) apply(position uint64, a ...shapelog.Append) {
	require.NoError(b.t, b.engine.store.Apply([]shapelog.Batch{{Position: position, Appends: a}}))
}

// timed runs a test on a clock that jumps when all goroutines wait.
func timed(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

const items = "/v1/shape?table=items"

type shapelogOptions = shapelog.Options

// serve answers a request at once.
func (b *bundle) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	return w
}
