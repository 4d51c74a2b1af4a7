package replication_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"leyden/actors/replication"
	"leyden/internal/pg"
	"leyden/internal/pg/connect"
	"leyden/internal/pg/pgoutput"
	"leyden/internal/pg/pgserver"
)

func TestFollowsAllKindsOfChanges(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int PRIMARY KEY, title text, big text); ALTER TABLE items ALTER big SET STORAGE EXTERNAL; CREATE TABLE tags (tag text); CREATE TABLE private (id int)")
	f := db.follow()
	f.awaitPhase(replication.Streaming, 1)
	db.publish("items", "tags")

	db.exec("INSERT INTO items VALUES (1, NULL, repeat('x', 9000)), (2, '', '')")
	db.exec("INSERT INTO private VALUES (1)") // not published
	db.exec("UPDATE items SET title = 'a' WHERE id = 1")
	db.exec("BEGIN; DELETE FROM items WHERE id = 2; INSERT INTO tags VALUES ('t'); COMMIT")
	db.exec("TRUNCATE items, tags")
	db.exec("ALTER TABLE tags ADD n int; INSERT INTO tags VALUES ('u', 7)")
	f.awaitLines(
		"relation items",
		"I(1,null,9000 bytes) I(2,,)",
		"U(1,null,9000 bytes)(1,a,9000 bytes)",
		"relation tags",
		"D(2,,) I(t)",
		"T T",
		"relation tags",
		"I(u,7)",
	)
	db.confirmed(db.lsn("SELECT pg_current_wal_lsn()"))
}

func TestATransactionThatIsOpenDuringAKeepaliveIsNotLost(t *testing.T) {
	db := newDatabase(t, pgserver.ForTest(t)) // nobody else may write WAL
	db.exec("CREATE TABLE items (id int)")
	f := db.follow()
	f.awaitPhase(replication.Streaming, 1)
	db.publish("items")
	writer := db.session()
	run(t, writer, "BEGIN; INSERT INTO items VALUES (1)")
	db.exec("CHECKPOINT") // brings the insert to the disk, and so to the walsender, which tells the end of the log
	end := db.lsn("SELECT pg_current_wal_insert_lsn()")
	db.confirmed(end)
	f.stop()
	require.Equal(t, end, db.lsn("SELECT pg_current_wal_insert_lsn()"), "the commit record must stand where the keepalive ended")
	run(t, writer, "COMMIT")

	again := db.follow()
	again.awaitLines("relation items", "I(1)")
}

func TestKeepalivesGoOnWithoutCredit(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int, title text)")
	const timeout = time.Second
	f := db.follow(holding, settings(func(c *replication.Config) {
		c.Connect = connector(db.address, "replication", "database", "wal_sender_timeout", timeout.String())
		c.Credit = replication.NewCredit(1<<20, 0)
	}))
	f.awaitPhase(replication.Streaming, 1)
	db.publish("items")
	db.exec("INSERT INTO items SELECT i, repeat('x', 1000) FROM generate_series(1, 30000) i") // more than the socket holds
	f.await("all credit is taken", func() bool { return f.credit.Taken() > 900_000 })
	f.mu.Lock()
	before := f.rows
	f.mu.Unlock()
	db.exec("SELECT pg_sleep(%f)", 2.2*timeout.Seconds())
	f.mu.Lock()
	require.Equal(t, before, f.rows, "nothing passes without credit")
	require.LessOrEqual(t, f.most, int64(1<<20))
	f.hold = false
	f.mu.Unlock()
	f.credit.Release(f.credit.Taken())
	f.await("all rows", func() bool { return f.rows == 30000 })
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.states {
		require.NotEqual(t, replication.BackingOff, s.Phase, "the connection was lost: %v", s.Err)
	}
}

func TestALargeTransactionTakesNoMoreThanTheCredit(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int, title text)")
	const credit = 256 << 10
	f := db.follow(settings(func(c *replication.Config) { c.Credit = replication.NewCredit(credit, 0) }))
	f.awaitPhase(replication.Streaming, 1)
	db.publish("items")
	db.exec("INSERT INTO items SELECT i, repeat('x', 100) FROM generate_series(1, 200000) i")
	f.await("all rows", func() bool { return f.rows == 200_000 && len(f.lines) == 2 })
	f.mu.Lock()
	require.LessOrEqual(t, f.most, int64(credit))
	f.mu.Unlock()
	require.Eventually(t, func() bool { return f.credit.Taken() == 0 }, patience, time.Millisecond, "all of it comes back")
	db.confirmed(db.lsn("SELECT pg_current_wal_lsn()"))
}

func TestWhatConcernsNoShapeIsAcknowledged(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int); CREATE TABLE private (id int)")
	f := db.follow()
	f.awaitPhase(replication.Streaming, 1)
	db.exec("INSERT INTO private SELECT generate_series(1, 100)") // comes as nothing but a keepalive
	db.confirmed(db.lsn("SELECT pg_current_wal_lsn()"))
	db.publish("items")
	db.exec("INSERT INTO items VALUES (1)") // the sink confirms it before it returns
	db.confirmed(db.lsn("SELECT pg_current_wal_lsn()"))
}

func TestWhatIsNotFlushedIsNotAcknowledgedAndComesAgain(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int)")
	f := db.follow(unflushed)
	f.awaitPhase(replication.Streaming, 1)
	db.publish("items")
	db.exec("INSERT INTO items VALUES (1)")
	first := db.lsn("SELECT pg_current_wal_lsn()")
	db.exec("INSERT INTO items VALUES (2)")
	f.awaitLines("relation items", "I(1)", "I(2)")
	f.client.FlushBoundary(first - 1) // inside of the first commit record, above its start
	db.confirmed(first - 7)
	require.Less(t, db.lsn("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '"+db.slot()+"'"), first+1)
	db.exec("SELECT pg_terminate_backend(%d)", f.awaitPhase(replication.Streaming, 1).Report.BackendPID)

	lost := f.awaitPhase(replication.BackingOff, 1)
	var said *pgconn.PgError
	require.ErrorAs(t, lost.Err, &said)
	require.Equal(t, "57P01", said.Code)
	require.Equal(t, time.Second, lost.Wait)
	back := f.awaitPhase(replication.Streaming, 2)
	require.False(t, back.Report.CreatedSlot)
	require.False(t, back.Report.CreatedPublication)
	f.awaitLines("relation items", "I(1)", "I(2)", "I(2)")
}

func TestARestartOfTheServerIsSurvived(t *testing.T) {
	server := pgserver.ForTest(t)
	db := newDatabase(t, server)
	db.exec("CREATE TABLE items (id int)")
	f := db.follow()
	f.awaitPhase(replication.Streaming, 1)
	db.publish("items")
	db.exec("INSERT INTO items VALUES (1)")
	f.awaitLines("relation items", "I(1)")
	db.confirmed(db.lsn("SELECT pg_current_wal_lsn()"))
	closeConn(db.conn)
	require.NoError(t, server.Restart(t.Context()))
	db.conn = db.session()
	db.exec("INSERT INTO items VALUES (2)")
	// Servers before 17 forget at a restart what was acknowledged last, and send it again.
	f.await("the second row", func() bool { return f.lines[len(f.lines)-1] == "I(2)" })
}

func TestASlotThatIsInUseIsTriedAgain(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	f := db.follow()
	f.awaitPhase(replication.Streaming, 1)
	f.stop()
	db.occupy()
	again := db.follow()
	lost := again.awaitPhase(replication.BackingOff, 1)
	require.Equal(t, connect.SlotInUse, connect.Classify(lost.Err).Type)
	db.vacate()
	again.awaitPhase(replication.Streaming, 1)
}

func TestOnlyOneInstanceStreams(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	first := db.follow()
	first.awaitPhase(replication.Streaming, 1)
	second := db.follow(settings(func(c *replication.Config) {
		c.Connect = connector(db.address, "replication", "database", "statement_timeout", "20ms")
	}))
	again := second.awaitPhase(replication.WaitingForLock, 3)
	require.ErrorContains(t, again.Err, "statement timeout")
	first.stop()
	second.awaitPhase(replication.Streaming, 1)
}

func TestAStopWhileWaitingForTheLock(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	first := db.follow()
	first.awaitPhase(replication.Streaming, 1)
	second := db.follow()
	second.awaitPhase(replication.WaitingForLock, 1)
	second.stop()
	second.awaitPhase(replication.Stopped, 1)
}

func TestAStopAcknowledgesWhatIsFlushed(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int)")
	f := db.follow()
	f.awaitPhase(replication.Streaming, 1)
	db.publish("items")
	for i := range 5 {
		db.exec("INSERT INTO items VALUES (%d)", i)
	}
	end := db.lsn("SELECT pg_current_wal_lsn()")
	f.await("all transactions", func() bool { return f.flushed == 5 })
	f.stop()
	// The server may still have to read the last message.
	require.Eventually(t, func() bool { return !db.active() }, patience, time.Millisecond)
	again := db.follow()
	report := again.awaitPhase(replication.Ready, 1).Report
	require.Greater(t, report.ConfirmedFlush, end-100)
	db.exec("INSERT INTO items VALUES (99)")
	again.awaitLines("relation items", "I(99)")
}

func TestAnUpdateWithoutTheOldRowEndsTheStream(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int PRIMARY KEY, title text)")
	f := db.follow()
	f.awaitPhase(replication.Streaming, 1)
	db.exec("ALTER PUBLICATION %s ADD TABLE items", db.publication())
	db.exec("INSERT INTO items VALUES (1, 'a'); UPDATE items SET title = 'b'")
	failed := f.awaitPhase(replication.Failed, 1)
	require.Equal(t, connect.DropSlot, connect.Classify(failed.Err).Class)
	var notFull *pgoutput.ErrReplicaNotFull
	require.ErrorAs(t, failed.Err, &notFull)
	require.Equal(t, "items", notFull.Table)
}

func TestATransactionAboveTheLimitEndsTheStream(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int, title text)")
	f := db.follow(settings(func(c *replication.Config) { c.Fragments.MaxTransactionBytes = 10_000 }))
	f.awaitPhase(replication.Streaming, 1)
	db.publish("items")
	db.exec("INSERT INTO items SELECT i, repeat('x', 90) FROM generate_series(1, 50) i")
	db.exec("INSERT INTO items SELECT i, repeat('x', 90) FROM generate_series(1, 500) i")
	failed := f.awaitPhase(replication.Failed, 1)
	require.Equal(t, connect.IrrecoverableSlot, connect.Classify(failed.Err).Type)
	require.ErrorContains(t, failed.Err, "more than the configured maximum of 10000 bytes")
}

func TestTheGateHoldsTheStream(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	refused := errors.New("the shapes have to go first")
	open := make(chan error)
	f := db.follow(settings(func(c *replication.Config) {
		c.Gate = func(ctx context.Context, r *replication.Report) error {
			select {
			case err := <-open:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}))
	report := f.awaitPhase(replication.Ready, 1).Report
	require.True(t, report.CreatedSlot)
	require.False(t, db.active())
	open <- refused
	require.ErrorIs(t, f.awaitPhase(replication.BackingOff, 1).Err, refused)
	f.awaitPhase(replication.Ready, 2)
	open <- nil
	f.awaitPhase(replication.Streaming, 1)
}

func TestDrainReadsWhatTheServerDelivers(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int, title text); CREATE PUBLICATION %s FOR TABLE items", db.publication())
	db.exec("SELECT pg_create_logical_replication_slot('%s', 'pgoutput')", db.slot())
	for range 20 {
		db.exec("INSERT INTO items SELECT i, 'title' FROM generate_series(1, 10) i")
	}
	conn, err := connector(db.address, "replication", "database")(t.Context())
	require.NoError(t, err)
	drained, err := replication.Drain(t.Context(), conn, db.slot(), db.publication(), 200)
	require.NoError(t, err)
	closeConn(conn)
	require.Equal(t, int64(200), drained.Rows)
	require.Equal(t, int64(20), drained.Transactions)
	require.Greater(t, drained.Bytes, int64(20*10*10))
	require.LessOrEqual(t, drained.FirstRow, drained.Elapsed)
	db.confirmed(pg.LSN(1))
	require.Eventually(t, func() bool { return !db.active() }, patience, time.Millisecond, "the server lets go of the slot")
	require.Equal(t, "0", db.exec("SELECT count(*) FROM pg_logical_slot_peek_binary_changes('%s', NULL, NULL, 'proto_version', '1', 'publication_names', '%s')", db.slot(), db.publication())[0], fmt.Sprint(drained))
}
