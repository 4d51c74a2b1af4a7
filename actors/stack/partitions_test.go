package stack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAShapeOverAPartitionedTableFollowsAllItsPartitions: those it was made with, on every level, and one that is made later, whose
// rows carry keys with the name of the table that the client asked for.
func TestAShapeOverAPartitionedTableFollowsAllItsPartitions(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `DROP TABLE items`)
	db.exec(t, `CREATE TABLE items (id int, tenant int NOT NULL, title text, PRIMARY KEY (id, tenant)) PARTITION BY LIST (tenant)`)
	db.exec(t, `CREATE TABLE items_1 PARTITION OF items FOR VALUES IN (1)`)
	db.exec(t, `CREATE TABLE items_2 PARTITION OF items FOR VALUES IN (2) PARTITION BY RANGE (id)`)
	db.exec(t, `CREATE TABLE items_2_low PARTITION OF items_2 FOR VALUES FROM (0) TO (100)`)
	db.exec(t, `INSERT INTO items VALUES (1, 1, 'there already')`)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.create("")
	require.Contains(t, e.snapshot(entry), `\"public\".\"items\"/\"1\"/\"1\"`)

	db.exec(t, `INSERT INTO items VALUES (2, 1, 'one level down'), (3, 2, 'two levels down')`)
	db.exec(t, `UPDATE items SET title = 'changed' WHERE id = 3`)
	log := e.logged(entry, `"one level down"`, `"two levels down"`, `"changed"`)
	require.NotContains(t, log, "items_")

	db.exec(t, `CREATE TABLE items_3 PARTITION OF items FOR VALUES IN (3)`)
	db.exec(t, `INSERT INTO items VALUES (4, 3, 'in a new partition')`)
	e.logged(entry, `"in a new partition"`)
	require.Eventually(t, func() bool {
		var identity string
		require.NoError(t, db.conn.QueryRow(t.Context(), `SELECT relreplident::text FROM pg_class WHERE relname = 'items_3'`).Scan(&identity))
		return identity == "f"
	}, 15*time.Second, 5*time.Millisecond, "rows of the new partition can be updated")
	db.exec(t, `UPDATE items SET title = 'changed there' WHERE id = 4`)
	log = e.logged(entry, `"changed there"`)
	require.Equal(t, 2, strings.Count(log, `"operation":"update"`))
	require.False(t, entry.Removed())

	db.exec(t, `TRUNCATE items_3`)
	require.Eventually(t, entry.Removed, 15*time.Second, 5*time.Millisecond, "a truncated partition ends the shape of its root")
}

// TestPartitionsAreAttachedAndDetachedWhileTheyAreFollowed: a table becomes a partition and is one no longer, and a column that the
// root gets ends its shape, after which a new one has it.
func TestPartitionsAreAttachedAndDetachedWhileTheyAreFollowed(t *testing.T) {
	db := newDatabase(t)
	db.exec(t, `DROP TABLE items`)
	db.exec(t, `CREATE TABLE items (id int, tenant int NOT NULL, title text, PRIMARY KEY (id, tenant)) PARTITION BY LIST (tenant)`)
	db.exec(t, `CREATE TABLE items_1 PARTITION OF items FOR VALUES IN (1)`)
	db.exec(t, `CREATE TABLE items_2 (id int, tenant int NOT NULL, title text, PRIMARY KEY (id, tenant))`)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.create("title <> 'none'")
	e.snapshot(entry)

	db.exec(t, `INSERT INTO items_2 VALUES (1, 2, 'before it was attached')`)
	db.exec(t, `ALTER TABLE items ATTACH PARTITION items_2 FOR VALUES IN (2)`)
	db.exec(t, `INSERT INTO items VALUES (2, 2, 'attached')`)
	e.logged(entry, `"attached"`)

	db.exec(t, `ALTER TABLE items DETACH PARTITION items_2`)
	db.exec(t, `INSERT INTO items_2 VALUES (3, 2, 'detached')`)
	db.exec(t, `INSERT INTO items VALUES (4, 1, 'in the other one')`)
	log := e.logged(entry, `"in the other one"`)
	require.NotContains(t, log, `"detached"`)
	require.NotContains(t, log, "before it")
	require.False(t, entry.Removed())

	db.exec(t, `ALTER TABLE items ADD COLUMN extra int`)
	db.exec(t, `INSERT INTO items VALUES (5, 1, 'with more', 7)`)
	require.Eventually(t, entry.Removed, 15*time.Second, 5*time.Millisecond)
	table, err := e.Table(t.Context(), "public", "items")
	require.NoError(t, err)
	require.Len(t, table.Columns, 4, "nothing that was cached of the root outlives it")
}
