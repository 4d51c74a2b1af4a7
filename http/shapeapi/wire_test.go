package shapeapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/http/server"
	"leyden/persistence/shapelog"
)

// listen serves the bundle on a real socket.
func (b *bundle) listen() (*server.Server, string) {
	s := server.New(server.Config{ReadTimeout: b.api.cfg.ReadTimeout, SendTimeout: b.api.cfg.SendTimeout, ConnMaxRequests: b.api.cfg.ConnMaxRequests}, b.api, b.api.Drain)
	require.NoError(b.t, s.Start(b.t.Context()))
	b.t.Cleanup(func() { _ = s.Shutdown(context.Background()) })
	return s, fmt.Sprintf("127.0.0.1:%d", s.Addr().(*net.TCPAddr).Port)
}

func dial(t testing.TB, address string) net.Conn {
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends a request and reads the header of the answer.
func ask(t testing.TB, c net.Conn, r *bufio.Reader, target string) *http.Response {
	_, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target)
	require.NoError(t, err)
	res, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	return res
}

func TestFramingOfBodies(t *testing.T) {
	b := setup(t)
	b.api.cfg.LongPollTimeout = 10 * time.Millisecond
	b.engine.subset = emptySubset
	_, address := b.listen()
	e := b.open("table=items")
	b.commit(e, 100, 1)
	c := dial(t, address)
	r := bufio.NewReader(c)
	for target, chunked := range map[string]bool{
		at(e, "-1"): true, at(e, "0_0"): true, at(e, "100_0"): true, at(e, "0_inf", "&live=true"): true, at(e, "-1", "&subset__x="): true,
		at(e, "100_0", "&live=true"): false, at(e, "now"): false, items: false, "/v1/health": false, "/": false, "/x": false, at(e, "900_0"): false,
	} {
		res := ask(t, c, r, target)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, chunked, len(res.TransferEncoding) == 1 && res.TransferEncoding[0] == "chunked", target)
		if !chunked {
			require.Equal(t, int64(len(body)), res.ContentLength, target)
		}
		require.NotEmpty(t, res.Header.Get("Date"))
	}
}

func TestASlowReaderIsCut(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			b := setup(t)
			b.api.cfg.SendTimeout = 50 * time.Millisecond
			b.engine.rows = nil
			for range 300 {
				b.engine.rows = append(b.engine.rows, `{"key":"`+strings.Repeat("x", 50_000)+`"}`)
			}
			s, address := b.listen()
			e := b.open("table=items")
			tr := &http.Transport{Protocols: new(http.Protocols), ReadBufferSize: 1, DialContext: func(context.Context, string, string) (net.Conn, error) {
				c, err := net.Dial("tcp", address)
				if err == nil {
					_ = c.(*net.TCPConn).SetReadBuffer(4096)
				}
				return c, err
			}}
			tr.Protocols.SetHTTP1(protocol == "HTTP/1.1")
			tr.Protocols.SetUnencryptedHTTP2(protocol == "HTTP/2.0")
			defer tr.CloseIdleConnections()
			res, err := (&http.Client{Transport: tr}).Get("http://" + address + at(e, "-1"))
			require.NoError(t, err)
			require.Equal(t, protocol, res.Proto)
			defer res.Body.Close()
			require.Eventually(t, func() bool { return b.api.admission.current[existing].Load() == 0 }, 10*time.Second, time.Millisecond,
				"the handler ends, although nobody reads")
			require.NoError(t, s.Shutdown(t.Context()))
		})
	}
}

func TestShutdownEndsWaitingRequests(t *testing.T) {
	b := setup(t)
	s, address := b.listen()
	e := b.open("table=items")
	var conns [3]net.Conn
	for i, more := range []string{"&live=true", "&live=true&live_sse=true", "&live=true"} {
		conns[i] = dial(t, address)
		_, err := fmt.Fprintf(conns[i], "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", at(e, "0_inf", more))
		require.NoError(t, err)
	}
	b.awaitParked(3)
	began := time.Now()
	require.NoError(t, s.Shutdown(t.Context()))
	require.Less(t, time.Since(began), 10*time.Second)
	for i, want := range []string{fmt.Sprintf(upToDateBody, 0), "", fmt.Sprintf(upToDateBody, 0)} {
		res, err := http.ReadResponse(bufio.NewReader(conns[i]), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, want, string(body))
	}
}

// awaitParked waits until n requests wait.
func (b *bundle) awaitParked(n int) {
	require.Eventually(b.t, func() bool {
		b.api.parked.mu.Lock()
		defer b.api.parked.mu.Unlock()
		waiting := 0
		for _, g := range b.api.parked.groups.All() {
			waiting += g.waiting
		}
		return waiting == n
	}, 30*time.Second, time.Millisecond)
}

func TestAClientThatLeavesGivesItsPlaceBack(t *testing.T) {
	b := setup(t)
	_, address := b.listen()
	e := b.open("table=items")
	for _, more := range []string{"&live=true", "&live=true&live_sse=true"} {
		c := dial(t, address)
		_, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", at(e, "0_inf", more))
		require.NoError(t, err)
		b.awaitParked(1)
		c.Close()
		b.awaitParked(0)
	}
	require.Eventually(t, func() bool { return b.api.admission.current[existing].Load() == 0 }, 10*time.Second, time.Millisecond)
}

// TestALogThatGoesAwayWhileItIsReadCutsTheAnswer: a body that ends early must not look whole.
func TestALogThatGoesAwayWhileItIsReadCutsTheAnswer(t *testing.T) {
	b := setup(t)
	_, address := b.listen()
	var w *shapelog.SnapshotWriter
	b.engine.writer = func(given *shapelog.SnapshotWriter) {
		w = given
		for range 2000 {
			_ = w.Row([]byte(`{"key":"` + strings.Repeat("x", 300) + `"}`))
		}
	}
	c := dial(t, address)
	res := ask(t, c, bufio.NewReader(c), items+"&offset=-1")
	require.Equal(t, 200, res.StatusCode)
	e := b.open("table=items")
	require.NoError(t, b.engine.Remove(t.Context(), e))
	_, err := io.ReadAll(res.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// TestManyWaitersShareOneRead: all who wait at one place get the same bytes, read once, and cost little while they wait.
func TestManyWaitersShareOneRead(t *testing.T) {
	const clients = 400
	b := setup(t)
	_, address := b.listen()
	e := b.open("table=items")
	var before, after runtime.MemStats
	conns := make([]net.Conn, clients)
	readers := make([]*bufio.Reader, clients)
	for i := range conns {
		conns[i] = dial(t, address)
		readers[i] = bufio.NewReaderSize(conns[i], 16)
	}
	for range 3 {
		runtime.GC() // finalizers and pools of earlier tests need more than one
	}
	runtime.ReadMemStats(&before)
	for i := range conns {
		_, err := fmt.Fprintf(conns[i], "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", at(e, "0_inf", "&live=true"))
		require.NoError(t, err)
	}
	b.awaitParked(clients)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)) / clients
	t.Logf("%d bytes for each waiting client", each)
	require.Less(t, each, int64(25<<10))
	require.Equal(t, 1, b.api.parked.groups.Len())
	b.commit(e, 100, 1)
	var first string
	for i := range conns {
		res, err := http.ReadResponse(readers[i], nil)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		if i == 0 {
			first = string(body)
		}
		require.Equal(t, first, string(body))
	}
	require.Contains(t, first, `"up-to-date"`)
	b.awaitParked(0)
	require.Zero(t, b.api.parked.groups.Len())
}
