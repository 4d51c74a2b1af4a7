package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/internal/change"
	"leyden/internal/pg"
	postgres "leyden/internal/pg/connect"
	"leyden/internal/pg/pgoutput"
	"leyden/internal/pg/pgserver"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
	"leyden/internal/where"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

func connect(t testing.TB, url string) *pgconn.PgConn {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	require.NoError(t, err)
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		conn.Close(ctx)
		<-conn.CleanupDone()
	})
	return conn
}

// database returns two connections to a database with what sql makes.
func database(t testing.TB, sql string) (one, other *pgconn.PgConn) {
	t.Helper()
	url := pgserver.Shared(t).NewDatabase(t)
	one, other = connect(t, url), connect(t, url)
	exec(t, other, sql)
	return one, other
}

func exec(t testing.TB, conn *pgconn.PgConn, sql string) [][][]byte {
	t.Helper()
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	require.NoError(t, err)
	if len(results) == 0 {
		return nil
	}
	return results[len(results)-1].Rows
}

// recorder keeps what a snapshot says.
type recorder struct {
	snapshot pg.Snapshot
	lsn      pg.LSN
	rows     []string
	onKnown  func() error
	onRow    func(n int) error
}

func (r *recorder) Known(s pg.Snapshot, lsn pg.LSN) error {
	r.snapshot, r.lsn = s, lsn
	if r.onKnown != nil {
		return r.onKnown()
	}
	return nil
}

func (r *recorder) Row(json []byte) error {
	r.rows = append(r.rows, string(json))
	if r.onRow != nil {
		return r.onRow(len(r.rows))
	}
	return nil
}

func (r *recorder) ids(t *testing.T) (ids []string) {
	for _, row := range r.rows {
		var message struct{ Value map[string]string }
		require.NoError(t, json.Unmarshal([]byte(row), &message))
		ids = append(ids, message.Value["id"])
	}
	return ids
}

func definition(selected ...string) *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{Table: shape.Table{Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: selected}}
}

func clause(t *testing.T, text string) *where.Clause {
	t.Helper()
	c, err := where.Compile(text, nil, []where.Column{{Name: "id", Type: "int4"}, {Name: "title", Type: "text"}})
	require.NoError(t, err)
	return c
}

const tenItems = `CREATE TABLE items (id int PRIMARY KEY, title text); INSERT INTO items SELECT i, 'item ' || i FROM generate_series(1, 10) i`

func idle(t *testing.T, conn *pgconn.PgConn) {
	t.Helper()
	require.False(t, conn.IsClosed())
	require.Equal(t, byte('I'), conn.TxStatus())
	require.Equal(t, "1", string(exec(t, conn, "SELECT 1")[0][0]), "the connection can be used again")
}

func TestASnapshotOfATable(t *testing.T) {
	conn, _ := database(t, tenItems)
	var got recorder
	var progress []snapshot.Stats
	stats, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: definition("id", "title"), Progress: func(s snapshot.Stats) { progress = append(progress, s) }}, &got)
	require.NoError(t, err)
	require.Equal(t, `{"key":"\"public\".\"items\"/\"1\"","value":{"id":"1","title":"item 1"},"headers":{"operation":"insert","relation":["public","items"]}}`, got.rows[0])
	require.Len(t, got.rows, 10)
	bytes := 0
	for _, row := range got.rows {
		bytes += len(row)
	}
	require.Equal(t, snapshot.Stats{Rows: 10, Bytes: int64(bytes)}, stats)
	require.Equal(t, []snapshot.Stats{stats}, progress)
	require.Positive(t, got.snapshot.Xmax)
	require.Positive(t, got.lsn)
	idle(t, conn)
}

func TestWhereAndSubset(t *testing.T) {
	conn, _ := database(t, tenItems)
	d := definition("id", "title")
	d.Where = clause(t, "id < 4 OR id > 8")
	limit, offset := int64(2), int64(1)
	for name, c := range map[string]struct {
		subset *snapshot.Subset
		want   []string
	}{
		"all":                      {nil, []string{"1", "2", "3", "9", "10"}},
		"both wheres have an or":   {&snapshot.Subset{Where: "id = 2 OR id = 5"}, []string{"2"}},
		"order, limit and offset":  {&snapshot.Subset{OrderBy: "id DESC", Limit: &limit, Offset: &offset}, []string{"9", "3"}},
		"subset without condition": {&snapshot.Subset{OrderBy: "id"}, []string{"1", "2", "3", "9", "10"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got recorder
			_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: d, Subset: c.subset}, &got)
			require.NoError(t, err)
			require.Equal(t, c.want, got.ids(t))
			idle(t, conn)
		})
	}
}

func TestChangesOnlyReadsTheDatabaseSnapshotAndNoRows(t *testing.T) {
	conn, _ := database(t, tenItems)
	d := definition("id", "title")
	d.Log = shape.LogChangesOnly
	var got recorder
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: d}, &got)
	require.NoError(t, err)
	require.Empty(t, got.rows)
	require.Positive(t, got.snapshot.Xmax)
	idle(t, conn)
	_, err = snapshot.Run(t.Context(), conn, snapshot.Query{Def: d, Subset: &snapshot.Subset{Mark: 7}}, &got)
	require.NoError(t, err)
	require.Len(t, got.rows, 10, "a subset has rows in either mode")
}

func TestRowsAreFromTheSnapshotThatWasTold(t *testing.T) {
	conn, other := database(t, tenItems)
	open := exec(t, other, "BEGIN; INSERT INTO items VALUES (11, 'not yet committed'); SELECT pg_current_xact_id()::text")
	got := recorder{onKnown: func() error {
		exec(t, other, "COMMIT; INSERT INTO items VALUES (12, 'after')")
		return nil
	}}
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: definition("id", "title")}, &got)
	require.NoError(t, err)
	require.Len(t, got.rows, 10)
	xid, err := strconv.ParseUint(string(open[0][0]), 10, 64)
	require.NoError(t, err)
	require.False(t, got.snapshot.Visible(uint32(xid)))
	require.True(t, got.snapshot.Visible(uint32(xid-1)))
}

func TestRowsAreKnownToTheSinkBeforeTheQueryHasAny(t *testing.T) {
	conn, other := database(t, tenItems)
	exec(t, other, "SELECT pg_advisory_lock(42)")
	got := recorder{onKnown: func() error { exec(t, other, "SELECT pg_advisory_unlock(42)"); return nil }}
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: definition("id", "title"), Subset: waiting}, &got)
	require.NoError(t, err)
	require.Len(t, got.rows, 10)
}

// waiting makes a query wait for the advisory lock 42, after its snapshot.
var waiting = &snapshot.Subset{Where: "pg_advisory_xact_lock_shared(42)::text IS NOT NULL"}

// TestATruncateThatTheSnapshotWaitsForIsInIt: had the snapshot been taken before the wait, its rows would be those after the
// truncation, while the log went on with transactions before it.
func TestATruncateThatTheSnapshotWaitsForIsInIt(t *testing.T) {
	conn, other := database(t, tenItems)
	truncation := exec(t, other, "BEGIN; TRUNCATE items; INSERT INTO items VALUES (99, 'new'); SELECT pg_current_xact_id()::text")
	xid, err := strconv.ParseUint(string(truncation[0][0]), 10, 64)
	require.NoError(t, err)
	committed := make(chan struct{})
	go func() {
		defer close(committed)
		for string(exec(t, other, "SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0]) == "0" {
		}
		exec(t, other, "COMMIT")
	}()
	var got recorder
	_, err = snapshot.Run(t.Context(), conn, snapshot.Query{Def: definition("id", "title")}, &got)
	<-committed
	require.NoError(t, err)
	require.Len(t, got.rows, 1)
	require.True(t, got.snapshot.Visible(uint32(xid)))
}

func TestADatabasesStatementTimeoutDoesNotEndASnapshot(t *testing.T) {
	conn, _ := database(t, tenItems)
	exec(t, conn, "SET statement_timeout = '1ms'")
	d := definition("id", "title")
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: d, Subset: &snapshot.Subset{Where: "pg_sleep(0.005) IS NOT NULL"}}, &recorder{})
	require.NoError(t, err)
	require.Equal(t, "1ms", string(exec(t, conn, "SHOW statement_timeout")[0][0]))
}

func TestASessionThatIsNotTheSettledOneIsNotReliedOn(t *testing.T) {
	url := pgserver.Shared(t).NewDatabase(t)
	exec(t, connect(t, url), tenItems)
	conn, err := pgconn.Connect(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, postgres.Settle(t.Context(), conn))
	raw, err := conn.Hijack()
	require.NoError(t, err)
	raw.PID++
	moved, err := pgconn.Construct(raw)
	require.NoError(t, err)
	defer moved.Close(context.Background())
	require.True(t, postgres.Settled(moved))
	var got recorder
	_, err = snapshot.Run(t.Context(), moved, snapshot.Query{Def: definition("id")}, &got)
	var told *snapshot.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, snapshot.ConnectionNotAvailable, told.Kind)
	require.Empty(t, got.rows)
	_, err = snapshot.Run(t.Context(), moved, snapshot.Query{Def: definition("id")}, &got)
	require.NoError(t, err)
	require.Len(t, got.rows, 10)
}

func TestErrorsOfTheQuery(t *testing.T) {
	conn, other := database(t, tenItems+`; CREATE TABLE secret (id int PRIMARY KEY); DROP ROLE IF EXISTS reader; CREATE ROLE reader; GRANT SELECT ON items TO reader`)
	defer func() { exec(t, other, "DROP OWNED BY reader; DROP ROLE reader") }()
	exec(t, conn, "SET ROLE reader")
	secret := definition("id")
	secret.Table.Name = "secret"
	gone := definition("id")
	gone.Table.Name = "gone"
	for name, c := range map[string]struct {
		query  snapshot.Query
		kind   snapshot.Kind
		status int
		text   string
		known  bool
	}{
		"table gone":      {snapshot.Query{Def: gone}, snapshot.SchemaChanged, http.StatusConflict, `relation "public.gone" does not exist`, true},
		"column gone":     {snapshot.Query{Def: definition("id", "gone")}, snapshot.SchemaChanged, http.StatusConflict, `column "gone" does not exist`, true},
		"no privilege":    {snapshot.Query{Def: secret}, snapshot.MissingPrivilege, 503, "Unable to create initial snapshot: permission denied for table secret", true},
		"unknown":         {snapshot.Query{Def: definition("id"), Subset: &snapshot.Subset{Where: "nonsense !"}}, snapshot.DatabaseTrouble, 503, `syntax error at or near ")"`, true},
		"value in subset": {snapshot.Query{Def: definition("id"), Subset: &snapshot.Subset{Where: "id = 'x'"}}, snapshot.BadValue, 400, `invalid input syntax for type integer: "x"`, true},
		"fails half-way":  {snapshot.Query{Def: definition("id"), Subset: &snapshot.Subset{Where: "1 / (5 - id) IS NOT NULL"}}, snapshot.BadValue, 400, "division by zero", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := snapshot.Run(t.Context(), conn, c.query, &recorder{})
			var said *snapshot.Error
			require.ErrorAs(t, err, &said)
			require.Equal(t, c.kind, said.Kind)
			require.Equal(t, c.status, said.Status)
			require.Equal(t, c.text, said.Message)
			require.Equal(t, c.known, said.Known)
			idle(t, conn)
		})
	}
}

func TestErrorsAreSortedByCode(t *testing.T) {
	for _, c := range []struct {
		err    error
		subset bool
		kind   snapshot.Kind
		status int
		text   string
	}{
		{&pgconn.PgError{Code: "42883", Message: "operator"}, false, snapshot.SchemaChanged, 409, "operator"},
		{&pgconn.PgError{Code: "22012", Message: "division by zero"}, false, snapshot.Unknown, 500, "Unexpected error while creating snapshot: division by zero"},
		{&pgconn.PgError{Code: "22P02", Message: "bad"}, true, snapshot.BadValue, 400, "bad"},
		{&pgconn.PgError{Code: "55P03", Message: "lock"}, false, snapshot.TableLockTimeout, 503, "Snapshot timed out while waiting for a table lock"},
		{&pgconn.PgError{Code: "57P01", Message: "bye"}, false, snapshot.ConnectionNotAvailable, 503, "Database connection not available"},
		{&pgconn.PgError{Code: "53100", Message: "disk full"}, false, snapshot.DatabaseTrouble, 503, "disk full"},
		{&pgconn.PgError{Code: "42704", Message: `publication "p" does not exist`}, false, snapshot.MissingPublication, 503, `publication "p" does not exist`},
		{io.ErrUnexpectedEOF, false, snapshot.ConnectionNotAvailable, 503, "Database connection not available"},
		{errors.New("nobody knows"), false, snapshot.Unknown, 500, "Unexpected error while creating snapshot: nobody knows"},
		{snapshot.PoolBusy(nil), false, snapshot.QueueTimeout, 503, "Snapshot creation failed because of a connection pool queue timeout"},
	} {
		got := snapshot.Classify(fmt.Errorf("wrapped: %w", c.err), c.subset)
		require.Equal(t, c.kind, got.Kind, "%v", c.err)
		require.Equal(t, c.status, got.Status)
		if c.kind != snapshot.Unknown {
			require.Equal(t, c.text, got.Message)
		}
		require.Equal(t, c.kind != snapshot.Unknown, got.Known)
	}
}

func TestASlowQueryIsCancelledOnTheServer(t *testing.T) {
	conn, other := database(t, tenItems)
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{
		Def: definition("id"), Subset: &snapshot.Subset{Where: "pg_sleep(600) IS NULL"}, FirstRow: 50 * time.Millisecond,
	}, &recorder{})
	var said *snapshot.Error
	require.ErrorAs(t, err, &said)
	require.Equal(t, snapshot.SlowQuery, said.Kind)
	require.Equal(t, 503, said.Status)
	require.Contains(t, said.Message, "(cancelled after 50ms)")
	require.True(t, conn.IsClosed())
	require.Eventually(t, func() bool {
		return string(exec(t, other, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active' AND datname = current_database()")[0][0]) == "0"
	}, 5*time.Second, 5*time.Millisecond, "the server still works on it")
}

func TestALockOnTheTableIsWaitedForNoLongerThanTheFirstRow(t *testing.T) {
	conn, other := database(t, tenItems)
	exec(t, other, "BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: definition("id"), FirstRow: 50 * time.Millisecond}, &recorder{})
	var said *snapshot.Error
	require.ErrorAs(t, err, &said)
	require.Equal(t, snapshot.TableLockTimeout, said.Kind)
	require.Equal(t, "Snapshot timed out while waiting for a table lock", said.Message)
}

func TestTheTimeLimitEndsWithTheFirstRow(t *testing.T) {
	conn, _ := database(t, tenItems)
	got := recorder{onRow: func(n int) error {
		if n == 1 {
			time.Sleep(60 * time.Millisecond) // a sink that is slow is not a query that is
		}
		return nil
	}}
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: definition("id"), FirstRow: 50 * time.Millisecond}, &got)
	require.NoError(t, err)
	require.Len(t, got.rows, 10)
}

const manyItems = `CREATE TABLE items (id int PRIMARY KEY, title text); INSERT INTO items SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i`

func TestASinkThatFailsEndsTheQuery(t *testing.T) {
	conn, _ := database(t, manyItems)
	full := errors.New("disk full")
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: definition("id", "title")}, &recorder{onRow: func(n int) error {
		if n == 3 {
			return full
		}
		return nil
	}})
	require.ErrorIs(t, err, full)

	small, other := database(t, tenItems)
	var got recorder
	got.onKnown = func() error { return full }
	_, err = snapshot.Run(t.Context(), small, snapshot.Query{Def: definition("id")}, &got)
	require.ErrorIs(t, err, full)
	require.Empty(t, got.rows)
	idle(t, small) // what was left was little

	exec(t, other, "SELECT pg_advisory_lock(42)")
	_, err = snapshot.Run(t.Context(), small, snapshot.Query{Def: definition("id"), Subset: waiting}, &got)
	require.ErrorIs(t, err, full)
	require.True(t, small.IsClosed())
}

func TestACancelledContextEndsTheQuery(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	conn, _ := database(t, manyItems)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := snapshot.Run(ctx, conn, snapshot.Query{Def: definition("id", "title")}, &recorder{onRow: func(n int) error {
		if n == 3 {
			cancel()
		}
		return nil
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, conn.IsClosed())
	_, err = snapshot.Run(ctx, conn, snapshot.Query{Def: definition("id")}, &recorder{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestALostConnection(t *testing.T) {
	conn, other := database(t, manyItems)
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: definition("id", "title")}, &recorder{onRow: func(n int) error {
		if n == 1 {
			exec(t, other, fmt.Sprintf("SELECT pg_terminate_backend(%d)", conn.PID()))
		}
		return nil
	}})
	var said *snapshot.Error
	require.ErrorAs(t, err, &said)
	require.Equal(t, snapshot.ConnectionNotAvailable, said.Kind)
}

// everyType has a key of every shape of text and values of every type whose text form is a matter of settings.
const everyType = `
CREATE TYPE mood AS ENUM ('sad', 'happy/very'); CREATE DOMAIN small AS int CHECK (VALUE < 10); CREATE TYPE point2 AS (x float8, y text);
CREATE TABLE items (b bool, i int, t text, c char(5), m mood, f4 float4, f8 float8, n numeric(20, 4), ba bytea, u uuid, d date, ti time, ttz timetz,
  ts timestamp, tstz timestamptz, iv interval, j json, jb jsonb, ia int[], ta text[], ba2 bool[], comp point2, comps point2[], dom small, ip inet, ci cidr,
  r int4range, mr int4multirange, x xml, big text, vc varchar(9), nu int, PRIMARY KEY (t, b, ip, c, ba));
ALTER TABLE items ALTER big SET STORAGE EXTERNAL;
ALTER TABLE items REPLICA IDENTITY FULL;
CREATE PUBLICATION p FOR TABLE items`

const everyRow = `INSERT INTO items VALUES
 (true, -1, 'a/b"c\d' || E'\n\t', 'x', 'happy/very', 0.1, 1e300, 12.5, '\x00ff5c', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '2024-01-31', '13:45:00.120', '13:45:00+02',
  '2024-01-31 13:45:00.5', '2024-01-31 13:45:00+02', '1 year 2 mons 3 days 04:05:06', '{ "a" : 1 }', '{ "a" : [1,  2] }', '{1,NULL,3}', '{a,"b c",NULL,"\\"}', '{t,f}',
  '(1.5,"a b")', ARRAY['(1,"x")'::point2], 7, '10.0.0.1', '10.0.0.0/8', '[1,5)', '{[1,2),[5,7)}', '<a>é😀</a>', repeat('0123456789', 2000), 'v', NULL),
 (false, 0, '', '', 'sad', 'NaN', '-Infinity', 'NaN', '', '00000000-0000-0000-0000-000000000000', '-infinity', '00:00', '00:00+00', 'infinity', '0044-03-15 12:00:00+00 BC', '0', 'null', 'null',
  '{}', '{}', '{}', NULL, NULL, NULL, '::1/64', '::/0', 'empty', '{}', '', '', '', NULL)`

func TestSnapshotAndLogSayTheSameOfEveryType(t *testing.T) {
	conn, other := database(t, everyType)
	exec(t, other, "SELECT pg_create_logical_replication_slot('same_of_every_type', 'pgoutput')")
	exec(t, other, everyRow)
	exec(t, other, postgres.SessionSQL()) // as replication connections have them
	exec(t, conn, "SET DateStyle = 'SQL, MDY'; SET TimeZone = 'Asia/Tokyo'; SET bytea_output = 'escape'; SET extra_float_digits = -5; SET IntervalStyle = 'sql_standard'; SET client_encoding = 'LATIN1'")
	d := &shape.Definition{Layout: &shape.Layout{Table: shape.Table{Schema: "public", Name: "items"}, Key: []string{"t", "b", "ip", "c", "ba"}}}
	for _, row := range exec(t, other, "SELECT attname FROM pg_attribute WHERE attrelid = 'items'::regclass AND attnum > 0 ORDER BY attname COLLATE \"C\"") {
		d.Selected = append(d.Selected, string(row[0]))
	}
	var got recorder
	_, err := snapshot.Run(t.Context(), conn, snapshot.Query{Def: d}, &got)
	require.NoError(t, err)
	require.Len(t, got.rows, 2)
	require.NoError(t, postgres.Settle(t.Context(), conn))
	var settled recorder
	_, err = snapshot.Run(t.Context(), conn, snapshot.Query{Def: d}, &settled)
	require.NoError(t, err)
	require.Equal(t, got.rows, settled.rows)

	fragmenter := pgoutput.NewFragmenter(pgoutput.Options{})
	projections := change.NewProjections()
	encoder := projections.Encoder()
	result := other.ExecParams(t.Context(), "SELECT data FROM pg_logical_slot_get_binary_changes('same_of_every_type', NULL, NULL, 'proto_version', '1', 'publication_names', 'p')",
		nil, nil, nil, []int16{1}).Read()
	require.NoError(t, result.Err)
	var logged []string
	for _, row := range result.Rows {
		events, err := fragmenter.Feed(row[0])
		require.NoError(t, err)
		for _, e := range events {
			if e.Fragment == nil {
				continue
			}
			emissions := change.NewEmissions(len(e.Fragment.Changes))
			for i := range e.Fragment.Changes {
				items, err := emissions.Emit(encoder, projections.For(d), e.Fragment, e.Fragment.Changes, i, false, true, false)
				require.NoError(t, err)
				for _, item := range items {
					logged = append(logged, string(item.JSON))
				}
			}
		}
	}
	require.Len(t, logged, 2)
	type message struct {
		Key   string
		Value map[string]any
	}
	for i := range logged {
		var fromLog, fromSnapshot message
		require.NoError(t, json.Unmarshal([]byte(logged[i]), &fromLog))
		require.NoError(t, json.Unmarshal([]byte(got.rows[i]), &fromSnapshot))
		require.Equal(t, fromLog, fromSnapshot)
	}
}
