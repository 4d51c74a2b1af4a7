package stack_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/stack"
	"leyden/actors/status"
)

// released waits until nobody streams from the slot.
func (d *database) released(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		var active bool
		err := d.conn.QueryRow(t.Context(), `SELECT active FROM pg_replication_slots WHERE slot_name = 'electric_slot_default'`).Scan(&active)
		return err == nil && !active
	}, 10*time.Second, 5*time.Millisecond)
}

// Spec engine §2.6 and §3: what somebody else has consumed of the slot is in none of our logs, also if nobody here saw it happen.
func TestShapesEndWhenTheSlotWasConsumedWhileTheServerWasDown(t *testing.T) {
	for name, meanwhile := range map[string]string{
		"by another reader": `SELECT count(*) FROM pg_logical_slot_get_binary_changes('electric_slot_default', NULL, NULL,
			'proto_version', '1', 'publication_names', 'electric_publication_default')`,
		"by being advanced": `SELECT pg_replication_slot_advance('electric_slot_default', pg_current_wal_lsn())`,
		"by being made anew": `SELECT pg_drop_replication_slot('electric_slot_default');
			SELECT pg_create_logical_replication_slot('electric_slot_default', 'pgoutput')`,
	} {
		t.Run(name, func(t *testing.T) {
			db := newDatabase(t)
			dir := t.TempDir()
			e := start(t, config(t, db.url, dir)).ready()
			entry := e.create("")
			db.exec(t, `INSERT INTO items VALUES (1, 1, 'before')`)
			e.logged(entry, `"before"`)
			e.stop()
			db.released(t)
			db.exec(t, `INSERT INTO items VALUES (2, 1, 'missed')`)
			_, err := db.conn.PgConn().Exec(t.Context(), meanwhile).ReadAll()
			require.NoError(t, err)

			e = start(t, config(t, db.url, dir)).ready()
			defer e.stop()
			_, found := e.ByHandle(entry.Handle)
			require.False(t, found)
			fresh := e.create("")
			require.NotEqual(t, entry.Handle, fresh.Handle)
			require.Contains(t, e.snapshot(fresh), `"missed"`)
			db.exec(t, `INSERT INTO items VALUES (3, 1, 'after')`)
			e.logged(fresh, `"after"`)
		})
	}
}

// acknowledged waits until the server may forget all that there is.
func (d *database) acknowledged(t *testing.T) {
	t.Helper()
	var end string
	require.NoError(t, d.conn.QueryRow(t.Context(), `SELECT pg_current_wal_lsn()::text`).Scan(&end))
	require.Eventually(t, func() bool {
		var confirmed bool
		err := d.conn.QueryRow(t.Context(), `SELECT confirmed_flush_lsn >= $1::pg_lsn FROM pg_replication_slots WHERE slot_name = 'electric_slot_default'`, end).Scan(&confirmed)
		return err == nil && confirmed
	}, 10*time.Second, 5*time.Millisecond)
}

// What is acknowledged may be far beyond what is stored for any shape: it came as keepalives, or concerned none. That is no
// reason to doubt, even after a kill, when nobody could say farewell.
func TestShapesGoOnWhenWhatConcernsNoneWasAcknowledgedLast(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `CREATE TABLE private (id int)`)
	dir := t.TempDir()
	e := start(t, config(t, db.url, dir)).ready()
	entry := e.create("tenant = 1")
	db.exec(t, `INSERT INTO items VALUES (1, 1, 'before')`)
	e.logged(entry, `"before"`)
	e.stop()
	for range 3 {
		victim := exec.Command(os.Args[0], "-test.run", "^TestBystander$")
		victim.Env = append(os.Environ(), victimEnv+"="+db.url+"|"+dir)
		require.NoError(t, victim.Start())
		require.Eventually(t, func() bool {
			var active bool
			err := db.conn.QueryRow(t.Context(), `SELECT active FROM pg_replication_slots WHERE slot_name = 'electric_slot_default'`).Scan(&active)
			return err == nil && active
		}, 20*time.Second, 10*time.Millisecond)
		db.exec(t, `INSERT INTO private VALUES (1)`)
		db.exec(t, `INSERT INTO items SELECT coalesce(max(id), 0) + 1, 2, 'of no shape' FROM items`)
		db.exec(t, `INSERT INTO private SELECT generate_series(1, 1000)`)
		db.acknowledged(t)
		require.NoError(t, victim.Process.Kill())
		require.Error(t, victim.Wait())
		db.released(t)
	}
	e = start(t, config(t, db.url, dir)).ready()
	defer e.stop()
	require.Equal(t, status.Active, e.Status())
	again, found := e.ByHandle(entry.Handle)
	require.True(t, found)
	db.exec(t, `INSERT INTO items VALUES (99, 1, 'after')`)
	e.logged(again, `"before"`, `"after"`)
}

// TestBystander serves until it is killed.
func TestBystander(t *testing.T) {
	url, dir, ok := strings.Cut(os.Getenv(victimEnv), "|")
	if !ok {
		t.Skip("is run by TestShapesGoOnWhenWhatConcernsNoneWasAcknowledgedLast")
	}
	_, err := stack.Start(t.Context(), config(t, url, dir))
	require.NoError(t, err)
	select {}
}
