package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// Config says where to listen and what a connection may do.
type Config struct {
	Host            string // to listen on; "" for all addresses
	Port            int
	IPv6            bool          // listen on the IPv6 wildcard, which takes IPv4 clients too
	ReadTimeout     time.Duration // for headers, and for a connection without a request
	SendTimeout     time.Duration // for an HTTP/2 client to take a byte, 0 means 30 s; for HTTP/1 handlers set deadlines
	ConnMaxRequests int           // after which a connection is closed; 0 is unlimited
	Logger          *slog.Logger
}

// DrainTimeout is how long open requests may go on after Shutdown has begun.
const DrainTimeout = 15 * time.Second

// defaultSendTimeout is that of the protocol's settings.
const defaultSendTimeout = 30 * time.Second

// maxStreams bounds the requests at a time of one HTTP/2 connection. Long polls are many.
const maxStreams = 1000

// Server is one listener. Start is called once; Shutdown may be called again, and does nothing then.
type Server struct {
	cfg  Config
	http *http.Server
	echo *echo.Echo
	done chan struct{} // closed when serving has ended
	addr net.Addr
	err  error // why serving ended; valid after done
}

// New makes a server of h. draining is called when Shutdown begins, so that waiting requests can be ended; it may be nil.
func New(cfg Config, h http.Handler, draining func()) *Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.SendTimeout <= 0 {
		cfg.SendTimeout = defaultSendTimeout
	}
	s := &Server{cfg: cfg, echo: echo.New(), done: make(chan struct{})}
	s.echo.RouteNotFound("/*", func(c echo.Context) error {
		h.ServeHTTP(c.Response().Writer, c.Request())
		return nil
	})
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.http = &http.Server{
		Handler:                      limit(routed(s.echo, h), cfg.ConnMaxRequests),
		DisableGeneralOptionsHandler: true,
		// There is no ReadTimeout and no WriteTimeout: both would end long polls. Handlers set deadlines for what they read
		// and write.
		ReadHeaderTimeout: cfg.ReadTimeout,
		IdleTimeout:       cfg.ReadTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         protocols,
		// A deadline of a handler resets its stream. That does not help where the connection itself is stuck.
		HTTP2:       &http.HTTP2Config{MaxConcurrentStreams: maxStreams, WriteByteTimeout: cfg.SendTimeout},
		ErrorLog:    slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
		ConnContext: countRequests,
	}
	if draining != nil {
		s.http.RegisterOnShutdown(sync.OnceFunc(draining))
	}
	return s
}

// routed gives the router what is a path. `OPTIONS *` is none.
func routed(router, rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/") {
			router.ServeHTTP(w, r)
		} else {
			rest.ServeHTTP(w, r)
		}
	})
}

// Start listens and serves until Shutdown. It returns once connections are accepted.
func (s *Server) Start(ctx context.Context) error {
	network, host := "tcp4", "0.0.0.0"
	switch {
	case s.cfg.Host != "":
		network, host = "tcp", s.cfg.Host
	case s.cfg.IPv6:
		network, host = "tcp", "::"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, network, net.JoinHostPort(host, strconv.Itoa(s.cfg.Port)))
	if err != nil {
		return fmt.Errorf("listen on port %d: %w", s.cfg.Port, err)
	}
	s.addr = l.Addr()
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.err = fmt.Errorf("serve on port %d: %w", s.cfg.Port, err)
		}
	}()
	return nil
}

// Addr is where the server listens. It is valid after Start.
func (s *Server) Addr() net.Addr { return s.addr }

// Done is closed when the server has stopped accepting connections. Err then says why, nil after Shutdown.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is valid after Done.
func (s *Server) Err() error { return s.err }

// Shutdown closes the listener, ends waiting requests, and gives the rest DrainTimeout, or until ctx ends. What is still
// open then is cut. It returns when no handler is left or all have been cut.
func (s *Server) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, DrainTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("requests were still open at the end of the drain time and have been cut")
		}
	}
	if s.addr != nil {
		<-s.done
	}
	return err
}
