// Package clientsuite runs @electric-sql/client from npm against a running server: directly, and through a caching nginx.
// The tests themselves are in suite/, written for Node; this package starts what they need, restarts and kills the server
// when they ask for it, and reports each of them as a subtest.
//
// It never skips: a machine without node, npm's packages or nginx fails here and says what to install.
package clientsuite

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/internal/launch"
	"leyden/internal/pg/pgserver"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

// fileTimeout bounds one file of Node tests.
const fileTimeout = 3 * time.Minute

func TestClient(t *testing.T) {
	requireNode(t)
	bench := start(t)
	for _, file := range nodeTests(t) {
		if filepath.Base(file) != "nginx.test.mjs" {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) { bench.run(t, file, bench.server.URL()) })
		}
	}
}

func TestClientThroughNginx(t *testing.T) {
	requireNode(t)
	bench := start(t)
	proxy := startNginx(t, bench.server.URL())
	bench.nginxLog = proxy.accessLog
	for _, file := range nodeTests(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) { bench.run(t, file, proxy.url) })
	}
}

// bench is a server under test with the controls that Node tests use.
type bench struct {
	databaseURL string
	control     string // URL of the controls
	nginxLog    string // path, "" without nginx

	mu     sync.Mutex // one control at a time
	server *launch.Server
}

func start(t *testing.T) *bench {
	t.Helper()
	ctx := t.Context()
	pg := pgserver.ForTest(t)
	binary, err := launch.Build(ctx, t.TempDir())
	require.NoError(t, err)
	b := &bench{databaseURL: pg.NewDatabase(t)}
	b.server, err = launch.Start(ctx, launch.Options{
		Binary: binary, DatabaseURL: b.databaseURL, StorageDir: t.TempDir(),
		Settings: []string{
			"ELECTRIC_ENABLE_INTEGRATION_TESTING=true",
			"ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD=200000",            // so that small tables have several chunks
			"ELECTRIC_CACHE_MAX_AGE=1", "ELECTRIC_CACHE_STALE_AGE=1", // so that what is cached gets stale within a test
			"ELECTRIC_TWEAKS_SCHEMA_RECONCILER_PERIOD=1s", // so that a table made anew is noticed within a test
			"ELECTRIC_LOG_LEVEL=debug",
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's last words:\n%s", b.server.LastWords())
		}
		if err := b.server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	controls := httptest.NewServer(http.HandlerFunc(b.serveControl))
	t.Cleanup(controls.Close)
	b.control = controls.URL
	return b
}

// serveControl does what a Node test asks for.
func (b *bench) serveControl(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ctx := context.WithoutCancel(r.Context())
	var err error
	switch r.URL.Path {
	case "/stop":
		err = b.server.Stop(ctx)
	case "/kill":
		err = b.server.Kill()
	case "/start":
		err = b.server.Resume(ctx)
	case "/restart":
		err = errors.Join(b.server.Stop(ctx), b.server.Resume(ctx))
	case "/crash":
		err = errors.Join(b.server.Kill(), b.server.Resume(ctx))
	case "/nginx-log":
		http.ServeFile(w, r, b.nginxLog)
		return
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// result is a line of reporter.mjs.
type result struct {
	Name         string
	OK           bool
	Skip         string
	Milliseconds float64
	Error        string
}

// run runs one file of Node tests against url and reports each as a subtest.
func (b *bench) run(t *testing.T, file, url string) {
	ctx, cancel := context.WithTimeout(t.Context(), fileTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", "--test-reporter=./reporter.mjs", file)
	cmd.Env = append(os.Environ(),
		"SUITE_URL="+url, "SUITE_DIRECT_URL="+b.server.URL(), "SUITE_CONTROL_URL="+b.control, "SUITE_DATABASE_URL="+b.databaseURL, "NODE_ENV=test")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	passed := 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r result
		if json.Unmarshal(lines.Bytes(), &r) != nil || r.Name == "" {
			t.Log(lines.Text()) // what a test printed
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			t.Logf("%.0f ms in node", r.Milliseconds)
			switch {
			case r.Skip != "":
				t.Errorf("skipped: %s", r.Skip)
			case !r.OK:
				t.Error(r.Error)
			default:
				passed++
			}
		})
	}
	unread := lines.Err()
	ended := cmd.Wait()
	require.NoError(t, unread)
	if ended != nil && !t.Failed() || passed == 0 {
		t.Errorf("node: %v, %d tests passed\n%s", ended, passed, complaints.String())
	} else if t.Failed() {
		t.Log(complaints.String())
	}
}

func nodeTests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("suite/*.test.mjs")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// requireNode makes sure that node and the packages of package-lock.json are there; the packages are installed if npm is.
func requireNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Fatal("the client suite needs Node.js 18.15 or newer, and `node` is not in PATH: install it (Debian: apt-get install nodejs npm)")
	}
	lock, err := os.ReadFile("package-lock.json")
	require.NoError(t, err)
	const stamp = "node_modules/.installed-lock"
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Fatal("the client suite needs its npm packages, and `npm` is not in PATH: install it (Debian: apt-get install npm)")
	}
	cmd := exec.CommandContext(t.Context(), npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	require.NoError(t, os.WriteFile(stamp, lock, 0o644))
}
