package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run serves h until the test ends.
func run(t *testing.T, cfg Config, h http.Handler, draining func()) *Server {
	t.Helper()
	if cfg.ReadTimeout == 0 {
		cfg.ReadTimeout = time.Minute
	}
	s := New(cfg, h, draining)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { _ = s.Shutdown(context.Background()) })
	return s
}

func (s *Server) url(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", s.Addr().(*net.TCPAddr).Port, path)
}

func (s *Server) dial(t *testing.T) net.Conn {
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url(""), "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// client has its own connections, closed with the test.
func client(t *testing.T, h2 bool) *http.Client {
	tr := &http.Transport{}
	if h2 {
		tr.Protocols = new(http.Protocols)
		tr.Protocols.SetUnencryptedHTTP2(true)
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s %s", r.Proto, r.Method, r.URL.EscapedPath())
})

func get(t *testing.T, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	res, err := c.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func TestBothProtocolsOnOnePort(t *testing.T) {
	s := run(t, Config{}, ok, nil)
	_, body := get(t, client(t, false), s.url("/a"))
	require.Equal(t, "HTTP/1.1 GET /a", body)
	_, body = get(t, client(t, true), s.url("/a"))
	require.Equal(t, "HTTP/2.0 GET /a", body)
}

func TestPathsAndMethodsReachTheHandlerAsTheyCame(t *testing.T) {
	s := run(t, Config{}, ok, nil)
	for request, want := range map[string]string{
		"GET //v1//shape/ HTTP/1.1": "GET //v1//shape/", "GET /v1%2Fshape HTTP/1.1": "GET /v1%2Fshape", "BREW /v1/%73hape HTTP/1.1": "BREW /v1/%73hape",
		"OPTIONS * HTTP/1.1": "OPTIONS *", "GET / HTTP/1.1": "GET /",
	} {
		c := s.dial(t)
		fmt.Fprintf(c, "%s\r\nHost: x\r\nConnection: close\r\n\r\n", request)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err, request)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 "+want, string(body))
	}
}

func TestAConnectionServesALimitedNumberOfRequests(t *testing.T) {
	s := run(t, Config{ConnMaxRequests: 3}, ok, nil)
	c := client(t, false)
	for i := range 7 {
		res, _ := get(t, c, s.url("/"))
		require.Equal(t, i%3 == 2, res.Close, "request %d", i+1)
	}
	unlimited := run(t, Config{}, ok, nil)
	for range 60 {
		res, _ := get(t, c, unlimited.url("/"))
		require.False(t, res.Close)
	}
	h2 := client(t, true)
	for range 10 {
		_, body := get(t, h2, s.url("/"))
		require.Equal(t, "HTTP/2.0 GET /", body)
	}
}

func TestRequestsThatAreTooLargeAreRefused(t *testing.T) {
	s := run(t, Config{}, ok, nil)
	headers := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "X-%d: 1\r\n", i)
		}
		return b.String()
	}
	for name, tt := range map[string]struct {
		path, headers string
		want          int
	}{
		"line that fits":   {"/" + strings.Repeat("a", 9_900), "", 200},
		"long line":        {"/" + strings.Repeat("a", 10_000), "", 414},
		"header that fits": {"/", "X: " + strings.Repeat("a", 9_900) + "\r\n", 200},
		"long header":      {"/", "X: " + strings.Repeat("a", 10_000) + "\r\n", 431},
		"50 headers":       {"/", headers(48), 200},
		"51 headers":       {"/", headers(50), 431},
		"endless headers":  {"/", "X: " + strings.Repeat("a", 2*maxHeaderBytes) + "\r\n", 431},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t)
			go fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", tt.path, tt.headers)
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			require.Equal(t, tt.want, res.StatusCode)
		})
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	s := run(t, Config{ReadTimeout: 50 * time.Millisecond}, ok, nil)
	for _, sent := range []string{"", "GET / HTTP/1.1\r\nHo", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"} {
		c := s.dial(t)
		_, err := io.WriteString(c, sent)
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = io.ReadAll(c)
		require.NoError(t, err, "closed by the server after %q", sent)
	}
}

func TestShutdownLetsOpenRequestsFinish(t *testing.T) {
	entered, draining := make(chan struct{}), make(chan struct{})
	s := run(t, Config{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-draining // a long poll that is told
		fmt.Fprint(w, "end")
	}), func() { close(draining) })
	result := make(chan string)
	c := client(t, false)
	go func() {
		res, err := c.Get(s.url("/"))
		if err != nil {
			result <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		result <- string(body)
	}()
	<-entered
	require.NoError(t, s.Shutdown(t.Context()))
	require.Equal(t, "end", <-result)
	<-s.Done()
	require.NoError(t, s.Err())
	_, err := c.Get(s.url("/"))
	require.Error(t, err)
}

func TestShutdownCutsWhatDoesNotEnd(t *testing.T) {
	entered := make(chan struct{})
	s := run(t, Config{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}), nil)
	c := client(t, false)
	result := make(chan error)
	go func() {
		_, err := c.Get(s.url("/"))
		result <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.Shutdown(ctx), "have been cut")
	require.Error(t, <-result)
}

func TestAPortThatIsTakenIsAnError(t *testing.T) {
	s := run(t, Config{}, ok, nil)
	other := New(Config{Port: s.Addr().(*net.TCPAddr).Port}, ok, nil)
	require.ErrorContains(t, other.Start(t.Context()), "listen on port")
	require.NoError(t, other.Shutdown(t.Context()))
}

func TestIPv6TakesBothFamilies(t *testing.T) {
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here")
	} else {
		l.Close()
	}
	s := run(t, Config{IPv6: true}, ok, nil)
	port := s.Addr().(*net.TCPAddr).Port
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		res, _ := get(t, client(t, false), fmt.Sprintf("http://%s:%d/", host, port))
		require.Equal(t, 200, res.StatusCode)
	}
}
