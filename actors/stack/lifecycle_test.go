package stack_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/stack"
	"leyden/actors/status"
	"leyden/internal/pg/pgserver"
	"leyden/internal/shape"
)

// gone waits until the shape has been removed and its readers know.
func (e *engine) gone(entry *status.Entry) {
	e.t.Helper()
	log := entry.Log()
	deadline := time.After(15 * time.Second)
	for {
		changed := log.Changed()
		if log.Removed() {
			_, found := e.ByHandle(entry.Handle)
			require.False(e.t, found)
			return
		}
		select {
		case <-changed:
		case <-deadline:
			e.t.Fatal("the shape is still there")
		}
	}
}

// inactive waits until the engine knows that it has lost something.
func (e *engine) inactive() {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), 15*time.Second)
	defer cancel()
	require.NoError(e.t, e.AwaitInactive(ctx), "still active")
}

func TestShapesSurviveARestartOfPostgres(t *testing.T) {
	for name, restart := range map[string]func(*pgserver.Server) error{
		"orderly": func(s *pgserver.Server) error { return s.Restart(context.Background()) },
		"crash": func(s *pgserver.Server) error {
			if err := s.Kill(); err != nil {
				return err
			}
			return s.Restart(context.Background())
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t)
			e := start(t, config(t, db.url, t.TempDir())).ready()
			defer e.stop()
			entry := e.create("")
			db.exec(t, `INSERT INTO items VALUES (1, 1, 'before')`)
			e.logged(entry, `"before"`)
			require.NoError(t, restart(db.server))
			e.inactive()
			e.ready()
			db.connect(t)
			db.exec(t, `INSERT INTO items VALUES (2, 1, 'after')`)
			e.logged(entry, `"before"`, `"after"`)
			again, ok := e.ByHandle(entry.Handle)
			require.True(t, ok)
			require.Same(t, entry, again)
		})
	}
}

func TestARestartOfTheStreamingSubtreeKeepsShapesAndLosesNothing(t *testing.T) {
	db := newDatabase(t)
	c := config(t, db.url, t.TempDir())
	c.CreditBytes = 4096 // what is lost of it would be missed soon
	e := start(t, c).ready()
	defer e.stop()
	entry := e.create("tenant = 1")
	for i := range 5 {
		db.exec(t, `INSERT INTO items SELECT $1 * 100 + i, 1, 'row ' || ($1 * 100 + i) || '.' FROM generate_series(1, 50) i`, i)
		require.NoError(t, e.Tree().Restart(t.Context(), "leyden/streaming"))
	}
	db.exec(t, `INSERT INTO items VALUES (9999, 1, 'final')`)
	var want []string
	for i := range 5 {
		for j := 1; j <= 50; j++ {
			want = append(want, fmt.Sprintf(`"row %d."`, i*100+j))
		}
	}
	e.logged(entry, append(want, `"final"`)...)
	again, _ := e.ByHandle(entry.Handle)
	require.Equal(t, entry.ID, again.ID)
}

func TestTruncateAndNewColumnsEndShapes(t *testing.T) {
	for name, sql := range map[string]string{
		"truncate": `TRUNCATE items`,
		"column":   `ALTER TABLE items ADD COLUMN more text; INSERT INTO items VALUES (5, 1, 'x', 'y')`,
	} {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t)
			e := start(t, config(t, db.url, t.TempDir())).ready()
			defer e.stop()
			entry := e.create("")
			db.exec(t, `INSERT INTO items VALUES (1, 1, 'before')`)
			e.logged(entry, `"before"`)
			_, err := db.conn.PgConn().Exec(t.Context(), sql).ReadAll()
			require.NoError(t, err)
			e.gone(entry)
			table, err := e.Table(t.Context(), "public", "items")
			require.NoError(t, err)
			require.Len(t, table.Columns, map[string]int{"truncate": 3, "column": 4}[name])
			again := e.create("")
			require.NotEqual(t, entry.Handle, again.Handle)
			require.Greater(t, again.ID, entry.ID)
		})
	}
}

func TestAChangedTableWithoutWritesIsFoundByReconciliation(t *testing.T) {
	db := newDatabase(t)
	c := config(t, db.url, t.TempDir())
	c.ReconcilePeriod = 50 * time.Millisecond
	e := start(t, c).ready()
	defer e.stop()
	entry := e.create("")
	db.exec(t, `ALTER TABLE items DROP COLUMN title`)
	e.gone(entry)
}

func TestALostPublicationOrSlotRemovesAllShapes(t *testing.T) {
	t.Run("publication while running", func(t *testing.T) {
		db := newDatabase(t)
		c := config(t, db.url, t.TempDir())
		c.PublicationPeriod = 50 * time.Millisecond
		e := start(t, c).ready()
		defer e.stop()
		entry := e.create("")
		const walsender = `SELECT coalesce(max(active_pid), 0) FROM pg_replication_slots WHERE slot_name = 'electric_slot_default'`
		var before, now int
		require.NoError(t, db.conn.QueryRow(t.Context(), walsender).Scan(&before))
		require.NotZero(t, before)
		db.exec(t, `DROP PUBLICATION electric_publication_default`)
		e.gone(entry)
		// Shapes that are made before the stream begins again are removed too.
		require.Eventually(t, func() bool {
			return db.conn.QueryRow(t.Context(), walsender).Scan(&now) == nil && now != 0 && now != before
		}, 10*time.Second, 5*time.Millisecond)
		e.ready()
		db.exec(t, `INSERT INTO items VALUES (1, 1, 'new')`)
		again := e.create("")
		require.Contains(t, e.snapshot(again), `"new"`)
		db.exec(t, `INSERT INTO items VALUES (2, 1, 'newer')`)
		e.logged(again, `"newer"`)
	})
	t.Run("slot while stopped", func(t *testing.T) {
		db := newDatabase(t)
		dir := t.TempDir()
		e := start(t, config(t, db.url, dir)).ready()
		entry := e.create("")
		e.stop()
		require.Eventually(t, func() bool {
			_, err := db.conn.Exec(t.Context(), `SELECT pg_drop_replication_slot('electric_slot_default')`)
			return err == nil
		}, 10*time.Second, 20*time.Millisecond)
		db.exec(t, `INSERT INTO items VALUES (1, 1, 'missed')`)
		e = start(t, config(t, db.url, dir)).ready()
		defer e.stop()
		_, found := e.ByHandle(entry.Handle)
		require.False(t, found)
		again := e.create("")
		require.Contains(t, e.snapshot(again), `"missed"`)
		db.exec(t, `INSERT INTO items VALUES (2, 1, 'later')`)
		e.logged(again, `"later"`)
	})
}

func TestATableThatWasTakenOutOfThePublicationLosesItsShapes(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `CREATE TABLE others (id int PRIMARY KEY)`)
	c := config(t, db.url, t.TempDir())
	c.PublicationPeriod = 50 * time.Millisecond
	e := start(t, c).ready()
	defer e.stop()
	entry := e.create("")
	db.exec(t, `ALTER PUBLICATION electric_publication_default DROP TABLE items`)
	db.exec(t, `INSERT INTO items VALUES (1, 1, 'unseen')`)
	e.gone(entry)
	require.Contains(t, e.snapshot(e.create("")), `"unseen"`)
}

func TestATableThatWasTakenOutOfThePublicationWhileNoServerRanLosesItsShapes(t *testing.T) {
	db := newDatabase(t)
	dir := t.TempDir()
	e := start(t, config(t, db.url, dir)).ready()
	entry := e.create("")
	e.stop()
	db.exec(t, `ALTER PUBLICATION electric_publication_default DROP TABLE items`)
	db.exec(t, `INSERT INTO items VALUES (1, 1, 'unseen')`)
	e = start(t, config(t, db.url, dir))
	defer e.stop()
	again, found := e.ByHandle(entry.Handle)
	require.True(t, found, "until the publication has been looked at")
	e.ready()
	e.gone(again)
	require.Contains(t, e.snapshot(e.create("")), `"unseen"`)
}

func TestTheLeastRecentlyReadShapesExpire(t *testing.T) {
	db := newDatabase(t)
	c := config(t, db.url, t.TempDir())
	c.MaxShapes, c.ExpiryPeriod = 2, 20*time.Millisecond
	e := start(t, c).ready()
	defer e.stop()
	first := e.create("tenant = 1")
	unread := e.create("tenant = 2")
	e.Touch(first)
	second := e.create("tenant = 3")
	e.Touch(second)
	e.gone(first)
	for _, entry := range []*status.Entry{second, unread} {
		_, ok := e.ByHandle(entry.Handle)
		require.True(t, ok)
	}
}

func TestASnapshotThatFailsTellsWhyAndLeavesNothing(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `CREATE ROLE limited LOGIN REPLICATION; GRANT CREATE ON DATABASE postgres TO limited; ALTER TABLE items OWNER TO limited;
CREATE TABLE foreign_items (id int PRIMARY KEY)`)
	c := config(t, strings.Replace(db.url, "://", "://limited@", 1), t.TempDir())
	if strings.Contains(db.url, "@") {
		c = config(t, "postgresql://limited@"+db.url[strings.Index(db.url, "@")+1:], t.TempDir())
	}
	e := start(t, c).ready()
	defer e.stop()
	table, err := e.Table(t.Context(), "public", "foreign_items")
	require.NoError(t, err)
	d := &shape.Definition{Layout: &shape.Layout{Table: table.Table, Key: []string{"id"}, Selected: []string{"id"}, SelectsAll: true}}
	entry, err := e.Create(t.Context(), d)
	require.NoError(t, err)
	err = e.AwaitSnapshotStart(t.Context(), entry)
	var told *status.SnapshotError
	require.ErrorAs(t, err, &told)
	require.Equal(t, 503, told.Status)
	require.True(t, told.Known)
	require.Contains(t, told.Message, "Unable to create initial snapshot: must be owner of table foreign_items")
	_, found := e.Lookup(d.Identity())
	require.False(t, found)

	items := e.items("")
	db.exec(t, `DROP TABLE items`)
	entry, err = e.Create(t.Context(), items)
	require.NoError(t, err)
	require.ErrorAs(t, e.AwaitSnapshotStart(t.Context(), entry), &told)
	require.True(t, told.Rotated)
	require.Equal(t, 409, told.Status)
}

func TestARemovedShapeIsGoneForReadersAndForGood(t *testing.T) {
	db := newDatabase(t)
	dir := t.TempDir()
	e := start(t, config(t, db.url, dir)).ready()
	entry := e.create("")
	require.NoError(t, e.Remove(t.Context(), entry))
	e.gone(entry)
	again := e.create("")
	require.NotEqual(t, entry.Handle, again.Handle)
	e.stop()
	e = start(t, config(t, db.url, dir))
	defer e.stop()
	_, ok := e.ByHandle(entry.Handle)
	require.False(t, ok)
	_, ok = e.ByHandle(again.Handle)
	require.True(t, ok, "shapes are known before there is a connection")
}

func TestWithoutDatabaseTheEngineStartsAndSaysWhatItWaitsFor(t *testing.T) {
	e := start(t, config(t, "postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable", t.TempDir()))
	defer e.stop()
	var err error
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		err = e.WaitReady(ctx)
		return strings.Contains(err.Error(), "refused")
	}, 10*time.Second, time.Millisecond)
	require.Contains(t, err.Error(), "Timeout waiting for Postgres lock acquisition: ")
	require.Equal(t, status.Starting, e.Status())
}

func TestAServerWithoutLogicalReplicationIsFatal(t *testing.T) {
	server := pgserver.ForTest(t, map[string]string{"wal_level": "replica"})
	e := start(t, config(t, server.URL("postgres"), t.TempDir()))
	defer e.stop()
	select {
	case <-e.Failed():
		require.ErrorContains(t, e.Failure(), "wal_level")
	case <-time.After(20 * time.Second):
		t.Fatal("the engine goes on")
	}
}

// victim is run in a process of its own, to be killed.
const victimEnv = "LEYDEN_TEST_VICTIM"

func TestVictim(t *testing.T) {
	arg := os.Getenv(victimEnv)
	if arg == "" {
		t.Skip("is run by TestAKilledProcessLosesNothing")
	}
	url, dir, _ := strings.Cut(arg, "|")
	c := config(t, url, dir)
	s, err := stack.Start(t.Context(), c)
	require.NoError(t, err)
	e := (&engine{s, t}).ready()
	for i := range 3 {
		entry := e.create(fmt.Sprintf("tenant = %d", i))
		e.snapshot(entry)
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(dir), fmt.Sprintf("handle-%d", i)), []byte(entry.Handle.String()), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(dir), "ready"), nil, 0o600))
	select {} // until it is killed
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	db := newDatabase(t)
	root := t.TempDir()
	dir := filepath.Join(root, "store")
	handles := make([]shape.Handle, 3)
	written := 0
	for round := range 3 {
		require.NoError(t, os.RemoveAll(filepath.Join(root, "ready")))
		cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.timeout=60s")
		cmd.Env = append(os.Environ(), victimEnv+"="+db.url+"|"+dir)
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(root, "ready")); return err == nil }, 30*time.Second, 10*time.Millisecond)
		for range 40 {
			db.exec(t, `INSERT INTO items SELECT $1 * 10 + k, k, 'item ' || ($1 * 10 + k) || '.' FROM generate_series(0, 2) k`, written)
			written++
		}
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		for i := range handles {
			text, err := os.ReadFile(filepath.Join(root, fmt.Sprintf("handle-%d", i)))
			require.NoError(t, err)
			h, err := shape.ParseHandle(string(text))
			require.NoError(t, err)
			if round > 0 {
				require.Equal(t, handles[i], h, "a shape that was there is found again")
			}
			handles[i] = h
		}
	}
	e := start(t, config(t, db.url, dir)).ready()
	defer e.stop()
	for k, h := range handles {
		entry, ok := e.ByHandle(h)
		require.True(t, ok)
		var want []string
		for w := range written {
			want = append(want, fmt.Sprintf(`"item %d."`, w*10+k))
		}
		e.logged(entry, want...)
	}
}
