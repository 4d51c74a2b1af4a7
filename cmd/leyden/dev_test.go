package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/launch"
	"leyden/internal/pg/pgserver"
)

// demo is a running `leyden dev`.
type demo struct {
	cmd   *exec.Cmd
	said  string // until it was ready
	ended chan error
}

// startDemo runs `leyden dev` until it says that it is ready.
func startDemo(t *testing.T, binary, data string) *demo {
	t.Helper()
	d := &demo{cmd: exec.Command(binary, "dev", "--data", data, "--port", "0"), ended: make(chan error, 1)}
	var logs bytes.Buffer
	d.cmd.Stderr = &logs
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ELECTRIC_") {
			d.cmd.Env = append(d.cmd.Env, kv)
		}
	}
	out, err := d.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, d.cmd.Start())
	ready := make(chan string, 1)
	go func() {
		var said strings.Builder
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			said.WriteString(lines.Text() + "\n")
			if strings.HasPrefix(lines.Text(), "Ctrl-C stops") {
				ready <- said.String()
			}
		}
		d.ended <- d.cmd.Wait()
	}()
	select {
	case d.said = <-ready:
	case err := <-d.ended:
		t.Fatalf("leyden dev ended: %v\n%s", err, logs.String())
	case <-time.After(2 * time.Minute):
		_ = d.cmd.Process.Kill() // the test has failed anyway
		t.Fatal("leyden dev does not get ready")
	}
	t.Cleanup(func() { _ = d.cmd.Process.Kill() }) // for a test that fails before interrupt
	return d
}

// interrupt is Ctrl-C.
func (d *demo) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, d.cmd.Process.Signal(os.Interrupt))
	select {
	case err := <-d.ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("leyden dev does not end")
	}
}

// paste runs lines as if they were pasted into a shell.
func paste(t *testing.T, lines string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", lines).Output()
	require.NoError(t, err, "%s\n%s", lines, out)
	return string(out)
}

func TestTheDemoDoesWhatItSaysAndLeavesNothingBehind(t *testing.T) {
	binary, err := launch.Build(t.Context(), t.TempDir())
	require.NoError(t, err)
	// As root Postgres runs as another user, who cannot enter the test's own directories.
	data, err := os.MkdirTemp("", "leyden-dev-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(data)) })
	require.NoError(t, os.Chmod(data, 0o755))

	d := startDemo(t, binary, data)
	lines := regexp.MustCompile(`(?m)^  ((?:curl|AT=|psql).*)$`).FindAllStringSubmatch(d.said, -1)
	require.Len(t, lines, 7, d.said)
	all, urgent, boat, at, next, events, update := lines[0][1], lines[1][1], lines[2][1], lines[3][1], lines[4][1], lines[5][1], lines[6][1]

	require.Regexp(t, `(?s)^HTTP/1.1 200 OK.*(?i:electric-handle): .*"title":"Thing to do no\. 20"`, paste(t, all))
	require.Regexp(t, `(?s)^HTTP/1.1 200 OK.*"operation":"insert"`, paste(t, urgent))
	require.Regexp(t, `(?s)^HTTP/1.1 200 OK.*"tags":\[`, paste(t, boat))
	require.Contains(t, paste(t, at+"\n"+next), `"op_position"`)
	// The events go on for a minute: the first one is enough.
	require.Contains(t, paste(t, at+"\n("+strings.Replace(events, "curl", "timeout 10 curl", 1)+" || true) | grep -m 1 operation"), `data: {"key"`)
	if _, err := exec.LookPath("psql"); err == nil {
		require.Contains(t, paste(t, update), "UPDATE 1")
	}
	d.interrupt(t)
	requireNoProcess(t, data)

	again := startDemo(t, binary, data)
	require.Contains(t, paste(t, regexp.MustCompile(`curl -i .*offset=-1"`).FindString(again.said)), `"operation":"insert"`)
	again.interrupt(t)
	requireNoProcess(t, data)

	pg, err := pgserver.Start(t.Context(), pgserver.Options{Dir: filepath.Join(data, "postgres")})
	require.NoError(t, err)
	defer func() { require.NoError(t, pg.Close()) }()
	conn, err := pgx.Connect(t.Context(), pg.URL(demoDatabase))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var slots, publications, first int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_publication),
		(SELECT count(*) FROM todos WHERE id <= 20)`).Scan(&slots, &publications, &first))
	require.Zero(t, slots)
	require.Zero(t, publications)
	require.NotZero(t, first, "the rows of the first start are still there")
}

// requireNoProcess fails if a process still has the directory in its command line.
func requireNoProcess(t *testing.T, dir string) {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, e := range entries {
		if line, err := os.ReadFile(e); err == nil { // one that ended in between has none
			require.NotContains(t, string(line), dir)
		}
	}
}

func TestABadSettingEndsTheStartWithOneLine(t *testing.T) {
	binary, err := launch.Build(t.Context(), t.TempDir())
	require.NoError(t, err)
	for want, env := range map[string][]string{
		"leyden: bad setting DATABASE_URL: is required: where is Postgres? For example postgresql://user@host:5432/database\n": nil,
		"leyden: bad setting ELECTRIC_PORT: want a whole number\n":                                                             {"DATABASE_URL=postgresql://u@h/d", "ELECTRIC_INSECURE=true", "ELECTRIC_PORT=http"},
	} {
		cmd := exec.CommandContext(t.Context(), binary, "serve")
		cmd.Env = env
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		var failed *exec.ExitError
		require.ErrorAs(t, cmd.Run(), &failed)
		require.Equal(t, 1, failed.ExitCode())
		require.Equal(t, want, out.String())
	}
}

func TestServeEndsCleanlyWhenItIsAskedTo(t *testing.T) {
	binary, err := launch.Build(t.Context(), t.TempDir())
	require.NoError(t, err)
	pg := pgserver.Shared(t)
	s, err := launch.Start(t.Context(), launch.Options{Binary: binary, DatabaseURL: pg.NewDatabase(t), StorageDir: t.TempDir(),
		Settings: []string{"ELECTRIC_SHAPE_DB_SYNCHRONOUS=OFF", "ELECTRIC_PROT=1", "ELECTRIC_REPLICATION_STREAM_ID=ends_cleanly"}})
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()))
	require.Contains(t, s.LastWords(), "ELECTRIC_SHAPE_DB_SYNCHRONOUS")
	require.Contains(t, s.LastWords(), "ELECTRIC_PROT")
}

func TestMain(m *testing.M) { pgserver.Main(m) }
