package stack_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/actors/stack"
	"leyden/actors/status"
	"leyden/internal/pg/connect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// Protoactor counts dead letters by the second, with a goroutine that nobody can stop.
const deadLetters = "github.com/asynkron/protoactor-go/actor.NewDeadLetter.NewThrottle.func4.1"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(deadLetters)) }

// database is a server with a table of items, and a connection to it.
type database struct {
	server *pgserver.Server
	url    string
	conn   *pgx.Conn
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	server := pgserver.ForTest(t)
	d := &database{server: server, url: server.URL("postgres")}
	d.connect(t)
	d.exec(t, `CREATE TABLE items (id int PRIMARY KEY, tenant int NOT NULL, title text)`)
	return d
}

func (d *database) connect(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.url)
	require.NoError(t, err)
	d.conn = conn
	t.Cleanup(func() { conn.Close(context.Background()) })
}

func (d *database) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := d.conn.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func config(t *testing.T, url, dir string) stack.Config {
	t.Helper()
	target, err := connect.Parse(url)
	require.NoError(t, err)
	level := slog.LevelInfo
	if testing.Verbose() {
		level = slog.LevelDebug
	}
	return stack.Config{Replication: target, Publication: "electric_publication_default", Slot: "electric_slot_default",
		FS: vfs.Default, Dir: dir, Partitions: 4, PoolSize: 8, Logger: slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: level}))}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", bytes.TrimSpace(b))
	return len(b), nil
}

// engine is a stack under test.
type engine struct {
	*stack.Stack
	t *testing.T
}

func start(t *testing.T, c stack.Config) *engine {
	t.Helper()
	s, err := stack.Start(t.Context(), c)
	require.NoError(t, err)
	e := &engine{s, t}
	return e
}

func (e *engine) ready() *engine {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(e.t, e.WaitReady(ctx))
	return e
}

func (e *engine) stop() {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(e.t, e.Stop(ctx))
}

// items is the definition of a shape over items; an empty clause is none.
func (e *engine) items(clause string) *shape.Definition {
	e.t.Helper()
	table, err := e.Table(e.t.Context(), "public", "items")
	require.NoError(e.t, err)
	d := &shape.Definition{Layout: &shape.Layout{Table: table.Table, Selected: []string{"id", "tenant", "title"}, SelectsAll: true}}
	d.Key, _ = table.Key()
	if clause != "" {
		d.Where, err = where.Compile(clause, nil, table.WhereColumns())
		require.NoError(e.t, err)
	}
	return d
}

func (e *engine) create(clause string) *status.Entry {
	e.t.Helper()
	entry, err := e.Create(e.t.Context(), e.items(clause))
	require.NoError(e.t, err)
	require.NoError(e.t, e.AwaitSnapshotStart(e.t.Context(), entry))
	return entry
}

// snapshot reads the first chunk of the snapshot.
func (e *engine) snapshot(entry *status.Entry) string {
	e.t.Helper()
	log, err := e.Log(entry)
	require.NoError(e.t, err)
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(e.t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(e.t, log.ReadSnapshotChunk(ctx, 0, func(b []byte, _ int) error {
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		out.Write(b)
		return nil
	}))
	return out.String()
}

// logged waits until the log has all texts, each once, and returns it.
func (e *engine) logged(entry *status.Entry, texts ...string) string {
	e.t.Helper()
	log, err := e.Log(entry)
	require.NoError(e.t, err)
	deadline := time.After(15 * time.Second)
	for {
		changed := log.Changed()
		var out bytes.Buffer
		require.NoError(e.t, log.ReadLog(shape.SnapshotEnd, shape.Last, func(b []byte, _ int) error {
			out.Write(b)
			return nil
		}))
		missing := ""
		for _, text := range texts {
			if n := bytes.Count(out.Bytes(), []byte(text)); n == 0 {
				missing = text
			} else {
				require.Equal(e.t, 1, n, text)
			}
		}
		if missing == "" {
			return out.String()
		}
		select {
		case <-changed:
		case <-deadline:
			e.t.Fatalf("%q is not in the log of %d bytes", missing, out.Len())
		}
	}
}

// processed waits until the engine tells the position of a transaction. It does so just after the logs can be read.
func (e *engine) processed(entry *status.Entry) {
	e.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); e.GlobalLSN(entry) == 0; {
		require.True(e.t, time.Now().Before(deadline), "no position is told")
		time.Sleep(time.Millisecond)
	}
}

func TestAShapeIsReadAndFollowed(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `INSERT INTO items VALUES (1, 7, 'first'), (2, 8, 'other')`)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	require.Equal(t, status.Active, e.Status())
	entry := e.create("tenant = 7")
	snapshot := e.snapshot(entry)
	require.Contains(t, snapshot, `"first"`)
	require.NotContains(t, snapshot, `"other"`)
	require.Contains(t, snapshot, "snapshot-end")
	db.exec(t, `INSERT INTO items VALUES (3, 7, 'third'), (4, 8, 'fourth')`)
	require.NotContains(t, e.logged(entry, `"third"`), "fourth")
	e.processed(entry)
	same, err := e.Create(t.Context(), e.items("tenant = 7"))
	require.NoError(t, err)
	require.Same(t, entry, same)
}

func TestARestartGoesOnWithTheSameShapes(t *testing.T) {
	db := newDatabase(t)
	dir := t.TempDir()
	e := start(t, config(t, db.url, dir)).ready()
	entry := e.create("")
	db.exec(t, `INSERT INTO items VALUES (1, 1, 'before')`)
	e.logged(entry, `"before"`)
	e.stop()
	db.exec(t, `INSERT INTO items VALUES (2, 1, 'between')`)
	e = start(t, config(t, db.url, dir)).ready()
	defer e.stop()
	again, ok := e.ByHandle(entry.Handle)
	require.True(t, ok)
	db.exec(t, `INSERT INTO items VALUES (3, 1, 'after')`)
	e.logged(again, `"before"`, `"between"`, `"after"`)
}

func TestManyShapesAreMadeAtOnce(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `INSERT INTO items SELECT i, i % 200, 'row ' || i FROM generate_series(1, 2000) i`)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	began := time.Now()
	errs := make(chan error, 200)
	for i := range 200 {
		d := e.items(fmt.Sprintf("tenant = %d", i))
		go func() {
			entry, err := e.Create(t.Context(), d)
			if err == nil {
				err = e.AwaitSnapshotStart(t.Context(), entry)
			}
			errs <- err
		}()
	}
	for range 200 {
		require.NoError(t, <-errs)
	}
	t.Logf("200 shapes in %s", time.Since(began))
	db.exec(t, `INSERT INTO items VALUES (5000, 17, 'new')`)
	entry, _ := e.Lookup(e.items("tenant = 17").Identity())
	e.logged(entry, `"new"`)
}
