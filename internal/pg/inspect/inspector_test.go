package inspect

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/shape"
)

// counting counts the questions that reach the catalogue.
type counting struct {
	Querier
	asked atomic.Int64
}

func (c *counting) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c.asked.Add(1)
	return c.Querier.Query(ctx, sql, args...)
}

func TestTableIsReadOnceUntilCleaned(t *testing.T) {
	pool := database(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	db := &counting{Querier: pool}
	i := New(db)
	first := table(t, i, "public", "t")
	require.Same(t, first, table(t, i, "public", "t"))
	byOID, err := i.ByOID(t.Context(), first.OID)
	require.NoError(t, err)
	require.Same(t, first, byOID)
	require.Same(t, first, i.Cached(first.OID))
	require.EqualValues(t, 1, db.asked.Load())

	run(t, pool, `ALTER TABLE t ADD COLUMN a text`)
	require.Len(t, table(t, i, "public", "t").Columns, 1)
	i.Clean(first.OID)
	require.Nil(t, i.Cached(first.OID))
	require.Len(t, table(t, i, "public", "t").Columns, 2)
	require.Len(t, first.Columns, 1, "a table that was handed out never changes")

	i.Clean(12345) // unknown
	i.Reset()
	require.Nil(t, i.Cached(first.OID))
	require.Len(t, table(t, i, "public", "t").Columns, 2)
	require.EqualValues(t, 3, db.asked.Load())
}

func TestAbsentTableIsAskedForAgain(t *testing.T) {
	pool := database(t, `SELECT`)
	i := New(pool)
	_, err := i.Table(t.Context(), "public", "t")
	require.ErrorIs(t, err, ErrNotFound)
	run(t, pool, `CREATE TABLE t (id int)`)
	table(t, i, "public", "t")
}

func TestRenamedTableTakesItsOldNameAlong(t *testing.T) {
	pool := database(t, `CREATE TABLE a (id int)`)
	i := New(pool)
	old := table(t, i, "public", "a")
	run(t, pool, `ALTER TABLE a RENAME TO b; CREATE TABLE a (other int)`)
	b := table(t, i, "public", "b")
	require.Equal(t, old.OID, b.OID)
	a := table(t, i, "public", "a")
	require.NotEqual(t, old.OID, a.OID)
	require.Equal(t, "other", a.Columns[0].Name)
	require.Same(t, b, i.Cached(b.OID))
}

func TestUnreachableDatabaseIsUnavailable(t *testing.T) {
	checkLeaks(t)
	s := pgserver.ForTest(t)
	pool, err := pgxpool.New(t.Context(), s.URL("postgres"))
	require.NoError(t, err)
	defer pool.Close()
	run(t, pool, `CREATE TABLE t (id int); CREATE TABLE u (id int)`)
	i := New(pool)
	table(t, i, "public", "t")
	require.NoError(t, s.Kill())
	table(t, i, "public", "t")
	for range 3 { // a broken connection of the pool, then none
		_, err = i.Table(t.Context(), "public", "u")
		require.ErrorIs(t, err, ErrUnavailable)
	}
	_, err = i.Features(t.Context())
	require.ErrorIs(t, err, ErrUnavailable)
	_, err = i.Diff(t.Context())
	require.ErrorIs(t, err, ErrUnavailable)
}

func TestErrorOfPostgresIsNotUnavailability(t *testing.T) {
	pool := database(t, `CREATE ROLE inspect_weak LOGIN; REVOKE SELECT ON pg_catalog.pg_inherits FROM PUBLIC`)
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(), "DROP ROLE inspect_weak") // roles belong to all databases
		require.NoError(t, err)
	})
	config := pool.Config()
	config.ConnConfig.User = "inspect_weak"
	weak, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer weak.Close()
	_, err = New(weak).Table(t.Context(), "public", "t")
	require.ErrorContains(t, err, "permission denied")
	require.NotErrorIs(t, err, ErrUnavailable)
	require.NotErrorIs(t, err, ErrNotFound)
}

func TestFeaturesAreAskedOnce(t *testing.T) {
	db := &counting{Querier: database(t, `SELECT`)}
	i := New(db)
	for range 2 {
		f, err := i.Features(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, f.ServerVersion, 100000)
		require.Equal(t, f.ServerVersion >= 180000, f.GeneratedColumns())
	}
	require.EqualValues(t, 1, db.asked.Load())
}

func TestDiffFindsWhatShapesCannotSurvive(t *testing.T) {
	pool := database(t, `
		CREATE TYPE mood AS ENUM ('sad');
		CREATE TABLE same (id int PRIMARY KEY, a text);
		CREATE TABLE nulls (id int PRIMARY KEY, a text NOT NULL);
		CREATE TABLE added (id int);
		CREATE TABLE retyped (id int, a varchar(5));
		CREATE TABLE modified (id int, a varchar(5));
		CREATE TABLE rekeyed (id int PRIMARY KEY, a int NOT NULL);
		CREATE TABLE renamed (id int);
		CREATE TABLE moved (id int);
		CREATE TABLE dropped (id int);
		CREATE TABLE recreated (id int);
		CREATE TABLE enumerated (id int, m mood);
		CREATE TABLE root (id int) PARTITION BY LIST (id)`)
	db := &counting{Querier: pool}
	i := New(db)
	before := map[string]*Table{}
	for _, name := range []string{"same", "nulls", "added", "retyped", "modified", "rekeyed", "renamed", "moved", "dropped", "recreated", "enumerated", "root"} {
		before[name] = table(t, i, "public", name)
	}
	diverged, err := i.Diff(t.Context())
	require.NoError(t, err)
	require.Empty(t, diverged)

	run(t, pool, `
		ALTER TABLE nulls ALTER a DROP NOT NULL;
		ALTER TABLE added ADD b int;
		ALTER TABLE retyped ALTER a TYPE text;
		ALTER TABLE modified ALTER a TYPE varchar(6);
		ALTER TABLE rekeyed DROP CONSTRAINT rekeyed_pkey, ADD PRIMARY KEY (a);
		ALTER TABLE renamed RENAME TO renamed2;
		CREATE SCHEMA s; ALTER TABLE moved SET SCHEMA s;
		DROP TABLE dropped; DROP TABLE recreated; CREATE TABLE recreated (id int);
		ALTER TYPE mood RENAME TO temper;
		CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1)`)
	asked := db.asked.Load()
	want := []shape.Table{}
	for _, name := range []string{"added", "retyped", "modified", "rekeyed", "renamed", "moved", "dropped", "recreated", "enumerated"} {
		want = append(want, before[name].Table)
	}
	for range 2 { // until they are cleaned
		diverged, err = i.Diff(t.Context())
		require.NoError(t, err)
		var got []shape.Table
		for _, d := range diverged {
			got = append(got, d.Old.Table)
			require.Equal(t, d.Old.Table.Name == "dropped" || d.Old.Table.Name == "recreated", d.New == nil)
		}
		require.ElementsMatch(t, want, got)
	}
	require.EqualValues(t, asked+2, db.asked.Load(), "one question each")
	require.Same(t, before["same"], table(t, i, "public", "same"))
	require.False(t, table(t, i, "public", "nulls").Column("a").NotNull, "refreshed without a divergence")
	require.Len(t, table(t, i, "public", "root").Descendants, 1)

	for k := range diverged {
		i.Forget(&diverged[k])
	}
	diverged, err = i.Diff(t.Context())
	require.NoError(t, err)
	require.Empty(t, diverged)
}

// The stream has a table read anew with each description of it. What it was before is not lost on the reconciler.
func TestADivergenceIsFoundAlthoughTheTableWasCleaned(t *testing.T) {
	pool := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text); CREATE TABLE u (id int PRIMARY KEY)`)
	i := New(pool)
	before, other := table(t, i, "public", "t"), table(t, i, "public", "u")
	i.Clean(before.OID)
	i.Clean(other.OID)
	run(t, pool, `ALTER TABLE t ADD b int`)
	table(t, i, "public", "t") // somebody asks
	i.Clean(before.OID)
	var diverged []Divergence
	for range 2 {
		var err error
		diverged, err = i.Diff(t.Context())
		require.NoError(t, err)
		require.Len(t, diverged, 1)
		require.Same(t, before, diverged[0].Old)
		require.Len(t, diverged[0].New.Columns, 3)
	}
	require.NotNil(t, i.Cached(other.OID), "read again, since it is the same")
	i.Forget(&diverged[0])
	diverged, err := i.Diff(t.Context())
	require.NoError(t, err)
	require.Empty(t, diverged)
	require.Empty(t, i.cleaned)
}

// A shape is compared with what its table was when it was made, which may be any of what it has been since the last look, also
// after a restart; and what has changed again since the look is not forgotten with what the look told.
func TestEveryVersionOfATableIsCompared(t *testing.T) {
	pool := database(t, `CREATE TABLE t (id int PRIMARY KEY, a text)`)
	i := New(pool)
	shapeOf := func(t *Table) *shape.Definition {
		d := &shape.Definition{Layout: &shape.Layout{Table: t.Table, SelectsAll: true}, TableVersion: t.Version()}
		d.Key, _ = t.Key()
		for _, c := range t.Columns {
			d.Selected = append(d.Selected, c.Name)
		}
		return d
	}
	first := table(t, i, "public", "t")
	again := New(pool)
	require.Equal(t, first.Version(), table(t, again, "public", "t").Version())
	i.Clean(first.OID)
	run(t, pool, `ALTER TABLE t ALTER a TYPE varchar(9)`)
	second := table(t, i, "public", "t")
	i.Clean(first.OID)
	run(t, pool, `ALTER TABLE t ALTER a TYPE int USING 0`)
	third := table(t, i, "public", "t")
	require.NotEqual(t, first.Version(), second.Version())
	require.NotEqual(t, second.Version(), third.Version())

	state, err := i.Marshal()
	require.NoError(t, err)
	restored := New(pool)
	require.NoError(t, restored.Restore(state))
	for _, i := range []*Inspector{i, restored} {
		diverged, err := i.Diff(t.Context())
		require.NoError(t, err)
		require.Len(t, diverged, 1)
		d := &diverged[0]
		require.True(t, d.Ends(shapeOf(first)))
		require.True(t, d.Ends(shapeOf(second)))
		require.False(t, d.Ends(shapeOf(third)), "it is what it is now")
		unknown := shapeOf(third)
		unknown.TableVersion = 0
		require.True(t, d.Ends(unknown), "it may have been made from the first")
	}

	diverged, err := i.Diff(t.Context())
	require.NoError(t, err)
	i.Clean(first.OID)
	run(t, pool, `ALTER TABLE t ADD b int`)
	table(t, i, "public", "t")
	i.Clean(first.OID)
	i.Forget(&diverged[0])
	diverged, err = i.Diff(t.Context())
	require.NoError(t, err)
	require.Len(t, diverged, 1)
	require.True(t, diverged[0].Ends(shapeOf(third)))
	i.Forget(&diverged[0])
	diverged, err = i.Diff(t.Context())
	require.NoError(t, err)
	require.Empty(t, diverged)

	run(t, pool, `ALTER TABLE t DROP b, ALTER a TYPE text`)
	back := shapeOf(table(t, i, "public", "t"))
	i.Clean(first.OID)
	run(t, pool, `ALTER TABLE t ALTER a TYPE int USING 0`) // which tells the stream nothing of the rows
	table(t, i, "public", "t")
	i.Clean(first.OID)
	run(t, pool, `ALTER TABLE t ALTER a TYPE text`)
	diverged, err = i.Diff(t.Context())
	require.NoError(t, err)
	require.Len(t, diverged, 1)
	require.True(t, diverged[0].Ends(back), "a column that is what it was may have other values")
	back.SelectsAll, back.Selected = false, []string{"id"}
	require.False(t, diverged[0].Ends(back))
}

func TestStateSurvivesARestartWithoutADatabase(t *testing.T) {
	pool := database(t, `CREATE TABLE t (id int PRIMARY KEY, a varchar(7)[]); CREATE TABLE root (id int) PARTITION BY LIST (id); CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1)`)
	i := New(pool)
	for _, name := range []string{"t", "root", "leaf"} {
		table(t, i, "public", name)
	}
	features, err := i.Features(t.Context())
	require.NoError(t, err)
	select {
	case <-i.Changed():
	default:
		t.Fatal("nobody was told that there is something to persist")
	}
	state, err := i.Marshal()
	require.NoError(t, err)

	restored := New(nil) // would panic if it were asked
	require.NoError(t, restored.Restore(state))
	for _, name := range []string{"t", "root", "leaf"} {
		got, want := table(t, restored, "public", name), table(t, i, "public", name)
		require.True(t, want.same(got), name)
		require.Equal(t, string(want.Schema([]string{"id", "a"})), string(got.Schema([]string{"id", "a"})))
	}
	again, err := restored.Features(t.Context())
	require.NoError(t, err)
	require.Equal(t, features, again)
	stateAgain, err := restored.Marshal()
	require.NoError(t, err)
	require.Equal(t, string(state), string(stateAgain))
}

func TestBadStateIsRefusedAndChangesNothing(t *testing.T) {
	i := New(database(t, `CREATE TABLE t (id int)`))
	kept := table(t, i, "public", "t")
	for _, state := range []string{``, `{`, `[]`, `{"Format":99}`, `{"Format":1,"Tables":[null]}`, `{"Format":1,"Tables":[{"OID":1,"Columns":[]}]}`, `{"Format":1,"Tables":[{"Columns":[{}]}]}`} {
		require.ErrorIs(t, i.Restore([]byte(state)), ErrBadState, state)
	}
	require.Same(t, kept, i.Cached(kept.OID))
}

func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"Format":1,"ServerVersion":150006,"Tables":[{"OID":1,"Schema":"public","Name":"t","Kind":114,"Columns":[{"Name":"id","TypeName":"int4","PKIndex":0}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		i := New(nil)
		if i.Restore(b) != nil {
			return
		}
		for _, c := range i.cache.Load().byOID {
			c.Key()
			c.WhereColumns()
			c.Schema([]string{c.Columns[0].Name})
		}
	})
}

// gated is a catalogue that answers when it is told to.
type gated struct {
	arrived chan struct{}
	answer  chan error
	asked   atomic.Int64
}

func (g *gated) Query(ctx context.Context, _ string, _ ...any) (pgx.Rows, error) {
	g.asked.Add(1)
	g.arrived <- struct{}{}
	select {
	case err := <-g.answer:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestCallersAtOnceShareOneQuestion(t *testing.T) {
	db := &counting{Querier: database(t, `CREATE TABLE t (id int)`)}
	i := New(db)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			got, err := i.Table(t.Context(), "public", "t")
			if err != nil || got.Name != "t" {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, db.asked.Load())
}

func TestWaitersGetTheLoadersError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gated{arrived: make(chan struct{}, 10), answer: make(chan error, 1)}
		i := New(g)
		said := errors.New("what Postgres said")
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := i.Table(t.Context(), "public", "t")
				if !errors.Is(err, said) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		g.answer <- said
		wg.Wait()
		require.EqualValues(t, 1, g.asked.Load())
	})
}

func TestLoaderThatGivesUpLeavesTheWorkToWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gated{arrived: make(chan struct{}, 10), answer: make(chan error, 1)}
		i := New(g)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := i.Table(ctx, "public", "t"); !errors.Is(err, context.Canceled) {
				t.Errorf("loader got %v", err)
			}
		})
		<-g.arrived
		said := errors.New("what Postgres said")
		wg.Go(func() {
			if _, err := i.Table(t.Context(), "public", "t"); !errors.Is(err, said) {
				t.Errorf("waiter got %v", err)
			}
		})
		synctest.Wait()
		cancel()
		<-g.arrived
		g.answer <- said
		wg.Wait()
	})
}

func TestWaiterLeavesWhenItsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gated{arrived: make(chan struct{}, 10), answer: make(chan error)}
		i := New(g)
		var wg sync.WaitGroup
		wg.Go(func() {
			start := time.Now()
			_, err := i.Table(t.Context(), "public", "t")
			if !errors.Is(err, ErrUnavailable) || time.Since(start) != loadTimeout {
				t.Errorf("loader got %v after %v", err, time.Since(start))
			}
		})
		<-g.arrived
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := i.Table(ctx, "public", "t")
		require.ErrorIs(t, err, ErrUnavailable)
		wg.Wait()
	})
}

// What was being read when a table was cleaned may be from before the change that it was cleaned for.
func TestLoadThatACleanOvertookIsNotKeptNorShared(t *testing.T) {
	pool := database(t, `CREATE TABLE t (id int)`)
	slow := &slowQuerier{Querier: pool, entered: make(chan struct{}), leave: make(chan struct{})}
	i := New(slow)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := i.Table(t.Context(), "public", "t"); err != nil {
			t.Errorf("%v", err)
		}
	})
	<-slow.entered // it has read, and not said so yet
	run(t, pool, `ALTER TABLE t ADD a int`)
	i.Clean(1)
	require.Len(t, table(t, i, "public", "t").Columns, 2, "the old load is not joined")
	close(slow.leave)
	wg.Wait()
	require.Len(t, table(t, i, "public", "t").Columns, 2, "nor does it replace the new one")
}

// slowQuerier holds back the first answer.
type slowQuerier struct {
	Querier
	first          sync.Once
	entered, leave chan struct{}
}

func (s *slowQuerier) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := s.Querier.Query(ctx, sql, args...)
	s.first.Do(func() {
		rows = &slowRows{rows, s}
	})
	return rows, err
}

type slowRows struct {
	pgx.Rows
	s *slowQuerier
}

func (r *slowRows) Next() bool {
	more := r.Rows.Next()
	if !more {
		r.s.entered <- struct{}{}
		<-r.s.leave
	}
	return more
}

func BenchmarkCachedTable(b *testing.B) {
	i := New(database(b, `CREATE TABLE t (id int)`))
	table(b, i, "public", "t")
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := i.Table(b.Context(), "public", "t"); err != nil {
				b.Error(err)
			}
		}
	})
}
