package replication_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/actors/replication"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/pg/pgserver"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := pgserver.CloseShared(); err != nil {
		fmt.Fprintln(os.Stderr, "close the shared server:", err)
		code = max(code, 1)
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

func connector(address string, settings ...string) func(context.Context) (*pgconn.PgConn, error) {
	return func(ctx context.Context) (*pgconn.PgConn, error) {
		config, err := pgconn.ParseConfig(address)
		if err != nil {
			return nil, err
		}
		for i := 0; i < len(settings); i += 2 {
			config.RuntimeParams[settings[i]] = settings[i+1]
		}
		return pgconn.ConnectConfig(ctx, config)
	}
}

// database is a database of a test's own with a session in it.
type database struct {
	t       testing.TB
	address string
	name    string
	conn    *pgconn.PgConn
}

func newDatabase(t testing.TB, s *pgserver.Server) *database {
	t.Helper()
	db := &database{t: t, address: s.NewDatabase(t)}
	u, err := url.Parse(db.address)
	require.NoError(t, err)
	db.name = strings.TrimPrefix(u.Path, "/")
	db.conn = db.session()
	return db
}

func (db *database) session() *pgconn.PgConn {
	db.t.Helper()
	conn, err := connector(db.address)(db.t.Context())
	require.NoError(db.t, err)
	db.t.Cleanup(func() { closeConn(conn) })
	return conn
}

func closeConn(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn.Close(ctx)
	<-conn.CleanupDone()
}

// exec runs statements and gives the first column of the last result.
func (db *database) exec(format string, args ...any) []string {
	db.t.Helper()
	return run(db.t, db.conn, fmt.Sprintf(format, args...))
}

func run(t testing.TB, conn *pgconn.PgConn, sql string) (column []string) {
	t.Helper()
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	require.NoError(t, err, sql)
	if len(results) > 0 {
		for _, row := range results[len(results)-1].Rows {
			column = append(column, string(row[0]))
		}
	}
	return column
}

// lsn gives the position that a query gives.
func (db *database) lsn(query string) pg.LSN {
	db.t.Helper()
	lsn, err := pg.ParseLSN(db.exec("%s", query)[0])
	require.NoError(db.t, err)
	return lsn
}

// Names of slots are unique in a server, not in a database.
func (db *database) slot() string        { return "slot_" + db.name }
func (db *database) publication() string { return "publication_" + db.name }

// publish adds tables to the publication, with whole old rows.
func (db *database) publish(tables ...string) {
	db.t.Helper()
	for _, table := range tables {
		db.exec(`ALTER TABLE %s REPLICA IDENTITY FULL; ALTER PUBLICATION %s ADD TABLE %s`, table, db.publication(), table)
	}
}

// active tells whether somebody streams from the slot.
func (db *database) active() bool {
	db.t.Helper()
	return db.exec("SELECT active FROM pg_replication_slots WHERE slot_name = '%s'", db.slot())[0] == "t"
}

// occupy streams from the slot without taking the lock, until the server ends it.
func (db *database) occupy() {
	db.t.Helper()
	require.Eventually(db.t, func() bool { return !db.active() }, patience, time.Millisecond)
	conn, err := connector(db.address, "replication", "database")(db.t.Context())
	require.NoError(db.t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = replication.Drain(db.t.Context(), conn, db.slot(), db.publication(), 1)
		closeConn(conn)
	}()
	db.t.Cleanup(func() { <-ended })
	require.Eventually(db.t, db.active, patience, time.Millisecond)
}

// vacate ends whoever streams from the slot.
func (db *database) vacate() {
	db.t.Helper()
	db.exec("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '%s'", db.slot())
}

// confirmed waits until the slot has been acknowledged up to lsn.
func (db *database) confirmed(lsn pg.LSN) {
	db.t.Helper()
	require.Eventually(db.t, func() bool {
		return db.exec("SELECT confirmed_flush_lsn >= '%s' FROM pg_replication_slots WHERE slot_name = '%s'", lsn, db.slot())[0] == "t"
	}, patience, 2*time.Millisecond, "%s is not acknowledged", lsn)
}

// follower is a client with a sink that keeps what it gets.
type follower struct {
	t      testing.TB
	client *replication.Client
	credit *replication.Credit
	ended  chan struct{}
	cancel context.CancelFunc

	mu    sync.Mutex
	lines []string // one for each relation and transaction
	open  string   // the transaction that is coming
	rows  int
	// flushed are the transactions that the client has been told are durable.
	flushed int
	most    int64 // bytes that were on their way
	states  []replication.State
	news    chan struct{}

	hold      bool // credit is not given back
	unflushed bool // transactions are not confirmed
}

func (db *database) config() replication.Config {
	return replication.Config{
		Connect:     connector(db.address, "replication", "database", "wal_sender_timeout", "30s"),
		Publication: db.publication(), Slot: db.slot(),
	}
}

type option func(*replication.Config, *follower)

func settings(edit func(*replication.Config)) option {
	return func(c *replication.Config, _ *follower) { edit(c) }
}

func holding(_ *replication.Config, f *follower)   { f.hold = true }
func unflushed(_ *replication.Config, f *follower) { f.unflushed = true }

// follow starts a client that reconnects; it is stopped at the end of the test at the latest.
func (db *database) follow(options ...option) *follower {
	db.t.Helper()
	f := &follower{t: db.t, ended: make(chan struct{}), news: make(chan struct{}, 1)}
	c := db.config()
	c.Credit = replication.NewCredit(16<<20, 0)
	c.Notify = func(s replication.State) { f.note(func() { f.states = append(f.states, s) }) }
	for _, o := range options {
		o(&c, f)
	}
	f.credit = c.Credit
	f.client = replication.NewClient(c, f)
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	go func() {
		defer close(f.ended)
		_ = f.client.Loop(ctx) // the last state tells
	}()
	db.t.Cleanup(f.stop)
	return f
}

// stop ends the client and waits until it has.
func (f *follower) stop() {
	f.cancel()
	<-f.ended
}

func (f *follower) note(edit func()) {
	f.mu.Lock()
	edit()
	f.mu.Unlock()
	select {
	case f.news <- struct{}{}:
	default:
	}
}

func (f *follower) Fragment(fragment *change.Fragment) {
	f.note(func() {
		f.most = max(f.most, f.credit.Taken())
		f.rows += len(fragment.Changes)
		if fragment.Begin {
			f.open = ""
		}
		if f.rows < 1000 { // not for transactions that are large on purpose
			for i := range fragment.Changes {
				f.open += fmt.Sprintf("%c%s%s ", fragment.Changes[i].Op, row(fragment.Changes[i].Old), row(fragment.Changes[i].New))
			}
		}
		if fragment.Commit != nil {
			f.lines = append(f.lines, strings.TrimSpace(f.open))
		}
	})
	if !f.hold {
		f.credit.Release(fragment.Retained)
	}
	if fragment.Commit != nil && !f.unflushed {
		f.client.FlushBoundary(pg.LSN(fragment.LSN))
		f.note(func() { f.flushed++ })
	}
}

func row(t change.Tuple) string {
	if t == nil {
		return ""
	}
	cells := make([]string, len(t))
	for i, v := range t {
		switch {
		case v == nil:
			cells[i] = "null"
		case len(v) > 40:
			cells[i] = fmt.Sprintf("%d bytes", len(v))
		default:
			cells[i] = string(v)
		}
	}
	return "(" + strings.Join(cells, ",") + ")"
}

// Relation notes what is new: the server describes a table again whenever it has dropped what it had cached of it.
func (f *follower) Relation(old, new *change.Relation) {
	if old != nil && reflect.DeepEqual(old, new) {
		return
	}
	f.note(func() { f.lines = append(f.lines, "relation "+new.Name) })
}

func (f *follower) Reached(pg.LSN) {}

// await waits until what the sink has got fulfils a condition.
func (f *follower) await(what string, holds func() bool) {
	f.t.Helper()
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		held := holds()
		f.mu.Unlock()
		if held {
			return
		}
		select {
		case <-f.news:
		case <-deadline:
			f.mu.Lock()
			defer f.mu.Unlock()
			f.t.Fatalf("%s: not within %s; got %q, states %v", what, patience, f.lines, f.states)
		}
	}
}

// awaitLines waits for relations and transactions, which must be these.
func (f *follower) awaitLines(want ...string) {
	f.t.Helper()
	f.await(fmt.Sprintf("%d transactions and relations", len(want)), func() bool { return len(f.lines) >= len(want) })
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Equal(f.t, want, f.lines)
}

// awaitPhase waits for the n-th state of a phase and gives it.
func (f *follower) awaitPhase(p replication.Phase, n int) (found replication.State) {
	f.t.Helper()
	f.await(fmt.Sprintf("%d times %s", n, p), func() bool {
		count := 0
		for _, s := range f.states {
			if s.Phase == p {
				if count++; count == n {
					found = s
					return true
				}
			}
		}
		return false
	})
	return found
}
