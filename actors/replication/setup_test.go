package replication_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/replication"
	"leyden/internal/pg"
	"leyden/internal/pg/connect"
	"leyden/internal/pg/pgserver"
)

func TestTheFirstConnectionMakesPublicationAndSlot(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	first := db.follow()
	r := first.awaitPhase(replication.Streaming, 1).Report
	require.True(t, r.CreatedPublication)
	require.True(t, r.OwnsPublication)
	require.True(t, r.CreatedSlot)
	require.Equal(t, db.exec("SELECT system_identifier FROM pg_control_system()")[0], r.SystemID)
	require.Equal(t, int32(1), r.Timeline)
	require.GreaterOrEqual(t, r.ServerVersion, 140000)
	require.Equal(t, 30*time.Second, r.WALSenderTimeout)
	require.Positive(t, r.ConfirmedFlush)
	require.Equal(t, []string{"t"}, db.exec("SELECT pid = %d FROM pg_stat_replication WHERE pid = %d", r.BackendPID, r.BackendPID))
	require.Equal(t, []string{"1"}, db.exec("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = %d AND objsubid = 1 AND ((classid::bigint << 32) | objid::bigint) = hashtext('%s')::bigint", r.BackendPID, db.slot()))
	first.stop()

	r = db.follow().awaitPhase(replication.Streaming, 1).Report
	require.False(t, r.CreatedPublication)
	require.True(t, r.OwnsPublication)
	require.False(t, r.CreatedSlot)
	require.Equal(t, db.lsn("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '"+db.slot()+"'"), r.ConfirmedFlush)
}

func TestASlotIsNotOlderThanItsPublication(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	first := db.follow()
	old := first.awaitPhase(replication.Streaming, 1).Report
	first.stop()
	db.exec("DROP PUBLICATION %s; CREATE TABLE items (id int)", db.publication())
	r := db.follow().awaitPhase(replication.Streaming, 1).Report
	require.True(t, r.CreatedPublication)
	require.True(t, r.CreatedSlot)
	require.Greater(t, r.ConfirmedFlush, old.ConfirmedFlush)
}

func TestAPublicationIsNotMadeWhileItsOldSlotIsInUse(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	first := db.follow()
	first.awaitPhase(replication.Streaming, 1)
	first.stop()
	db.occupy()
	db.exec("DROP PUBLICATION %s", db.publication())

	again := db.follow()
	require.Equal(t, connect.SlotInUse, connect.Classify(again.awaitPhase(replication.BackingOff, 1).Err).Type)
	require.Equal(t, "0", db.exec("SELECT count(*) FROM pg_publication")[0])
	db.vacate()
	r := again.awaitPhase(replication.Streaming, 1).Report
	require.True(t, r.CreatedPublication)
	require.True(t, r.CreatedSlot)
}

func TestATemporarySlotEndsWithItsConnection(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	f := db.follow(settings(func(c *replication.Config) { c.TemporarySlot = true }))
	f.awaitPhase(replication.Streaming, 1)
	require.Equal(t, "t", db.exec("SELECT temporary FROM pg_replication_slots WHERE slot_name = '%s'", db.slot())[0])
	f.stop()
	require.Eventually(t, func() bool {
		return len(db.exec("SELECT 1 FROM pg_replication_slots WHERE slot_name = '%s'", db.slot())) == 0
	}, patience, time.Millisecond)
}

func TestAUserWhoMayNotMakeThePublication(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	role := "role_" + db.name
	db.exec("CREATE ROLE %s LOGIN REPLICATION", role)
	defer func() { db.exec("DROP OWNED BY %s; DROP ROLE %s", role, role) }()
	u, err := url.Parse(db.address)
	require.NoError(t, err)
	u.User = url.User(role)
	as := settings(func(c *replication.Config) { c.Connect = connector(u.String(), "replication", "database") })

	failed := db.follow(as).awaitPhase(replication.Failed, 1)
	require.Equal(t, connect.ConfigError, connect.Classify(failed.Err).Type)
	require.ErrorContains(t, failed.Err, "does not exist and the database user may not create it")

	db.exec("CREATE PUBLICATION %s WITH (publish = 'insert, update, delete')", db.publication())
	failed = db.follow(as).awaitPhase(replication.Failed, 1)
	require.ErrorContains(t, failed.Err, "does not publish all of")

	db.exec("ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate')", db.publication())
	f := db.follow(as)
	require.False(t, f.awaitPhase(replication.Streaming, 1).Report.OwnsPublication)
	f.stop()
}

func TestNamesAreQuoted(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	name := `It's "a" \ name, b`
	f := db.follow(settings(func(c *replication.Config) { c.Publication = name }))
	f.awaitPhase(replication.Streaming, 1)
	db.exec(`CREATE TABLE items (id int); ALTER PUBLICATION "It's ""a"" \ name, b" ADD TABLE items; INSERT INTO items VALUES (1)`)
	f.awaitLines("relation items", "I(1)")
	require.Equal(t, name, db.exec("SELECT pubname FROM pg_publication")[0])
	db.confirmed(pg.LSN(1))
}

func TestADatabaseInAnotherEncoding(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	latin := db.name + "_latin"
	db.exec("CREATE DATABASE %s ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", latin)
	defer func() {
		require.Eventually(t, func() bool {
			return len(db.exec("SELECT 1 FROM pg_replication_slots WHERE slot_name = '%s'", db.slot())) == 0
		}, patience, time.Millisecond)
		db.exec("DROP DATABASE %s WITH (FORCE)", latin)
	}()
	u, err := url.Parse(db.address)
	require.NoError(t, err)
	u.Path = "/" + latin
	f := db.follow(settings(func(c *replication.Config) {
		c.Connect = connector(u.String(), "replication", "database")
		c.TemporarySlot = true
	}))
	f.awaitPhase(replication.Streaming, 1)
	session, err := connector(u.String(), "client_encoding", "UTF8")(t.Context())
	require.NoError(t, err)
	defer closeConn(session)
	run(t, session, "CREATE TABLE items (title text); ALTER PUBLICATION "+db.publication()+" ADD TABLE items; INSERT INTO items VALUES ('é')")
	f.awaitLines("relation items", "I(é)")
	f.stop()
}
