package stack_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/pg"
	"leyden/internal/shape"
)

// slowItems has a shape whose snapshot takes as long as the test wants: its query waits for a lock that gate holds.
func slowItems(t *testing.T, db *database, rows int) (release func()) {
	t.Helper()
	db.exec(t, `INSERT INTO items SELECT i, 1, 'row ' || i || '.' FROM generate_series(1, $1) i`, rows)
	// The table is published and has been read before, so that only the query itself meets the lock.
	holder := &database{server: db.server, url: db.url}
	holder.connect(t)
	holder.exec(t, `BEGIN`)
	holder.exec(t, `LOCK TABLE items IN ACCESS EXCLUSIVE MODE`)
	return func() { holder.exec(t, `COMMIT`) }
}

// asked waits until a session waits for a lock.
func asked(t *testing.T, db *database, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		var waiting int
		err := db.conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'`).Scan(&waiting)
		return err == nil && waiting >= n
	}, 15*time.Second, 5*time.Millisecond)
}

func TestASnapshotGoesOnWhileStreamingStartsAfresh(t *testing.T) {
	db := newDatabase(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	e.create("tenant = 0") // the table is published
	release := slowItems(t, db, 100)
	entry, err := e.Create(t.Context(), e.items("tenant = 1"))
	require.NoError(t, err)
	asked(t, db, 1)
	require.NoError(t, e.Tree().Restart(t.Context(), "leyden/streaming"))
	release()
	db.exec(t, `INSERT INTO items VALUES (1000, 1, 'after')`)
	require.NoError(t, e.AwaitSnapshotStart(t.Context(), entry))
	snapshot := e.snapshot(entry)
	require.Equal(t, 100, strings.Count(snapshot, `"row `))
	if strings.Contains(snapshot, `"after"`) {
		require.NoError(t, e.Tree().Restart(t.Context(), "leyden/streaming"))
		return
	}
	e.logged(entry, `"after"`)
}

func TestAShapeThatIsRemovedWhileItIsMadeEndsItsWaitersWithARefetch(t *testing.T) {
	db := newDatabase(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	e.create("tenant = 0")
	release := slowItems(t, db, 1)
	defer release()
	entry, err := e.Create(t.Context(), e.items("tenant = 1"))
	require.NoError(t, err)
	asked(t, db, 1)
	result := make(chan error, 1)
	go func() { result <- e.AwaitSnapshotStart(t.Context(), entry) }()
	require.NoError(t, e.Remove(t.Context(), entry))
	var told *status.SnapshotError
	require.ErrorAs(t, <-result, &told)
	require.True(t, told.Rotated)
	again, err := e.Create(t.Context(), e.items("tenant = 1"))
	require.NoError(t, err)
	require.NotEqual(t, entry.Handle, again.Handle)
}

func TestAShapeWithoutItsSnapshotIsForgottenByARestart(t *testing.T) {
	db := newDatabase(t)
	dir := t.TempDir()
	e := start(t, config(t, db.url, dir)).ready()
	done := e.create("tenant = 0")
	release := slowItems(t, db, 1)
	entry, err := e.Create(t.Context(), e.items("tenant = 1"))
	require.NoError(t, err)
	asked(t, db, 1)
	e.stop()
	release()
	e = start(t, config(t, db.url, dir)).ready()
	defer e.stop()
	_, ok := e.ByHandle(entry.Handle)
	require.False(t, ok)
	_, ok = e.ByHandle(done.Handle)
	require.True(t, ok)
	require.NotEqual(t, entry.Handle, e.create("tenant = 1").Handle)
}

func TestATableLockThatIsNotGotInTimeEndsTheSnapshot(t *testing.T) {
	db := newDatabase(t)
	c := config(t, db.url, t.TempDir())
	c.FirstRow = 100 * time.Millisecond
	e := start(t, c).ready()
	defer e.stop()
	e.create("tenant = 0")
	release := slowItems(t, db, 1)
	defer release()
	entry, err := e.Create(t.Context(), e.items("tenant = 1"))
	require.NoError(t, err)
	var told *status.SnapshotError
	require.ErrorAs(t, e.AwaitSnapshotStart(t.Context(), entry), &told)
	require.Equal(t, 503, told.Status)
	require.Equal(t, "Snapshot timed out while waiting for a table lock", told.Message)
}

func TestASecondInstanceWaitsForTheLockAndTakesOver(t *testing.T) {
	db := newDatabase(t)
	first := start(t, config(t, db.url, t.TempDir())).ready()
	second := start(t, config(t, db.url, t.TempDir()))
	defer second.stop()
	require.Eventually(t, func() bool { return second.Status() == status.Waiting }, 15*time.Second, 5*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.EqualError(t, second.WaitReady(ctx), "Timeout waiting for Postgres lock acquisition")
	first.stop()
	second.ready()
	entry := second.create("")
	db.exec(t, `INSERT INTO items VALUES (1, 1, 'taken over')`)
	second.logged(entry, `"taken over"`)
}

// Shapes come and go while rows are written; what is there in the end has every row once.
func TestChurnLosesNothingAndLeavesNothing(t *testing.T) {
	db := newDatabase(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	kept := e.create("tenant = 1")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for c := range 3 {
		d := e.items(fmt.Sprintf("tenant > %d", c-10))
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				entry, err := e.Create(t.Context(), d)
				if err != nil {
					t.Errorf("create: %v", err)
					return
				}
				if err := e.AwaitSnapshotStart(t.Context(), entry); err != nil {
					var told *status.SnapshotError
					if !errors.As(err, &told) || !told.Rotated {
						t.Errorf("await: %v", err)
						return
					}
				}
				if err := e.Remove(t.Context(), entry); err != nil {
					t.Errorf("remove: %v", err)
					return
				}
			}
		})
	}
	var want []string
	for i := range 150 {
		db.exec(t, `INSERT INTO items VALUES ($1, 1, $2)`, i, fmt.Sprintf("row %d.", i))
		want = append(want, fmt.Sprintf(`"row %d."`, i))
	}
	close(stop)
	wg.Wait()
	e.logged(kept, want...)
	late := e.create("tenant > 0")
	require.Equal(t, 150, strings.Count(e.snapshot(late), `"row `))
}

type collected struct {
	rows []string
	lsn  pg.LSN
}

func (c *collected) Known(_ pg.Snapshot, lsn pg.LSN) error { c.lsn = lsn; return nil }
func (c *collected) Row(json []byte) error                 { c.rows = append(c.rows, string(json)); return nil }

func TestASubsetIsReadOverTheShape(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `INSERT INTO items SELECT i, i % 2, 'row ' || i FROM generate_series(1, 10) i`)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	d := e.items("tenant = 1")
	d.Log = shape.LogChangesOnly
	entry, err := e.Create(t.Context(), d)
	require.NoError(t, err)
	require.NoError(t, e.AwaitSnapshotStart(t.Context(), entry))
	require.NotContains(t, e.snapshot(entry), "row")
	var got collected
	require.NoError(t, e.Subset(t.Context(), entry, status.SubsetQuery{Where: e.items("id > 3").Where, OrderBy: `"id" DESC`, Limit: 2, Offset: 1, Mark: 77}, &got))
	require.Len(t, got.rows, 2)
	require.Contains(t, got.rows[0], `"row 7"`)
	require.Contains(t, got.rows[0], `77`)
	require.NotZero(t, got.lsn)
}

// awaitStandbys waits until commits do wait for standbys. Sessions know the setting before the process that tells them to has read it.
// It leaves a commit behind that waits.
func (d *database) awaitStandbys(t *testing.T) {
	t.Helper()
	var waiting chan error
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		if waiting != nil {
			<-waiting
		}
	})
	require.Eventually(t, func() bool {
		if waiting == nil {
			waiting = make(chan error, 1)
			conn, err := pgx.Connect(t.Context(), d.url)
			require.NoError(t, err)
			go func(told chan error) {
				_, err := conn.Exec(ctx, `INSERT INTO probes VALUES (1)`)
				conn.Close(context.Background())
				told <- err
			}(waiting)
		}
		select {
		case err := <-waiting:
			require.NoError(t, err)
			waiting = nil
			return false
		default:
		}
		var n int
		require.NoError(t, d.conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`).Scan(&n))
		return n > 0
	}, 20*time.Second, 5*time.Millisecond)
}

// A commit that waits for a synchronous standby is streamed before it can be seen. A shape that is made meanwhile must not
// miss it, in the process that was told of the commit or in the next one.
func TestAStreamedCommitThatCannotBeSeenYetIsNotLost(t *testing.T) {
	for name, restarted := range map[string]bool{"by the process that heard of it": false, "over a restart": true} {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t)
			dir := t.TempDir()
			e := start(t, config(t, db.url, dir)).ready()
			defer func() { e.stop() }()
			followed := e.create("tenant = 0") // the table is published
			db.exec(t, `CREATE TABLE probes (n int)`)
			db.exec(t, `ALTER SYSTEM SET synchronous_standby_names = 'nobody'`)
			db.exec(t, `SELECT pg_reload_conf()`)
			writer := &database{server: db.server, url: db.url}
			writer.connect(t)
			require.Eventually(t, func() bool {
				var names string
				err := writer.conn.QueryRow(t.Context(), `SHOW synchronous_standby_names`).Scan(&names)
				return err == nil && names == "nobody"
			}, 10*time.Second, 5*time.Millisecond)
			db.awaitStandbys(t)
			written := make(chan error, 1)
			go func() {
				_, err := writer.conn.Exec(context.Background(), `INSERT INTO items VALUES (1, 1, 'hidden'), (2, 0, 'followed')`)
				written <- err
			}()
			e.logged(followed, `"followed"`)
			if restarted {
				lsn := e.GlobalLSN(followed)
				require.Eventually(t, func() bool { // so that it is not sent again
					var confirmed bool
					err := db.conn.QueryRow(t.Context(), `SELECT confirmed_flush_lsn >= $1::pg_lsn FROM pg_replication_slots WHERE slot_name = 'electric_slot_default'`,
						fmt.Sprintf("%X/%X", lsn>>32, uint32(lsn))).Scan(&confirmed)
					return err == nil && confirmed
				}, 20*time.Second, 5*time.Millisecond)
				e.stop()
				e = start(t, config(t, db.url, dir)).ready()
			}
			entry, err := e.Create(t.Context(), e.items("tenant = 1"))
			require.NoError(t, err)
			waiting, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, e.AwaitSnapshotStart(waiting, entry), context.DeadlineExceeded)
			db.exec(t, `ALTER SYSTEM RESET synchronous_standby_names`)
			db.exec(t, `SELECT pg_reload_conf()`)
			require.NoError(t, <-written)
			require.NoError(t, e.AwaitSnapshotStart(t.Context(), entry))
			require.Contains(t, e.snapshot(entry), `"hidden"`)
		})
	}
}
