package stack_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// some is the definition of a shape over some columns of items.
func (e *engine) some(clause string, columns ...string) *shape.Definition {
	e.t.Helper()
	table, err := e.Table(e.t.Context(), "public", "items")
	require.NoError(e.t, err)
	slices.Sort(columns)
	d := &shape.Definition{Layout: &shape.Layout{Table: table.Table, Selected: columns, Explicit: columns}}
	d.Key, _ = table.Key()
	if clause != "" {
		d.Where, err = where.Compile(clause, nil, table.WhereColumns())
		require.NoError(e.t, err)
	}
	return d
}

func (e *engine) make(d *shape.Definition) *status.Entry {
	e.t.Helper()
	entry, err := e.Create(e.t.Context(), d)
	require.NoError(e.t, err)
	require.NoError(e.t, e.AwaitSnapshotStart(e.t.Context(), entry))
	return entry
}

// What docs/schema-changes.md says, told by the stream and found by the reconciler.
func TestAChangeOfColumnsEndsTheShapesThatKnowThem(t *testing.T) {
	for name, c := range map[string]struct {
		alter string
		ends  []string
	}{
		"add":                  {"ALTER TABLE items ADD extra text DEFAULT 'x'", []string{"all"}},
		"drop a foreign one":   {"ALTER TABLE items DROP spare", []string{"all"}},
		"drop one selected":    {"ALTER TABLE items DROP title", []string{"all", "title"}},
		"drop one of a clause": {"ALTER TABLE items DROP tenant", []string{"all", "clause"}},
		"retype one selected":  {"ALTER TABLE items ALTER title TYPE varchar(100)", []string{"all", "title"}},
	} {
		for _, how := range []string{"stream", "reconciler"} {
			t.Run(name+" by the "+how, func(t *testing.T) {
				db := newDatabase(t)
				db.exec(t, `ALTER TABLE items ADD spare int`)
				cfg := config(t, db.url, t.TempDir())
				cfg.ReconcilePeriod = time.Hour
				if how == "reconciler" {
					cfg.ReconcilePeriod = 20 * time.Millisecond
				}
				e := start(t, cfg).ready()
				defer e.stop()
				all := e.some("", "id", "tenant", "title", "spare")
				all.SelectsAll, all.Explicit = true, nil
				shapes := map[string]*status.Entry{
					"all": e.make(all), "title": e.make(e.some("", "id", "title")),
					"clause": e.make(e.some("tenant = 1", "id")), "id": e.make(e.some("", "id")),
				}
				db.exec(t, `INSERT INTO items (id, tenant) VALUES (1, 1)`)
				for _, entry := range shapes {
					e.logged(entry, `"id":"1"`)
				}
				db.exec(t, c.alter)
				insert := `INSERT INTO items (id, tenant) VALUES ($1, 1)`
				if name == "drop one of a clause" {
					insert = `INSERT INTO items (id) VALUES ($1)`
				}
				if how == "stream" {
					db.exec(t, insert, 2)
				}
				for _, name := range c.ends {
					e.gone(shapes[name])
					delete(shapes, name)
				}
				db.exec(t, insert, 3)
				for name, entry := range shapes {
					e.logged(entry, `"id":"3"`)
					require.False(t, entry.Removed(), name)
				}
			})
		}
	}
}

// Spec engine §2.6: somebody else has taken the lock while we were away, and what he consumed is in none of our logs.
func TestShapesEndWhenAnotherInstanceHasConsumedTheSlot(t *testing.T) {
	db := newDatabase(t)
	cfg := config(t, db.url, t.TempDir())
	e := start(t, cfg).ready()
	defer e.stop()
	entry := e.create("")
	db.exec(t, `INSERT INTO items VALUES (1, 1, 'before')`)
	e.logged(entry, `"before"`)

	// The connection ends, and another instance is faster.
	done := make(chan error, 1)
	other := *db
	other.connect(t)
	go func() {
		_, err := other.conn.Exec(t.Context(), `SELECT pg_advisory_lock(hashtext('electric_slot_default'))`)
		done <- err
	}()
	require.Eventually(t, func() bool {
		var waiting bool
		err := db.conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)`).Scan(&waiting)
		return err == nil && waiting
	}, 10*time.Second, 5*time.Millisecond)
	db.exec(t, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'electric_slot_default'`)
	require.NoError(t, <-done)
	db.exec(t, `INSERT INTO items VALUES (2, 1, 'consumed')`)
	db.exec(t, `SELECT pg_replication_slot_advance('electric_slot_default', pg_current_wal_lsn())`)
	e.inactive()
	_, err := other.conn.Exec(t.Context(), `SELECT pg_advisory_unlock_all()`)
	require.NoError(t, err)

	e.gone(entry)
	e.ready()
	fresh := e.create("")
	require.NotEqual(t, entry.Handle, fresh.Handle)
	require.Contains(t, e.snapshot(fresh), `"consumed"`)
	db.exec(t, `INSERT INTO items VALUES (3, 1, 'after')`)
	e.logged(fresh, `"after"`)
}

// A reconnect of the same instance is no reason: ids, handles and logs stay.
func TestAReconnectKeepsEveryShape(t *testing.T) {
	db := newDatabase(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.create("")
	id := entry.ID
	for i := range 3 {
		db.exec(t, `INSERT INTO items VALUES ($1, 1, 'x')`, i)
		e.logged(entry, fmt.Sprintf(`"value":{"id":"%d"`, i)) // it streams again
		db.exec(t, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'electric_slot_default'`)
		e.inactive()
		e.ready()
	}
	again, ok := e.ByHandle(entry.Handle)
	require.True(t, ok)
	require.Same(t, entry, again)
	require.Equal(t, id, again.ID)
}

// The reconciler compares tables with what they were when their shapes were made, and a shape may have been made since a
// change that it has yet to look at.
func TestAShapeThatIsMadeAfterAChangeIsNotEndedForIt(t *testing.T) {
	for name, alter := range map[string]string{
		"a column is added":    `ALTER TABLE items ADD extra text`,
		"a column is retyped":  `ALTER TABLE items ALTER title TYPE varchar(100)`,
		"a column is replaced": `ALTER TABLE items DROP title, ADD title int`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			db.exec(t, `CREATE TABLE others (id int PRIMARY KEY)`)
			cfg := config(t, db.url, t.TempDir())
			cfg.ReconcilePeriod = 2 * time.Second
			e := start(t, cfg).ready()
			defer e.stop()
			all := func(name string) *status.Entry {
				table, err := e.Table(t.Context(), "public", name)
				require.NoError(t, err)
				d := &shape.Definition{Layout: &shape.Layout{Table: table.Table, SelectsAll: true}, TableVersion: table.Version()}
				d.Key, _ = table.Key()
				for _, c := range table.Columns {
					d.Selected = append(d.Selected, c.Name)
				}
				slices.Sort(d.Selected)
				return e.make(d)
			}
			old, other := all("items"), all("others")
			db.exec(t, alter)
			db.exec(t, `INSERT INTO items (id, tenant) VALUES (1, 1)`)
			e.gone(old)
			fresh := all("items")
			db.exec(t, `ALTER TABLE others ADD extra text`)
			e.gone(other) // the reconciler has looked
			db.exec(t, `INSERT INTO items (id, tenant) VALUES (2, 1)`)
			e.logged(fresh, `"id":"2"`)
			require.False(t, fresh.Removed())
		})
	}
}
