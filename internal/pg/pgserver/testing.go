package pgserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// testSettings make a server fast and forgetful. Commits still write their WAL at once (to the system, not to the disk):
// asynchronous ones would reach a replication client only at the next round of the WAL writer, up to 200 ms later.
func testSettings() map[string]string {
	return map[string]string{
		"fsync":              "off",
		"full_page_writes":   "off",
		"autovacuum":         "off",
		"wal_writer_delay":   "10ms",
		"max_wal_size":       "2GB",
		"checkpoint_timeout": "1h",
		"lock_timeout":       "30s", // a forgotten transaction shows as an error, not as a hanging test
	}
}

func startForTest(ctx context.Context, settings ...map[string]string) (*Server, error) {
	all := testSettings()
	for _, m := range settings {
		maps.Copy(all, m)
	}
	return Start(ctx, Options{Settings: all, template: true})
}

// ForTest starts a server of the test's own, for tests that restart, kill or configure it. It ends with the test. Its
// system identifier is that of all servers started so.
func ForTest(t testing.TB, settings ...map[string]string) *Server {
	t.Helper()
	s, err := startForTest(t.Context(), settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's last words:\n%s", s.LastWords())
		}
		if err := s.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
	})
	return s
}

// shared is the one server of a test binary. It is the only global here: a test binary without TestMain has nothing else to
// hang it on.
var shared struct {
	mu     sync.Mutex
	server *Server
}

// Shared gives the server that all tests of the binary share, and starts it for the first. It ends with the process; a
// TestMain that calls Main also removes its files at once, which otherwise the next user of this package does. Tests must
// not stop or configure it, and should use a database of their own, see NewDatabase.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		s, err := startForTest(context.Background()) // outlives the test that happens to be first
		if err != nil {
			t.Fatal(err)
		}
		shared.server = s
	}
	return shared.server
}

// Main runs the tests of a binary, closes the shared server, and exits: func TestMain(m *testing.M) { pgserver.Main(m) }.
func Main(m *testing.M) {
	code := m.Run()
	if err := CloseShared(); err != nil {
		fmt.Fprintln(os.Stderr, "close the shared server:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// CloseShared ends the shared server if there is one, for a TestMain of another form.
func CloseShared() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		return nil
	}
	err := shared.server.Close()
	shared.server = nil
	return err
}

// databases numbers the databases of NewDatabase.
var databases atomic.Uint64

// NewDatabase creates an empty database and returns its URL. At the end of the test the database is dropped, with
// everything that still hangs on it: sessions, walsenders and replication slots.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := s.admin(t.Context(), func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "CREATE DATABASE "+name)
		return err
	}); err != nil {
		t.Fatalf("create database %s: %v", name, err)
	}
	t.Cleanup(func() {
		if s.PID() == 0 {
			return // stopped by the test: it takes its databases along
		}
		if err := s.admin(context.Background(), func(ctx context.Context, c *pgx.Conn) error {
			return dropDatabase(ctx, c, name)
		}); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return s.URL(name)
}

// admin runs do on a connection to the database postgres.
func (s *Server) admin(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, c), c.Close(ctx))
}

const (
	slotInUse = "55006"
	slotGone  = "42704"
)

func dropDatabase(ctx context.Context, c *pgx.Conn, name string) error {
	// New sessions could take the slots of terminated ones.
	if _, err := c.Exec(ctx, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false"); err != nil {
		return err
	}
	for {
		// A slot stays active until its walsender has noticed, and a session may have been just about to create one.
		if _, err := c.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()", name); err != nil {
			return err
		}
		_, err := c.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active", name)
		var said *pgconn.PgError
		if errors.As(err, &said) && (said.Code == slotInUse || said.Code == slotGone) {
			err = nil // it changed while we looked
		}
		if err != nil {
			return err
		}
		var left int
		err = c.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = $1)
			+ (SELECT count(*) FROM pg_stat_activity WHERE datname = $1)`, name).Scan(&left)
		if err != nil {
			return err
		}
		if left == 0 {
			break
		}
		if _, err := c.Exec(ctx, "SELECT pg_sleep(0.005)"); err != nil {
			return err
		}
	}
	_, err := c.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	return err
}
