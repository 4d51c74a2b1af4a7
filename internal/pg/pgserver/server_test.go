package pgserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// dieEnv makes the test binary start a server, print its pid and directory, and wait to be killed.
const dieEnv = "PGSERVER_TEST_DIE"

func TestMain(m *testing.M) {
	if os.Getenv(dieEnv) != "" {
		s, err := startForTest(context.Background())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.PID(), s.temps[0].path)
		select {}
	}
	Main(m)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func value[T any](t *testing.T, c *pgx.Conn, sql string) (v T) {
	t.Helper()
	require.NoError(t, c.QueryRow(t.Context(), sql).Scan(&v))
	return v
}

func TestSharedServerWritesLogicalWAL(t *testing.T) {
	s := Shared(t)
	require.Same(t, s, Shared(t))
	c := connect(t, s.NewDatabase(t))
	require.Equal(t, "logical", value[string](t, c, "SHOW wal_level"))
	require.Equal(t, "UTF8", value[string](t, c, "SHOW server_encoding"))
	require.Equal(t, "127.0.0.1", value[string](t, c, "SHOW listen_addresses"))
}

func TestDatabaseGoesWithItsSlotsAndSessions(t *testing.T) {
	s := Shared(t)
	var name string
	t.Run("use", func(t *testing.T) {
		c, err := pgx.Connect(context.Background(), s.NewDatabase(t))
		require.NoError(t, err)
		name = value[string](t, c, "SELECT current_database()")
		value[string](t, c, "SELECT slot_name::text FROM pg_create_logical_replication_slot('left_"+name+"', 'pgoutput')")
		// the session stays open, and a walsender reads from the slot
		w, err := pgx.Connect(context.Background(), s.URL(name)+"&replication=database")
		require.NoError(t, err)
		require.NoError(t, w.PgConn().Exec(context.Background(), "CREATE_REPLICATION_SLOT temp_"+name+" TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT").Close())
	})
	c := connect(t, s.URL("postgres"))
	require.Zero(t, value[int](t, c, "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"))
	require.Zero(t, value[int](t, c, "SELECT count(*) FROM pg_replication_slots WHERE database = '"+name+"'"))
}

func TestRestartKeepsPortAndDataAndTakesSettings(t *testing.T) {
	s := ForTest(t, map[string]string{"work_mem": "5MB"})
	port, pid := s.Port(), s.PID()
	c := connect(t, s.URL("postgres"))
	_, err := c.Exec(t.Context(), "CREATE TABLE t AS SELECT 1 AS n")
	require.NoError(t, err)
	require.Equal(t, "5MB", value[string](t, c, "SHOW work_mem"))

	require.NoError(t, s.Restart(t.Context(), map[string]string{"work_mem": "6MB"}))
	require.Equal(t, port, s.Port())
	require.NotEqual(t, pid, s.PID())
	c = connect(t, s.URL("postgres"))
	require.Equal(t, 1, value[int](t, c, "SELECT n FROM t"))
	require.Equal(t, "6MB", value[string](t, c, "SHOW work_mem"))
}

func TestKillIsACrashThatCommittedDataSurvives(t *testing.T) {
	s := ForTest(t)
	for i := range 3 {
		c := connect(t, s.URL("postgres"))
		_, err := c.Exec(t.Context(), fmt.Sprintf("CREATE TABLE t%d AS SELECT 1 AS n", i))
		require.NoError(t, err)
		require.NoError(t, s.Kill())
		require.Zero(t, s.PID())
		_, err = c.Exec(t.Context(), "SELECT 1")
		require.Error(t, err)
		require.NoError(t, s.Restart(t.Context()))
	}
	require.Equal(t, 3, value[int](t, connect(t, s.URL("postgres")), "SELECT count(*) FROM pg_tables WHERE tablename ~ '^t\\d$'"))
}

func TestStopIsAnOrderlyShutdown(t *testing.T) {
	s := ForTest(t)
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, s.Stop(t.Context()))
	require.Zero(t, s.PID())
	require.Contains(t, s.LastWords(), "database system is shut down")
	require.NoError(t, s.Restart(t.Context()))
	connect(t, s.URL("postgres"))
}

func TestGivenDirectoryIsInitialisedOnceAndKept(t *testing.T) {
	dir := filepath.Join(shortTemp(t), "data")
	var log lockedBuilder
	s, err := Start(t.Context(), Options{Dir: dir, Settings: testSettings(), Log: &log})
	require.NoError(t, err)
	c := connect(t, s.URL("postgres"))
	_, err = c.Exec(t.Context(), "CREATE TABLE kept AS SELECT 7 AS n")
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, s.Close())
	require.Contains(t, log.String(), "ready to accept connections")

	s, err = Start(t.Context(), Options{Dir: dir, Settings: testSettings()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.Equal(t, 7, value[int](t, connect(t, s.URL("postgres")), "SELECT n FROM kept"))

	_, err = Start(t.Context(), Options{Dir: dir})
	require.ErrorContains(t, err, "postmaster.pid", "one directory cannot have two servers")
}

func TestStrangeDirectoryIsLeftAlone(t *testing.T) {
	dir := shortTemp(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "novel.txt"), []byte("once"), 0o600))
	_, err := Start(t.Context(), Options{Dir: dir})
	require.ErrorContains(t, err, "neither empty nor a Postgres data directory")
	require.FileExists(t, filepath.Join(dir, "novel.txt"))
}

func TestLongDirectoryGetsItsSocketElsewhere(t *testing.T) {
	dir := filepath.Join(shortTemp(t), strings.Repeat("long", 30))
	s, err := Start(t.Context(), Options{Dir: dir, Settings: testSettings(), template: true})
	require.NoError(t, err)
	sockets := value[string](t, connect(t, s.URL("postgres")), "SHOW unix_socket_directories")
	require.FileExists(t, sockets+"/.s.PGSQL."+strconv.Itoa(s.Port())+".lock")
	require.NoError(t, s.Close())
	require.NoDirExists(t, sockets)
	require.DirExists(t, dir)
}

func TestManyServersStartAtOnceOnPortsOfTheirOwn(t *testing.T) {
	var wg sync.WaitGroup
	servers := make([]*Server, 3)
	for i := range servers {
		wg.Go(func() { servers[i] = ForTest(t) })
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, s := range servers {
		seen[value[string](t, connect(t, s.URL("postgres")), "SHOW data_directory")] = true
	}
	require.Len(t, seen, len(servers))
}

func TestPortInUseIsAnErrorWhenItWasAskedFor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = Start(t.Context(), Options{Port: l.Addr().(*net.TCPAddr).Port, Settings: testSettings(), template: true})
	require.ErrorContains(t, err, "could not bind")
}

func TestBadSettingIsReportedInTheServersWords(t *testing.T) {
	_, err := Start(t.Context(), Options{Settings: map[string]string{"no_such_setting": "1"}, template: true})
	require.ErrorContains(t, err, "no_such_setting")
}

func TestServerDiesWithItsProcessAndItsFilesAreSweptLater(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dieEnv+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	var pid int
	var dir string
	_, err = fmt.Sscan(line, &pid, &dir)
	require.NoError(t, err)
	offspring := append(children(pid), pid)
	require.Greater(t, len(offspring), 3)

	sweep(os.TempDir(), time.Now())
	require.DirExists(t, dir, "it is in use")

	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	require.Eventually(t, func() bool {
		for _, p := range offspring {
			if !gone(p) {
				return false
			}
		}
		return true
	}, 20*time.Second, 10*time.Millisecond, "a process of the server is left over")
	sweep(os.TempDir(), time.Now())
	require.NoDirExists(t, dir)
}

func TestFindFollowsLinksToTheInstallation(t *testing.T) {
	real, links := Shared(t).Binaries(), t.TempDir()
	for _, program := range []string{"postgres", "initdb"} {
		require.NoError(t, os.Symlink(filepath.Join(real.Dir, program), filepath.Join(links, program)))
	}
	b, err := FindIn(links)
	require.NoError(t, err)
	require.Equal(t, real, b)
}

func TestFindInNamesWhatIsMissing(t *testing.T) {
	shared := Shared(t).Binaries()
	_, err := FindIn(t.TempDir())
	require.ErrorIs(t, err, ErrNoBinaries)
	t.Setenv(BinEnv, t.TempDir())
	_, err = Find()
	require.ErrorIs(t, err, ErrNoBinaries)
	_, err = FindOrFetch(t.Context())
	require.ErrorIs(t, err, ErrNoBinaries, "a place that was named is not replaced by a download")

	t.Setenv(BinEnv, shared.Dir)
	b, err := Find()
	require.NoError(t, err)
	require.Equal(t, shared, b)
	require.GreaterOrEqual(t, b.Major, 10)
}

// shortTemp is a temporary directory that the server's user can enter and whose path leaves room for a socket.
func shortTemp(t *testing.T) string {
	dir, err := os.MkdirTemp("", "pgs-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuilder) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuilder) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestSetEpochMovesTransactionIDsOn(t *testing.T) {
	s := ForTest(t)
	if !executable(s.Binaries().path("pg_resetwal")) {
		t.Skip("this installation has no pg_resetwal")
	}
	before := value[int64](t, connect(t, s.URL("postgres")), "SELECT txid_current()")
	require.NoError(t, s.SetEpoch(t.Context(), 5))
	after := value[int64](t, connect(t, s.URL("postgres")), "SELECT txid_current()")
	require.EqualValues(t, 5, after>>32)
	require.Greater(t, after&0xFFFFFFFF, before)
}
