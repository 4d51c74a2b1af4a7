package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/actors/tree"
	"leyden/actors/work"
	"leyden/cmd/leyden/settings"
	"leyden/cmd/oracle/follow"
	"leyden/internal/change"
	"leyden/internal/launch"
	"leyden/internal/pg/pgserver"
	"leyden/internal/shape"
)

// survivor is a server in this process with clients on three shapes, and a writer.
type survivor struct {
	t       *testing.T
	url     string // of the database
	storage string
	more    []string // settings
	conn    *pgx.Conn
	srv     *service
	// defaultAdmin, if set, stands for the default address of operators; log gets what the service says.
	defaultAdmin string
	log          io.Writer
	clients      map[string]*client // by where clause
	rows         int
}

// client follows one shape over HTTP.
type client struct {
	*follow.Follower
	entry *status.Entry // as it was before the event
	stop  func()
}

const stream = "survival"

func newSurvivor(t *testing.T, databaseURL string, more ...string) *survivor {
	s := &survivor{t: t, url: databaseURL, storage: t.TempDir(), more: more, clients: map[string]*client{}}
	s.connect()
	s.exec(`CREATE TABLE items (id int PRIMARY KEY, tenant int NOT NULL, title text)`)
	s.start()
	for clause, mode := range map[string]follow.Mode{"tenant = 1": follow.LongPoll, "tenant = 2": follow.SSE, "": follow.LongPoll} {
		s.follow(clause, mode)
	}
	s.write("before")
	for _, c := range s.clients {
		c.entry = s.entry(c)
	}
	return s
}

func (s *survivor) connect() {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.url)
	require.NoError(s.t, err)
	s.conn = conn
	s.t.Cleanup(func() { conn.Close(context.Background()) })
}

func (s *survivor) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.conn.Exec(s.t.Context(), sql, args...)
	require.NoError(s.t, err)
}

// launch starts the service on the survivor's storage.
func (s *survivor) launch() error {
	c, _, err := settings.Read(append([]string{"DATABASE_URL=" + s.url, "ELECTRIC_INSECURE=true", "ELECTRIC_PORT=0", "LEYDEN_ADMIN_ADDR=127.0.0.1:0",
		"ELECTRIC_STORAGE_DIR=" + s.storage, "ELECTRIC_REPLICATION_STREAM_ID=" + stream, "ELECTRIC_CONSUMER_PARTITIONS=2", "ELECTRIC_MAX_SHAPES=1000",
		"ELECTRIC_LONG_POLL_TIMEOUT=1000"}, s.more...))
	if err != nil {
		return err
	}
	if s.defaultAdmin != "" {
		host, port, err := net.SplitHostPort(s.defaultAdmin)
		require.NoError(s.t, err)
		n, err := strconv.Atoi(port)
		require.NoError(s.t, err)
		c.Admin = settings.Admin{Host: host, Port: n}
	}
	out := io.Writer(testLog{s.t})
	if s.log != nil {
		out = s.log
	}
	level := slog.LevelWarn
	if testing.Verbose() || s.log != nil {
		level = slog.LevelInfo
	}
	s.srv, err = start(s.t.Context(), c, slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level})))
	return err
}

func (s *survivor) start() {
	s.t.Helper()
	require.NoError(s.t, s.launch())
	s.t.Cleanup(s.end)
	s.active()
}

// end stops the clients, and the service if it still runs.
func (s *survivor) end() {
	for _, c := range s.clients {
		c.stop()
	}
	clear(s.clients)
	if s.srv != nil {
		require.NoError(s.t, s.srv.stop(context.Background()))
		s.srv = nil
	}
}

func (s *survivor) active() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(s.t, s.srv.awaitActive(ctx))
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("%s", strings.TrimSpace(string(b)))
	return len(b), nil
}

func (s *survivor) follow(clause string, mode follow.Mode) *client {
	params := url.Values{"table": {"items"}}
	if clause != "" {
		params.Set("where", clause)
	}
	transport := &http.Transport{}
	c := &client{Follower: follow.New(follow.Options{URL: s.srv.url(), Params: params, Mode: mode, Key: []string{"id"}, Client: &http.Client{Transport: transport}})}
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := c.Run(ctx); err != nil {
			s.t.Errorf("a client of %q saw what it must not see: %v", clause, err)
		}
	}()
	c.stop = func() { cancel(); <-ended; transport.CloseIdleConnections() }
	s.clients[clause] = c
	return c
}

// entry is the shape that a client follows, once it has read it.
func (s *survivor) entry(c *client) *status.Entry {
	s.t.Helper()
	h, err := shape.ParseHandle(c.Handle())
	require.NoError(s.t, err)
	e, ok := s.srv.engine.ByHandle(h)
	require.True(s.t, ok)
	return e
}

// write inserts a row for each tenant and waits until every client has its own.
func (s *survivor) write(title string) {
	s.t.Helper()
	s.insert(title)
	s.await()
}

func (s *survivor) insert(title string) {
	s.t.Helper()
	s.exec(`INSERT INTO items VALUES ($1, 1, $3), ($2, 2, $3)`, s.rows+1, s.rows+2, title)
	s.rows += 2
}

// acknowledged waits until Postgres knows that all is on the disk.
func (s *survivor) acknowledged() {
	s.t.Helper()
	var end string
	require.NoError(s.t, s.conn.QueryRow(s.t.Context(), `SELECT pg_current_wal_lsn()::text`).Scan(&end))
	s.eventually(func() bool {
		var reached bool
		err := s.conn.QueryRow(s.t.Context(), `SELECT confirmed_flush_lsn >= $1::pg_lsn FROM pg_replication_slots`, end).Scan(&reached)
		return err == nil && reached
	})
}

// await waits until every client has all rows of its shape.
func (s *survivor) await() {
	s.t.Helper()
	deadline := time.After(30 * time.Second)
	for clause, c := range s.clients {
		want := s.rows
		if clause != "" {
			want /= 2
		}
		for {
			got := 0
			changed := c.View(func(rows map[string]follow.Row, upToDate bool) {
				if upToDate {
					got = len(rows)
				}
			})
			if got == want {
				break
			}
			select {
			case <-changed:
			case <-deadline:
				s.t.Fatalf("a client of %q has %d rows of %d", clause, got, want)
			}
		}
	}
}

// kill makes a part of the tree crash.
func (s *survivor) kill(path string) {
	s.t.Helper()
	ended, cancel := s.srv.engine.Tree().Watch(path)
	defer cancel()
	require.NoError(s.t, s.srv.engine.Tree().Exit(path, tree.Crashed(errors.New("killed by the test"))))
	<-ended
}

// terminate ends the sessions in Postgres that a condition holds for, and fails if there is none.
func (s *survivor) terminate(condition string) {
	s.t.Helper()
	var n int
	require.NoError(s.t, s.conn.QueryRow(s.t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND `+condition).Scan(&n))
	require.Positive(s.t, n, "no session is there to be ended")
}

// restarts are the instances of each part of the tree beyond the first, of those that have any.
func (s *survivor) restarts() map[string]int {
	out := map[string]int{}
	for _, n := range s.srv.engine.Tree().Snapshot() {
		if n.Restarts > 0 {
			out[strings.TrimPrefix(n.Path, "leyden/")] = n.Restarts
		}
	}
	return out
}

// streamingOnce are all parts of the streaming subtree, each started again once.
func streamingOnce() map[string]int {
	out := map[string]int{}
	for _, name := range []string{"credit", "partition-0", "partition-1", "writer", "collector", "canary", "replication"} {
		out["streaming/"+name] = 1
	}
	return out
}

// line is one line of the table in docs/supervision.md.
type line struct {
	event string
	// happen makes the event happen; between it and its return the rest goes on.
	happen func(s *survivor)
	// restarted are the parts that are started again, nil for none.
	restarted map[string]int
	refetch   []string // clauses of the shapes that are removed
}

func only(path string) map[string]int { return map[string]int{path: 1} }

func lines() []line {
	crash := func(path string) func(*survivor) {
		return func(s *survivor) { s.kill("leyden/" + path) }
	}
	list := []line{
		{event: "the replication connection is lost", happen: func(s *survivor) { s.terminate("backend_type = 'walsender'") }},
		{event: "the connections for queries are lost", happen: func(s *survivor) { s.terminate("backend_type = 'client backend'") }},
		{event: "`shapes` crashes", happen: crash("shapes"), restarted: only("shapes")},
		{event: "`publication` crashes", happen: crash("publication"), restarted: only("publication")},
		{event: "`catalogue` crashes", happen: crash("catalogue"), restarted: only("catalogue")},
		{event: "`pools` crashes", happen: crash("pools"), restarted: only("pools")},
		{event: "`reconciler` crashes", happen: crash("reconciler"), restarted: only("reconciler")},
		{event: "`slot` crashes", happen: crash("slot"), restarted: only("slot")},
		{event: "`memory` crashes", happen: crash("memory"), restarted: only("memory")},
		{event: "`expiry` crashes", happen: crash("expiry"), restarted: only("expiry")},
		{event: "`streaming` gives up: a part of it crashes for the 4th time within 5 s", happen: func(s *survivor) {
			for range 4 {
				s.kill("leyden/streaming/canary")
				s.up("leyden/streaming/canary")
			}
		}, restarted: func() map[string]int {
			all := map[string]int{"streaming": 1}
			for path := range streamingOnce() {
				all[path] = 4
			}
			return all
		}()},
		{event: "a consumer crashes", happen: func(s *survivor) {
			e := s.clients["tenant = 1"].entry
			bad := &work.Work{Run: &work.Run{Completed: func(*work.Work) {}, Late: func(*work.Late) {}}} // without a fragment
			bad.Deliveries = []work.Delivery{{Work: bad, ID: e.ID}}
			bad.Open()
			s.srv.engine.Send(s.srv.engine.Consumer(e), &work.Share{Deliveries: bad.Deliveries})
		}, refetch: []string{"tenant = 1"}},
		{event: "a consumer does not return from a message", happen: func(s *survivor) {
			e := s.clients["tenant = 1"].entry
			release := make(chan struct{})
			s.t.Cleanup(func() { close(release) })
			stuck := &work.Work{Run: &work.Run{Completed: func(*work.Work) { <-release }, Late: func(*work.Late) {}}, Fragment: &change.Fragment{}}
			stuck.Deliveries = []work.Delivery{{Work: stuck, ID: e.ID}}
			stuck.Open()
			s.srv.engine.Send(s.srv.engine.Consumer(e), &work.Share{Deliveries: stuck.Deliveries})
		}, restarted: streamingOnce(), refetch: []string{"tenant = 1"}},
		{event: "the making of a snapshot fails", happen: func(s *survivor) {
			holder, err := pgx.Connect(s.t.Context(), s.url)
			require.NoError(s.t, err)
			defer holder.Close(context.Background())
			_, err = holder.Exec(s.t.Context(), `BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE`)
			require.NoError(s.t, err)
			s.follow("tenant > 0 AND tenant = 2", follow.LongPoll)
			s.eventually(func() bool {
				var n int
				err := s.conn.QueryRow(s.t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'`).Scan(&n)
				return err == nil && n > 0
			})
			s.terminate("wait_event_type = 'Lock'")
			_, err = holder.Exec(s.t.Context(), `COMMIT`)
			require.NoError(s.t, err)
		}},
	}
	for _, name := range []string{"credit", "partition-0", "writer", "collector", "canary", "replication"} {
		list = append(list, line{event: "`streaming/" + strings.Replace(name, "-0", "-N", 1) + "` crashes", happen: crash("streaming/" + name), restarted: streamingOnce()})
	}
	return list
}

// up waits until a part of the tree is up.
func (s *survivor) up(path string) {
	s.t.Helper()
	s.eventually(func() bool {
		for _, n := range s.srv.engine.Tree().Snapshot() {
			if n.Path == path {
				return n.State == "up"
			}
		}
		return false
	})
}

func (s *survivor) eventually(f func() bool) {
	s.t.Helper()
	require.Eventually(s.t, f, 20*time.Second, 2*time.Millisecond)
}

// Each line of the table: what was started again, which shapes kept their ids and handles, and what live clients noticed,
// which is nothing but requests that they had to repeat, or a refetch where their shape is gone.
func TestWhatSurvivesWhat(t *testing.T) {
	for _, l := range lines() {
		t.Run(l.event, func(t *testing.T) {
			t.Parallel()
			s := newSurvivor(t, pgserver.ForTest(t).URL("postgres"), "ELECTRIC_FLUSH_STALL_GRACE_PERIOD=1s")
			l.happen(s)
			s.write("after")
			s.active()
			want := l.restarted
			if want == nil {
				want = map[string]int{}
			}
			s.eventually(func() bool { return len(s.restarts()) >= len(want) })
			require.Equal(t, want, s.restarts())
			for clause, c := range s.clients {
				if c.entry == nil {
					continue // it was made by the event
				}
				now := s.entry(c)
				refetched := false
				for _, r := range l.refetch {
					refetched = refetched || r == clause
				}
				if refetched {
					require.NotEqual(t, c.entry.Handle, now.Handle, clause)
					require.Greater(t, now.ID, c.entry.ID, clause)
					require.Equal(t, 1, c.Stats().Rotations, clause)
					continue
				}
				require.Same(t, c.entry, now, "%q has another id or handle", clause)
				require.Zero(t, c.Stats().Rotations, clause)
			}
		})
	}
}

func TestPostgresRestarts(t *testing.T) {
	pg := pgserver.ForTest(t)
	s := newSurvivor(t, pg.URL("postgres"))
	require.NoError(t, pg.Kill())
	require.NoError(t, pg.Restart(t.Context()))
	s.connect()
	s.write("after")
	require.Empty(t, s.restarts())
	for clause, c := range s.clients {
		require.Same(t, c.entry, s.entry(c), clause)
	}
}

func TestPostgresCannotBeReachedAtTheStart(t *testing.T) {
	pg := pgserver.ForTest(t)
	s := newSurvivor(t, pg.URL("postgres"))
	handle := s.clients[""].Handle()
	s.end()
	require.NoError(t, pg.Stop(t.Context()))
	require.NoError(t, s.launch())
	t.Cleanup(s.end)
	s.eventually(func() bool { return strings.Contains(s.srv.engine.Report().WaitsFor, "refused") })
	require.NoError(t, pg.Restart(t.Context()))
	s.connect()
	s.active()
	require.Empty(t, s.restarts())
	c := s.follow("", follow.LongPoll)
	s.await()
	require.Equal(t, handle, c.Handle())
}

func TestTheDatabaseRefusesForGood(t *testing.T) {
	pg := pgserver.ForTest(t)
	s := &survivor{t: t, url: pg.URL("nowhere"), storage: t.TempDir()}
	require.NoError(t, s.launch())
	require.ErrorContains(t, <-s.srv.failed(), `"nowhere" does not exist`)
	require.NoError(t, s.srv.stop(context.Background()))
}

func TestTheRootGivesUpAndTheNextProcessGoesOn(t *testing.T) {
	s := newSurvivor(t, pgserver.ForTest(t).URL("postgres"))
	handles := map[string]string{}
	for clause, c := range s.clients {
		handles[clause] = c.Handle()
		c.stop()
	}
	clear(s.clients)
	for range 4 {
		s.up("leyden/slot")
		s.kill("leyden/slot")
	}
	err := <-s.srv.failed()
	require.ErrorContains(t, err, "too many restarts of slot")
	require.NoError(t, s.srv.stop(context.Background()))
	s.srv = nil
	s.start()
	for clause := range handles {
		s.follow(clause, follow.LongPoll)
	}
	s.write("after")
	for clause, c := range s.clients {
		require.Equal(t, handles[clause], c.Handle(), clause)
	}
}

func TestTheProcessIsKilled(t *testing.T) {
	binary, err := launch.Build(t.Context(), t.TempDir())
	require.NoError(t, err)
	s := &survivor{t: t, url: pgserver.ForTest(t).URL("postgres"), storage: t.TempDir(), clients: map[string]*client{}}
	s.connect()
	s.exec(`CREATE TABLE items (id int PRIMARY KEY, tenant int NOT NULL, title text)`)
	server, err := launch.Start(t.Context(), launch.Options{Binary: binary, DatabaseURL: s.url, StorageDir: s.storage, Settings: []string{"ELECTRIC_REPLICATION_STREAM_ID=" + stream}})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Kill()) }()
	f := follow.New(follow.Options{URL: server.URL(), Params: url.Values{"table": {"items"}}, Key: []string{"id"}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	s.clients[""] = &client{Follower: f}
	s.write("before")
	handle := f.Handle()
	s.write("followed")
	s.acknowledged() // until then a kill may cost a shape that is so new
	require.NoError(t, server.Kill())
	s.insert("between")
	require.NoError(t, server.Resume(t.Context()))
	s.write("after")
	require.Equal(t, handle, f.Handle())
	require.Zero(t, f.Stats().Rotations)
	cancel()
	require.NoError(t, <-ended)
}

// Every line of the table in the document has its test, and every test its line.
func TestTheTableOfSurvivalIsTested(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "supervision.md"))
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "## What survives what\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n## ")
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+?) \|.*\| (Test\w+) \|$`).FindAllStringSubmatch(table, -1) {
		if m[2] == "TestWhatSurvivesWhat" {
			documented = append(documented, m[1])
			continue
		}
		require.NotEmpty(t, testNamed(t, m[2]), "%s is tested by %s", m[1], m[2])
	}
	var tested []string
	for _, l := range lines() {
		tested = append(tested, l.event)
	}
	require.ElementsMatch(t, tested, documented)
}

func TestEveryPartOfTheTreeIsDocumentedAndIsKilledInATest(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "supervision.md"))
	require.NoError(t, err)
	s := newSurvivor(t, pgserver.ForTest(t).URL("postgres"))
	killed := map[string]bool{}
	for _, l := range lines() {
		killed[l.event] = true
	}
	for _, n := range s.srv.engine.Tree().Snapshot() {
		path := strings.TrimPrefix(strings.TrimPrefix(n.Path, "leyden"), "/")
		name := path[strings.LastIndexByte(path, '/')+1:]
		if strings.HasPrefix(name, "partition-") {
			continue // they are many
		}
		require.Regexp(t, "(?m)^\\| (&emsp;)*`"+regexp.QuoteMeta(filepath.Base(n.Path))+"`", string(page), "the page knows nothing of %s", n.Path)
		if n.Kind != "group" {
			require.True(t, killed["`"+path+"` crashes"], "nobody kills %s", path)
		}
	}
}

// testNamed is the file in which a test is.
func testNamed(t *testing.T, name string) string {
	t.Helper()
	for _, pattern := range []string{"*_test.go", "../../actors/*/*_test.go", "../../http/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, f := range files {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			if strings.Contains(string(text), fmt.Sprintf("func %s(t *testing.T)", name)) {
				return f
			}
		}
	}
	return ""
}
