package stack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/stack"
	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// over is the definition of a shape over a table, with those of its subqueries. No columns are all.
func (e *engine) over(table, clause string, columns ...string) *shape.Definition {
	e.t.Helper()
	in, err := e.Table(e.t.Context(), "public", table)
	require.NoError(e.t, err)
	d := &shape.Definition{Layout: &shape.Layout{Table: in.Table, SelectsAll: columns == nil, Explicit: columns}}
	d.Key, _ = in.Key()
	for _, c := range in.WhereColumns() {
		d.Selected = append(d.Selected, c.Name)
	}
	if clause == "" {
		return d
	}
	d.Where, err = where.CompileWith(clause, nil, in.WhereColumns(), func(_, name string) ([]where.Column, error) {
		t, err := e.Table(e.t.Context(), "public", name)
		return t.WhereColumns(), err
	})
	require.NoError(e.t, err)
	d.Dependencies = e.inner(d.Where)
	return d
}

func (e *engine) inner(c *where.Clause) *shape.Dependencies {
	if !c.HasSubqueries() {
		return nil
	}
	out := &shape.Dependencies{}
	for _, q := range c.Subqueries() {
		d := e.over(q.Table, "", q.Columns...)
		d.Where = q.Where
		d.Dependencies = e.inner(q.Where)
		out.Inner = append(out.Inner, d)
	}
	return out
}

func (e *engine) follow(d *shape.Definition) *status.Entry {
	e.t.Helper()
	entry, err := e.Create(e.t.Context(), d)
	require.NoError(e.t, err)
	require.NoError(e.t, e.AwaitSnapshotStart(e.t.Context(), entry))
	return entry
}

// forest is a database of items whose tenants belong to groups.
func forest(t *testing.T) *database {
	db := newDatabase(t)
	db.exec(t, `CREATE TABLE tenants (id int PRIMARY KEY, grp int, active bool NOT NULL)`)
	db.exec(t, `CREATE TABLE grps (id int PRIMARY KEY, active bool NOT NULL)`)
	db.exec(t, `INSERT INTO grps VALUES (1, true), (2, false)`)
	db.exec(t, `INSERT INTO tenants VALUES (1, 1, true), (2, 1, false), (3, 2, true)`)
	db.exec(t, `INSERT INTO items SELECT i, 1 + i % 3, 'row ' || i || '.' FROM generate_series(1, 9) i`)
	return db
}

const activeTenants = "tenant IN (SELECT id FROM tenants WHERE active)"

func TestAShapeWithASubqueryIsReadAndFollowed(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.follow(e.over("items", activeTenants))
	snapshot := e.snapshot(entry)
	for i := 1; i <= 9; i++ {
		require.Equal(t, 1+i%3 != 2, strings.Contains(snapshot, fmt.Sprintf(`"row %d."`, i)), snapshot)
	}
	require.Contains(t, snapshot, `"active_conditions":[true]`)

	db.exec(t, `INSERT INTO items VALUES (10, 1, 'comes'), (11, 2, 'not yet')`)
	require.NotContains(t, e.logged(entry, `"comes"`), "not yet")
	db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
	e.logged(entry, `"event":"move-in"`, `"row 1."`, `"row 4."`, `"row 7."`, `"not yet"`, `"snapshot-end"`)
	db.exec(t, `UPDATE tenants SET active = false WHERE id = 3`)
	e.logged(entry, `"event":"move-out"`)
	db.exec(t, `UPDATE items SET title = 'gone already' WHERE id = 2`)
	db.exec(t, `BEGIN; INSERT INTO tenants VALUES (4, NULL, true); INSERT INTO items VALUES (12, 4, 'both at once'); COMMIT`)
	require.NotContains(t, e.logged(entry, `"both at once"`), "gone already")

	inner, ok := e.Lookup(e.over("items", activeTenants).Inner()[0].Identity())
	require.True(t, ok)
	require.Less(t, inner.ID, entry.ID)
}

func TestARowConcernsOnlyShapesWhoseSubqueryHasItsValue(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.follow(e.over("items", activeTenants))
	db.exec(t, `INSERT INTO items VALUES (10, 1, 'held or not')`)
	e.logged(entry, `"held or not"`)
	db.exec(t, `INSERT INTO items VALUES (11, 1, 'after the report')`)
	e.logged(entry, `"after the report"`)
	alone := func(from int, title string, tenant int) {
		t.Helper()
		before := e.Deliveries()
		for i := range 10 {
			db.exec(t, fmt.Sprintf(`INSERT INTO items VALUES (%d, 2, 'of nobody')`, from+i))
		}
		db.exec(t, fmt.Sprintf(`INSERT INTO items VALUES (%d, %d, '%s')`, from+10, tenant, title))
		e.logged(entry, `"`+title+`"`)
		require.Equal(t, before+1, e.Deliveries())
	}
	alone(100, "of an active tenant", 1)
	db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
	e.logged(entry, `"event":"move-in"`)
	db.exec(t, `INSERT INTO items VALUES (200, 2, 'now it is')`)
	e.logged(entry, `"now it is"`)
	db.exec(t, `UPDATE tenants SET active = false WHERE id = 2`)
	e.logged(entry, `"event":"move-out"`)
	db.exec(t, `INSERT INTO items VALUES (201, 3, 'behind the move')`)
	e.logged(entry, `"behind the move"`)
	alone(300, "of another active tenant", 3)
}

func TestSubqueriesInSubqueriesAreFollowed(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.follow(e.over("items", `tenant IN (SELECT id FROM tenants WHERE grp IN (SELECT id FROM grps WHERE active)) AND title <> 'never'`))
	require.NotContains(t, e.snapshot(entry), `"row 2."`)
	db.exec(t, `UPDATE grps SET active = true WHERE id = 2`)
	e.logged(entry, `"row 2."`, `"row 5."`, `"row 8."`)
	db.exec(t, `UPDATE tenants SET grp = NULL WHERE id = 1`)
	e.logged(entry, `"event":"move-out"`)
	db.exec(t, `BEGIN; INSERT INTO items VALUES (20, 4, 'three at once'); INSERT INTO grps VALUES (3, true); INSERT INTO tenants VALUES (4, 3, false); COMMIT`)
	e.logged(entry, `"three at once"`)
}

func TestWhatIsNotInASubqueryIsFollowed(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.follow(e.over("items", `tenant NOT IN (SELECT id FROM tenants WHERE active)`))
	require.Contains(t, e.snapshot(entry), `"row 1."`)
	require.NotContains(t, e.snapshot(entry), `"row 2."`)
	db.exec(t, `UPDATE tenants SET active = false WHERE id = 3`)
	e.logged(entry, `"event":"move-in"`, `"row 2."`, `"row 5."`, `"row 8."`)
	db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
	e.logged(entry, `"event":"move-out"`)
}

func TestAShapeEndsWithItsInnerOne(t *testing.T) {
	for name, end := range map[string]func(*engine, *database, *status.Entry){
		"truncated": func(e *engine, db *database, _ *status.Entry) { db.exec(e.t, `TRUNCATE tenants`) },
		"changed": func(e *engine, db *database, inner *status.Entry) {
			db.exec(e.t, `INSERT INTO tenants VALUES (8, 1, true)`)
			e.logged(inner, `"8"`)
			db.exec(e.t, `ALTER TABLE tenants ALTER id TYPE bigint`)
			db.exec(e.t, `INSERT INTO tenants VALUES (9, 1, true)`)
		},
		"removed": func(e *engine, _ *database, inner *status.Entry) {
			require.NoError(e.t, e.Remove(e.t.Context(), inner))
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := forest(t)
			e := start(t, config(t, db.url, t.TempDir())).ready()
			defer e.stop()
			entry := e.follow(e.over("items", activeTenants))
			other := e.follow(e.over("items", "tenant = 1"))
			inner, ok := e.Lookup(entry.Def.Inner()[0].Identity())
			require.True(t, ok)
			end(e, db, inner)
			e.gone(entry)
			e.gone(inner)
			db.exec(t, `INSERT INTO items VALUES (50, 1, 'goes on')`)
			e.logged(other, `"goes on"`)
		})
	}
}

func TestAnInnerShapeOutlivesItsOuterOne(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.follow(e.over("items", activeTenants))
	inner, ok := e.Lookup(entry.Def.Inner()[0].Identity())
	require.True(t, ok)
	require.NoError(t, e.Remove(t.Context(), entry))
	e.gone(entry)
	again := e.follow(e.over("items", activeTenants))
	require.NotEqual(t, entry.Handle, again.Handle)
	same, ok := e.Lookup(entry.Def.Inner()[0].Identity())
	require.True(t, ok)
	require.Same(t, inner, same)
	db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
	e.logged(again, `"row 1."`)
}

func TestShapesWithSubqueriesEndWithTheStreamThatTheyFollowed(t *testing.T) {
	for name, restart := range map[string]func(*engine, stack.Config) *engine{
		"process": func(e *engine, c stack.Config) *engine { e.stop(); return start(e.t, c).ready() },
		"streaming": func(e *engine, _ stack.Config) *engine {
			require.NoError(e.t, e.Tree().Restart(e.t.Context(), "leyden/streaming"))
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := forest(t)
			c := config(t, db.url, t.TempDir())
			e := start(t, c).ready()
			defer func() { e.stop() }()
			entry := e.follow(e.over("items", activeTenants))
			inner, ok := e.Lookup(entry.Def.Inner()[0].Identity())
			require.True(t, ok)
			e = restart(e, c)
			_, ok = e.ByHandle(entry.Handle)
			require.False(t, ok)
			_, ok = e.ByHandle(inner.Handle)
			require.True(t, ok)
			again := e.follow(e.over("items", activeTenants))
			db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
			e.logged(again, `"row 1."`)
		})
	}
}

func TestAReconnectKeepsShapesWithSubqueries(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.follow(e.over("items", activeTenants))
	e.snapshot(entry) // to its end
	require.NoError(t, db.server.Restart(t.Context()))
	e.inactive()
	e.ready()
	db.connect(t)
	db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
	e.logged(entry, `"row 1."`)
}

func TestManyShapesFollowOneSubquery(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	var all []*status.Entry
	for i := range 40 {
		all = append(all, e.follow(e.over("items", fmt.Sprintf("%s AND id <> %d", activeTenants, 1000+i))))
	}
	db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
	db.exec(t, `INSERT INTO items VALUES (30, 2, 'for all')`)
	db.exec(t, `UPDATE tenants SET active = false WHERE id = 2`)
	for _, entry := range all {
		e.logged(entry, `"for all"`, `"event":"move-out"`)
	}
}

func TestOperatorsSeeWhatFollowsTheValuesOfASubquery(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry := e.follow(e.over("items", activeTenants))
	inner, ok := e.Lookup(entry.Def.Inner()[0].Identity())
	require.True(t, ok)
	var seen []string
	for _, n := range e.Processes(t.Context(), true) {
		if n.Kind == "materializer" {
			require.Equal(t, "up", n.State)
			require.Equal(t, inner.Handle.String(), n.About)
			seen = append(seen, n.Path)
		}
	}
	require.Equal(t, []string{e.Consumer(inner) + "/id"}, seen)
	require.NoError(t, e.Remove(t.Context(), entry))
	e.gone(entry)
	require.Eventually(t, func() bool {
		for _, n := range e.Processes(t.Context(), true) {
			if n.Kind == "materializer" {
				return false
			}
		}
		return true
	}, 10*time.Second, 5*time.Millisecond)
}

func TestAMaterializerThatFailsEndsItsShapeAndThoseThatDependOnIt(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry, other := e.follow(e.over("items", activeTenants)), e.follow(e.over("items", "tenant = 1"))
	inner, ok := e.Lookup(entry.Def.Inner()[0].Identity())
	require.True(t, ok)
	rel := &change.Relation{OID: inner.Def.Table.OID, Schema: "public", Name: "tenants", Columns: []change.Column{{Name: "id"}, {Name: "grp"}, {Name: "active"}}}
	gone := change.Change{Op: change.Delete, Relation: rel, Old: change.Tuple{[]byte("77"), nil, []byte("t")}} // of a row that there never was
	w := &work.Work{Run: &work.Run{Completed: func(*work.Work) {}}, Changes: []change.Change{gone}, Index: []int32{0}, Emissions: change.NewEmissions(1),
		Fragment: &change.Fragment{XID: 1 << 30, LSN: 1 << 50, Begin: true, Commit: &change.Commit{}, Last: shape.Offset{Tx: 1 << 50}}}
	w.Deliveries = []work.Delivery{{Work: w, ID: inner.ID, Count: 1, Begin: true}}
	w.Open()
	e.Send(e.Consumer(inner), &work.Share{Deliveries: w.Deliveries})
	e.gone(inner)
	e.gone(entry)
	db.exec(t, `INSERT INTO items VALUES (50, 1, 'goes on')`)
	e.logged(other, `"goes on"`)
	again := e.follow(e.over("items", activeTenants))
	db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
	e.logged(again, `"row 1."`)
}

func TestAShapeThatReadsRowsTellsNoPositionBehindThem(t *testing.T) {
	db := forest(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	entry, other := e.follow(e.over("items", activeTenants)), e.follow(e.over("tenants", "id > 0"))
	e.snapshot(entry)
	db.exec(t, `INSERT INTO items VALUES (10, 1, 'before')`)
	e.logged(entry, `"before"`)
	e.processed(entry)
	before := e.GlobalLSN(other)

	blocker := &database{server: db.server, url: db.url}
	blocker.connect(t)
	blocker.exec(t, `BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE`)
	db.exec(t, `UPDATE tenants SET active = true WHERE id = 2`)
	e.logged(other, `"op_position":0`)
	require.Eventually(t, func() bool { return e.GlobalLSN(other) > before }, 10*time.Second, time.Millisecond)
	require.LessOrEqual(t, e.GlobalLSN(entry), before)
	blocker.exec(t, `COMMIT`)
	e.logged(entry, `"row 1."`)
	require.Eventually(t, func() bool { return e.GlobalLSN(entry) > before }, 10*time.Second, time.Millisecond)
}
