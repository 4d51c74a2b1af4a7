package stack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
)

const failingEnv = "LEYDEN_TEST_FAILING_STORE"

// TestFailingStore is run in a process of its own: its store cannot write from some time on.
func TestFailingStore(t *testing.T) {
	arg := os.Getenv(failingEnv)
	if arg == "" {
		t.Skip("is run by TestAStoreThatFailsEndsTheProcess")
	}
	url, dir, _ := strings.Cut(arg, "|")
	broken := &atomic.Bool{}
	c := config(t, url, dir)
	c.FS = errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return errorfs.ErrInjected
		}
		return nil
	}))
	e := start(t, c).ready()
	entry := e.create("")
	db := &database{url: url}
	db.connect(t)
	db.exec(t, `INSERT INTO items VALUES (1, 1, 'before')`)
	e.logged(entry, `"before"`)
	require.Eventually(t, func() bool {
		var lag int64
		err := db.conn.QueryRow(t.Context(), `SELECT pg_current_wal_lsn() - confirmed_flush_lsn FROM pg_replication_slots`).Scan(&lag)
		return err == nil && lag <= 0
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(dir), "handle"), []byte(entry.Handle.String()), 0o600))
	broken.Store(true)
	db.exec(t, `INSERT INTO items VALUES (2, 1, 'after')`)
	select {} // until the process ends
}

// A store that cannot write is in a state that nobody knows, so nothing is started again on top of it: the process ends. The
// next one goes on with all that was acknowledged.
func TestAStoreThatFailsEndsTheProcess(t *testing.T) {
	db := newDatabase(t)
	root := t.TempDir()
	dir := filepath.Join(root, "store")
	cmd := exec.Command(os.Args[0], "-test.run=^TestFailingStore$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), failingEnv+"="+db.url+"|"+dir)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), errorfs.ErrInjected.Error())
	text, err := os.ReadFile(filepath.Join(root, "handle"))
	require.NoError(t, err, "%s", out)
	h, err := shape.ParseHandle(string(text))
	require.NoError(t, err)
	e := start(t, config(t, db.url, dir)).ready()
	defer e.stop()
	entry, ok := e.ByHandle(h)
	require.True(t, ok)
	e.logged(entry, `"before"`, `"after"`)
}
