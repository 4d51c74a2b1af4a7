package publication

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/connect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/shape"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

const pub = "electric_publication_test"

const (
	waitFor = 10 * time.Second
	tick    = 5 * time.Millisecond
)

// bench is a database of a test's own.
type bench struct {
	*pgxpool.Pool
	t testing.TB
}

func newBench(t testing.TB, sql string) *bench {
	t.Helper()
	target, err := connect.Parse(pgserver.Shared(t).NewDatabase(t))
	require.NoError(t, err)
	b := &bench{open(t, target, ""), t}
	b.run(sql)
	return b
}

// open makes a pool as the engine has it, as role unless that is empty.
func open(t testing.TB, target connect.Target, role string) *pgxpool.Pool {
	t.Helper()
	if role != "" {
		target.User = role
	}
	route, _, err := connect.Resolve(context.Background(), target, connect.Options{})
	require.NoError(t, err)
	config, err := route.PoolConfig(2)
	require.NoError(t, err)
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// as is a pool of a new role without privileges.
func (b *bench) as(role string) *pgxpool.Pool {
	b.t.Helper()
	b.run("CREATE ROLE " + role + " LOGIN")
	b.t.Cleanup(func() {
		_, err := b.Exec(context.Background(), "DROP OWNED BY "+role+" CASCADE; DROP ROLE "+role, pgx.QueryExecModeSimpleProtocol)
		require.NoError(b.t, err)
	})
	target, err := connect.Parse(pgserver.Shared(b.t).URL(b.Config().ConnConfig.Database))
	require.NoError(b.t, err)
	return open(b.t, target, role)
}

func (b *bench) run(sql string) {
	b.t.Helper()
	_, err := b.Exec(b.t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	require.NoError(b.t, err)
}

func (b *bench) table(name string) shape.Table {
	b.t.Helper()
	schema, bare, ok := strings.Cut(name, ".")
	if !ok {
		schema, bare = "public", name
	}
	t := shape.Table{Schema: schema, Name: bare}
	require.NoError(b.t, b.QueryRow(b.t.Context(), "SELECT c.oid FROM pg_class c WHERE c.relnamespace = $1::text::regnamespace AND relname = $2::text", schema, bare).Scan(&t.OID))
	return t
}

func (b *bench) tables(names ...string) []shape.Table {
	b.t.Helper()
	var tables []shape.Table
	for _, n := range names {
		tables = append(tables, b.table(n))
	}
	return tables
}

func (b *bench) members() []string {
	b.t.Helper()
	rows, err := b.Query(b.t.Context(), "SELECT prrelid::regclass::text FROM pg_publication_rel ORDER BY 1")
	require.NoError(b.t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(b.t, err)
	return names
}

func (b *bench) identity(name string) string {
	b.t.Helper()
	var identity string
	require.NoError(b.t, b.QueryRow(b.t.Context(), "SELECT relreplident::text FROM pg_class WHERE oid = $1::text::regclass", name).Scan(&identity))
	return identity
}

func configure(t testing.TB, db DB, o Options, wanted []shape.Table) *Result {
	t.Helper()
	o.Publication = pub
	r, err := Configure(t.Context(), db, o, wanted)
	if err != nil {
		t.Fatalf("%s: %v", err.Kind, err)
	}
	return r
}

func names(tables []shape.Table) []string {
	var out []string
	for _, t := range tables {
		out = append(out, t.Name)
	}
	slices.Sort(out)
	return out
}

func TestConfigureMakesThePublicationFit(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`;
		CREATE SCHEMA "s.1"; CREATE TABLE "s.1"."Odd ""name" (id int); CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE stray (id int);
		ALTER PUBLICATION `+pub+` ADD TABLE b, stray`)
	odd := b.table(`a`)
	odd = shape.Table{Schema: "s.1", Name: `Odd "name`}
	require.NoError(t, b.QueryRow(t.Context(), `SELECT '"s.1"."Odd ""name"'::regclass::oid`).Scan(&odd.OID))
	wanted := append(b.tables("a", "b"), odd)

	r := configure(t, b, Options{}, wanted)
	require.Equal(t, []string{`Odd "name`, "a", "b"}, names(r.Configured))
	require.Equal(t, []string{"stray"}, names(r.Dropped))
	require.Empty(t, r.Failed)
	require.Equal(t, []string{`"s.1"."Odd ""name"`, "a", "b"}, b.members())
	for _, name := range []string{"a", "b", `"s.1"."Odd ""name"`} {
		require.Equal(t, "f", b.identity(name))
	}
	require.Equal(t, "d", b.identity("stray"))

	again := configure(t, b, Options{}, wanted)
	require.ElementsMatch(t, wanted, again.Configured)
	require.Empty(t, Diff(wanted, again.State).Steps)

	require.Equal(t, []string{`Odd "name`, "a", "b"}, names(configure(t, b, Options{}, nil).Dropped))
	require.Empty(t, b.members())
}

// Postgres does not hand the replica identity down, and an update of a leaf without it has no old row.
func TestLeavesOfPartitionedTablesGetTheIdentityToo(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`;
		CREATE TABLE root (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
		CREATE TABLE eu PARTITION OF root FOR VALUES IN ('eu') PARTITION BY RANGE (id);
		CREATE TABLE us PARTITION OF root FOR VALUES IN ('us');
		CREATE TABLE eu_low PARTITION OF eu FOR VALUES FROM (0) TO (10)`)
	wanted := b.tables("root")
	require.Equal(t, wanted, configure(t, b, Options{}, wanted).Configured)
	require.Equal(t, []string{"root"}, b.members())
	for _, name := range []string{"root", "us", "eu_low"} {
		require.Equal(t, "f", b.identity(name), name)
	}

	b.run(`CREATE TABLE eu_high PARTITION OF eu FOR VALUES FROM (10) TO (20)`)
	r := configure(t, b, Options{Manual: true}, wanted)
	require.Len(t, r.Failed, 1)
	require.Equal(t, MisconfiguredIdentity, r.Failed[0].Kind)
	require.Contains(t, r.Failed[0].Error(), "eu_high")
	require.Equal(t, wanted, configure(t, b, Options{}, wanted).Configured)
	require.Equal(t, "f", b.identity("eu_high"))
}

func TestTablesPublishedByOtherMeansAreLeftAsTheyAre(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+` FOR ALL TABLES;
		CREATE TABLE a (id int); ALTER TABLE a REPLICA IDENTITY FULL;
		CREATE TABLE root (id int) PARTITION BY LIST (id); ALTER TABLE root REPLICA IDENTITY FULL;
		CREATE TABLE empty_root (id int) PARTITION BY LIST (id); ALTER TABLE empty_root REPLICA IDENTITY FULL;
		CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1); ALTER TABLE leaf REPLICA IDENTITY FULL`)
	wanted := b.tables("a", "root", "empty_root", "leaf")
	for _, manual := range []bool{true, false} {
		r := configure(t, b, Options{Manual: manual}, wanted)
		require.ElementsMatch(t, wanted, r.Configured)
		require.Empty(t, r.Failed)
	}
	if pgserver.Shared(t).Binaries().Major >= 15 {
		b.run(`DROP PUBLICATION ` + pub + `; CREATE PUBLICATION ` + pub + ` FOR TABLES IN SCHEMA public`)
		require.ElementsMatch(t, b.tables("a", "root", "leaf"), configure(t, b, Options{Manual: true}, b.tables("a", "root", "leaf")).Configured)
	}
}

func TestManualPublicationIsOnlyLookedAt(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`;
		CREATE TABLE missing (id int); CREATE TABLE misconfigured (id int PRIMARY KEY); CREATE TABLE fine (id int); CREATE TABLE stray (id int);
		ALTER TABLE fine REPLICA IDENTITY FULL; ALTER PUBLICATION `+pub+` ADD TABLE misconfigured, fine, stray`)
	r := configure(t, b, Options{Manual: true}, b.tables("missing", "misconfigured", "fine"))
	require.True(t, r.Verified)
	require.Equal(t, b.tables("fine"), r.Configured)
	require.Empty(t, r.Dropped)
	kinds := map[string]Kind{}
	for _, err := range r.Failed {
		kinds[err.Table.Name] = err.Kind
	}
	require.Equal(t, map[string]Kind{"missing": RelationMissing, "misconfigured": MisconfiguredIdentity}, kinds)
	require.Equal(t, []string{"fine", "misconfigured", "stray"}, b.members())
	require.Equal(t, "d", b.identity("misconfigured"))
}

func TestPublicationOfSomebodyElseIsOnlyLookedAt(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`; CREATE TABLE t (id int)`)
	guest := b.as("publication_guest")
	r := configure(t, guest, Options{}, b.tables("t"))
	require.False(t, r.State.Owned)
	require.Len(t, r.Failed, 1)
	require.Equal(t, RelationMissing, r.Failed[0].Kind)
	require.NotContains(t, r.Failed[0].Error(), "MANUAL")
	b.run(`ALTER TABLE t REPLICA IDENTITY FULL; ALTER PUBLICATION ` + pub + ` ADD TABLE t`)
	require.Equal(t, b.tables("t"), configure(t, guest, Options{}, b.tables("t")).Configured)
}

func TestTableOfSomebodyElseCannotBeAdded(t *testing.T) {
	b := newBench(t, `CREATE TABLE theirs (id int)`)
	owner := b.as("publication_owner")
	b.run(`GRANT CREATE ON DATABASE ` + b.Config().ConnConfig.Database + ` TO publication_owner; GRANT CREATE ON SCHEMA public TO publication_owner`)
	for _, sql := range []string{`CREATE PUBLICATION ` + pub, `CREATE TABLE ours (id int)`} {
		_, err := owner.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	r := configure(t, owner, Options{}, b.tables("theirs", "ours"))
	require.Equal(t, b.tables("ours"), r.Configured, "one table does not stand in the way of another")
	require.Len(t, r.Failed, 1)
	require.Equal(t, MissingPrivilege, r.Failed[0].Kind)
	require.Equal(t, "Unable to create initial snapshot: must be owner of table theirs", r.Failed[0].Error())

	b.run(`ALTER PUBLICATION ` + pub + ` ADD TABLE theirs`)
	r = configure(t, owner, Options{}, b.tables("theirs", "ours"))
	require.Equal(t, MissingPrivilege, r.Failed[0].Kind, "its replica identity cannot be set either")
	require.Equal(t, []string{"ours", "theirs"}, b.members())
	r = configure(t, owner, Options{}, b.tables("ours"))
	require.Equal(t, b.tables("theirs"), r.Dropped)
}

func TestDroppedRenamedAndMovedTablesAreGone(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`; CREATE TABLE dropped (id int); CREATE TABLE renamed (id int); CREATE TABLE moved (id int); CREATE TABLE stays (id int)`)
	wanted := b.tables("dropped", "renamed", "moved", "stays")
	configure(t, b, Options{}, wanted)
	b.run(`DROP TABLE dropped; ALTER TABLE renamed RENAME TO other; CREATE TABLE renamed (id int); CREATE SCHEMA s; ALTER TABLE moved SET SCHEMA s`)
	r := configure(t, b, Options{}, wanted)
	require.Equal(t, []string{"stays"}, names(r.Configured))
	var gone []shape.Table
	for _, err := range r.Failed {
		require.Equal(t, SchemaChanged, err.Kind)
		gone = append(gone, err.Table)
	}
	require.ElementsMatch(t, wanted[:3], gone)
	require.Equal(t, []string{"stays"}, b.members())
}

// Between the look and the change the name may have gone to another table.
func TestStepDoesNotTouchANamesake(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`; CREATE TABLE t (id int)`)
	old := b.table("t")
	b.run(`DROP TABLE t; CREATE TABLE t (id int)`)
	err := Apply(t.Context(), b, pub, Step{Table: old, Add: true, Identity: []shape.Table{old}}, DefaultLimit)
	require.NotNil(t, err)
	require.Equal(t, SchemaChanged, err.Kind)
	require.Empty(t, b.members())
	require.Equal(t, "d", b.identity("t"))

	b.run(`ALTER PUBLICATION ` + pub + ` ADD TABLE t`)
	err = Apply(t.Context(), b, pub, Step{Table: old, Drop: true}, DefaultLimit)
	require.NotNil(t, err)
	require.Equal(t, []string{"t"}, b.members())
	b.run(`DROP TABLE t`)
	require.Nil(t, Apply(t.Context(), b, pub, Step{Table: old, Drop: true}, DefaultLimit))
	err = Apply(t.Context(), b, pub, Step{Table: old, Add: true}, DefaultLimit)
	require.Equal(t, SchemaChanged, err.Kind)
}

func TestWhatIsDoneAlreadyIsDone(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`; CREATE TABLE t (id int)`)
	table := b.table("t")
	for range 2 {
		require.Nil(t, Apply(t.Context(), b, pub, Step{Table: table, Add: true, Identity: []shape.Table{table}}, DefaultLimit))
		require.Equal(t, []string{"t"}, b.members())
		require.Equal(t, "f", b.identity("t"))
	}
	for range 2 {
		require.Nil(t, Apply(t.Context(), b, pub, Step{Table: table, Drop: true}, DefaultLimit))
		require.Empty(t, b.members())
	}
}

func TestLockedTableTimesOutAndChangesNothing(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`; CREATE TABLE locked (id int); CREATE TABLE free (id int)`)
	tx, err := b.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.Background())
	// ADD TABLE goes past this lock, REPLICA IDENTITY does not
	_, err = tx.Exec(t.Context(), "LOCK TABLE locked IN ACCESS SHARE MODE")
	require.NoError(t, err)
	start := time.Now()
	r := configure(t, b, Options{Limit: 300 * time.Millisecond}, b.tables("locked", "free"))
	require.Less(t, time.Since(start), 3*time.Second)
	require.Equal(t, b.tables("free"), r.Configured)
	require.Len(t, r.Failed, 1)
	require.Equal(t, LockTimeout, r.Failed[0].Kind)
	require.Equal(t, "Snapshot timed out while waiting for a table lock", r.Failed[0].Error())
	require.Equal(t, []string{"free"}, b.members(), "half a step would be worse than none")
	require.NoError(t, tx.Rollback(t.Context()))
	require.Len(t, configure(t, b, Options{}, b.tables("locked", "free")).Configured, 2)
}

// TestWritersWhoBeganBeforeATableIsPublishedAreWaitedFor: what they have written is not published, also if they commit later,
// and a snapshot taken before that commit would not contain it. The table has its replica identity, so that nothing else waits.
func TestWritersWhoBeganBeforeATableIsPublishedAreWaitedFor(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`; CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE TABLE leaf PARTITION OF t FOR VALUES IN (1);
		ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE leaf REPLICA IDENTITY FULL`)
	for _, target := range []string{"t", "leaf"} {
		tx, err := b.Begin(t.Context())
		require.NoError(t, err)
		defer tx.Rollback(context.Background())
		_, err = tx.Exec(t.Context(), "INSERT INTO "+target+" VALUES (1)")
		require.NoError(t, err)
		r := configure(t, b, Options{Limit: 300 * time.Millisecond}, b.tables("t"))
		require.Len(t, r.Failed, 1)
		require.Equal(t, LockTimeout, r.Failed[0].Kind)
		require.Empty(t, b.members())
		require.NoError(t, tx.Commit(t.Context()))
	}
	require.Equal(t, b.tables("t"), configure(t, b, Options{}, b.tables("t")).Configured)
	require.Equal(t, []string{"t"}, b.members())
}

func TestPublicationThatCannotCarryChangesIsAnErrorForAll(t *testing.T) {
	b := newBench(t, `CREATE TABLE t (id int)`)
	_, err := Configure(t.Context(), b, Options{Publication: pub}, b.tables("t"))
	require.Equal(t, PublicationMissing, err.Kind)
	require.Equal(t, `publication "electric_publication_test" does not exist`, err.Error())
	b.run(`CREATE PUBLICATION ` + pub + ` WITH (publish = 'insert, update, delete')`)
	_, err = Configure(t.Context(), b, Options{Publication: pub}, b.tables("t"))
	require.Equal(t, PublicationIncomplete, err.Kind)
	failed := Apply(t.Context(), b, "no_such", Step{Table: b.table("t"), Add: true}, DefaultLimit)
	require.Equal(t, PublicationMissing, failed.Kind)
}

func TestUnpublishableTableFailsInPostgresWords(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub+`; CREATE UNLOGGED TABLE t (id int)`)
	r := configure(t, b, Options{}, b.tables("t"))
	require.Len(t, r.Failed, 1)
	require.Equal(t, Unknown, r.Failed[0].Kind)
	require.Contains(t, r.Failed[0].Error(), "unlogged")
}

func TestLostConnectionIsAnErrorForAll(t *testing.T) {
	s := pgserver.ForTest(t)
	pool, err := pgxpool.New(t.Context(), s.URL("postgres"))
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, s.Kill())
	_, failed := Configure(t.Context(), pool, Options{Publication: pub}, nil)
	require.Equal(t, ConnectionNotAvailable, failed.Kind)
	require.Equal(t, "Database connection not available", failed.Error())
	failed = Apply(t.Context(), pool, pub, Step{Table: shape.Table{OID: 1}}, DefaultLimit)
	require.Equal(t, ConnectionNotAvailable, failed.Kind)
}

// Several instances, and several users of them, may configure at once.
func TestConcurrentConfigurationDoesNotDeadlock(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub)
	var all []string
	for i := range 6 {
		name := fmt.Sprintf("t%d", i)
		b.run(`CREATE TABLE ` + name + ` (id int)`)
		all = append(all, name)
	}
	wanted := b.tables(all...)
	config := b.Config()
	config.MaxConns = 6
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	for range 3 {
		b.run(`DROP PUBLICATION ` + pub + `; CREATE PUBLICATION ` + pub)
		for _, name := range all {
			b.run(`ALTER TABLE ` + name + ` REPLICA IDENTITY DEFAULT`)
		}
		var wg sync.WaitGroup
		for i := range 5 {
			mine := append(slices.Clone(wanted[i:]), wanted[:i]...)
			wg.Go(func() {
				r, err := Configure(context.Background(), pool, Options{Publication: pub}, mine)
				if err != nil || len(r.Failed) > 0 || len(r.Configured) != len(mine) {
					t.Errorf("%v, %+v", err, r)
				}
			})
		}
		wg.Wait()
	}
	require.Equal(t, all, b.members())
}

func TestReadSaysWhetherGeneratedColumnsAreCarried(t *testing.T) {
	b := newBench(t, `CREATE TABLE t (id int)`)
	with := ""
	if pgserver.Shared(t).Binaries().Major >= 18 {
		with = " WITH (publish_generated_columns = stored)"
	}
	b.run(`CREATE PUBLICATION ` + pub + with)
	s, err := Read(t.Context(), b, pub, nil)
	require.NoError(t, err)
	require.Equal(t, with != "", s.GeneratedColumns)
	require.True(t, s.Owned)
	require.Contains(t, NoGeneratedColumns(b.table("t"), pub).Error(), "does not publish generated columns")
}
