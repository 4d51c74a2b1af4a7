package shapeapi

import (
	"bufio"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/change"
	"leyden/internal/pg/inspect"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// sink is a response that goes nowhere.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}

func benchServer(b *testing.B) (*API, *engine, *status.Entry) {
	store, err := shapelog.Open(vfs.NewMem(), "shapes", shapelog.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { store.Close() })
	e := &engine{store: store, service: status.Active, inspector: inspect.New(nil), authority: status.New(time.Now)}
	require.NoError(b, e.inspector.Restore([]byte(tables)))
	cfg := Defaults()
	cfg.Insecure = true
	api := New(cfg, e, Options{})
	w := &sink{header: http.Header{}}
	api.ServeHTTP(w, newRequest(b, items+"&where=id%3D7&offset=now"))
	h, err := shape.ParseHandle(w.header.Get("Electric-Handle"))
	require.NoError(b, err)
	entry, _ := e.ByHandle(h)
	return api, e, entry
}

func newRequest(b *testing.B, target string) *http.Request {
	r, err := http.NewRequest("GET", target, nil)
	require.NoError(b, err)
	return r
}

func (e *engine) append(b *testing.B, entry *status.Entry, lsn uint64) {
	item := change.Item{Offset: shape.Offset{Tx: lsn}, Last: true, JSON: fmt.Appendf(nil,
		`{"key":"\"public\".\"items\"/\"7\"","value":{"done":"t","id":"7"},"headers":{"operation":"update","relation":["public","items"],"txids":[745],"lsn":"%d","op_position":0}}`, lsn)}
	require.NoError(b, e.store.Apply([]shapelog.Batch{{Position: lsn, Appends: []shapelog.Append{{Log: entry.Log(), Items: []change.Item{item}, Commit: true}}}}))
}

// BenchmarkLiveAnswer is one long poll that finds data: everything but the server below.
func BenchmarkLiveAnswer(b *testing.B) {
	api, e, entry := benchServer(b)
	e.append(b, entry, 100)
	r := newRequest(b, items+"&where=id%3D7&live=true&cursor=12&offset=0_inf&handle="+entry.Handle.String())
	b.ReportAllocs()
	for b.Loop() {
		api.ServeHTTP(&sink{header: http.Header{}}, r)
	}
}

// BenchmarkWakingManyLongPolls is a commit that 500 long polls of one shape wait for, over sockets, the clients' work
// included.
func BenchmarkWakingManyLongPolls(b *testing.B) {
	const clients = 500
	api, e, entry := benchServer(b)
	bundle := &bundle{t: b, engine: e, api: api}
	api.cfg.ConnMaxRequests = 0
	_, address := bundle.listen()
	type peer struct {
		w interface{ Write([]byte) (int, error) }
		r *bufio.Reader
	}
	peers := make([]peer, clients)
	for i := range peers {
		c := dial(b, address)
		peers[i] = peer{c, bufio.NewReader(c)}
	}
	var woken time.Duration
	offset := "0_inf"
	lsn := uint64(100)
	b.ResetTimer()
	var cpu time.Duration
	for b.Loop() {
		for _, p := range peers {
			fmt.Fprintf(p.w, "GET %s&where=id%%3D7&live=true&offset=%s&handle=%s HTTP/1.1\r\nHost: x\r\n\r\n", items, offset, entry.Handle)
		}
		for waiting := 0; waiting < clients; {
			api.parked.mu.Lock()
			waiting = 0
			for _, g := range api.parked.groups.All() {
				waiting += g.waiting
			}
			api.parked.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
		before, began := cpuTime(), time.Now()
		e.append(b, entry, lsn)
		for _, p := range peers {
			res, err := http.ReadResponse(p.r, nil)
			if err != nil {
				b.Fatal(err)
			}
			for buf := make([]byte, 4096); err == nil; _, err = res.Body.Read(buf) {
			}
		}
		woken += time.Since(began)
		cpu += cpuTime() - before
		offset = fmt.Sprintf("%d_0", lsn)
		lsn++
	}
	b.ReportMetric(float64(woken.Microseconds())/float64(b.N)/1000, "ms-until-all-have-it")
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N*clients), "µs-cpu/delivery")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
