package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

const (
	superuser = "postgres"
	// socketPathMax is what fits in sun_path on every system, less the name that Postgres gives the socket.
	socketPathMax = 80
)

// Options says how to run a server. The zero value runs a throw-away server on a free port.
type Options struct {
	// Dir is the data directory. It is created, and made a database cluster when it is empty. When it is not given a
	// temporary directory is used, which Close removes.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Settings are added to, and override, those that this package needs.
	Settings map[string]string
	// HBA are lines of pg_hba.conf that come before those that trust everybody.
	HBA []string
	// Files are written to the data directory before each start, readable only by the server.
	Files map[string][]byte
	// Log gets what the server logs. Without it the log is a file beside the data directory when that is temporary, and
	// is discarded otherwise.
	Log io.Writer
	// Binaries to run; zero takes what FindOrFetch gives.
	Binaries Binaries
	// Locale of the cluster; by default one that compares text by code point.
	Locale string

	// template allows copying a cluster in place of making one.
	template bool
}

// Server is a running or stopped server. Its methods are safe for concurrent use.
type Server struct {
	binaries Binaries
	owner    owner
	data     string // data directory
	temps    []*temporary

	mu       sync.Mutex // serialises starting and stopping, and guards what follows
	proc     *process   // nil when stopped
	port     int        // 0 until the first start has found a free one
	log      journal
	settings map[string]string
	hba      []string
	files    map[string][]byte
}

// Start makes a database cluster where there is none, starts a server on it, and returns when it takes connections.
func Start(ctx context.Context, o Options) (*Server, error) {
	who, err := serverOwner()
	if err != nil {
		return nil, err
	}
	if o.Binaries == (Binaries{}) {
		if o.Binaries, err = FindOrFetch(ctx); err != nil {
			return nil, err
		}
	}
	if o.Locale == "" {
		o.Locale = defaultLocale()
	}
	s := &Server{
		binaries: o.Binaries, owner: who, port: o.Port, log: &tail{next: o.Log},
		settings: baseSettings(), hba: o.HBA, files: o.Files,
	}
	maps.Copy(s.settings, o.Settings)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.prepare(ctx, o); err != nil {
		return nil, errors.Join(err, s.discard())
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.discard())
	}
	return s, nil
}

func baseSettings() map[string]string {
	return map[string]string{
		"listen_addresses":        "127.0.0.1",
		"wal_level":               "logical",
		"max_wal_senders":         "64",
		"max_replication_slots":   "64",
		"max_connections":         "200",
		"shared_buffers":          "32MB",
		"unix_socket_permissions": "0700",
		"log_line_prefix":         "%m [%p] %q%u@%d ",
		"lc_messages":             "C", // errors are told apart by their text where Postgres gives several one code
	}
}

// prepare makes the directories and the cluster.
func (s *Server) prepare(ctx context.Context, o Options) error {
	dir := o.Dir
	if dir == "" {
		tmp, err := newTemporary()
		if err != nil {
			return err
		}
		s.temps = append(s.temps, tmp)
		dir = filepath.Join(tmp.path, "data")
		if o.Log == nil {
			if s.log, err = newFileJournal(tmp.path); err != nil {
				return err
			}
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the data directory: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := s.owner.reach(dir); err != nil {
		return err
	}
	s.data = dir
	sockets := dir
	if len(dir) > socketPathMax {
		tmp, err := newTemporary()
		if err != nil {
			return err
		}
		s.temps = append(s.temps, tmp)
		sockets = tmp.path
		if err := s.owner.give(tmp.path); err != nil {
			return fmt.Errorf("make a socket directory: %w", err)
		}
	}
	s.settings["unix_socket_directories"] = sockets
	return s.cluster(ctx, o)
}

func (s *Server) cluster(ctx context.Context, o Options) error {
	exists, err := isCluster(s.data)
	if exists || err != nil {
		return err
	}
	if err := s.owner.give(s.data); err != nil {
		return fmt.Errorf("give the data directory to its user: %w", err)
	}
	if o.template {
		return fromTemplate(ctx, s.binaries, s.owner, s.data, o.Locale)
	}
	return initCluster(ctx, s.binaries, s.owner, s.data, o.Locale)
}

// PID is the process id of the postmaster, 0 when the server is stopped.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || !s.proc.running() {
		return 0
	}
	return s.proc.pid
}

// Port is the TCP port on 127.0.0.1. It stays the same over Restart.
func (s *Server) Port() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port
}

// Dir is the data directory.
func (s *Server) Dir() string { return s.data }

// Binaries is the installation that the server runs from.
func (s *Server) Binaries() Binaries { return s.binaries }

// URL is a connection string for database db, as superuser, without TLS.
func (s *Server) URL(db string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(superuser), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port())),
		Path: "/" + db, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// LastWords are the last lines that the server logged since it was started.
func (s *Server) LastWords() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.lastWords()
}

// Close ends the server at once and removes its temporary directories; a data directory that was given stays.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.quit(), s.discard())
}

func (s *Server) discard() error {
	errs := []error{s.log.close()}
	s.log = &tail{}
	for _, tmp := range s.temps {
		errs = append(errs, tmp.discard())
	}
	s.temps = nil
	return errors.Join(errs...)
}
