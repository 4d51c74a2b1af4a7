package publication

import (
	"context"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
)

func TestSlotIsReadAndDropped(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION `+pub)
	slot := SlotName("read_and_dropped")
	got, err := ReadSlot(t.Context(), b, slot)
	require.NoError(t, err)
	require.Nil(t, got)
	require.NoError(t, DropSlot(t.Context(), b, slot))

	b.run(`SELECT pg_create_logical_replication_slot('` + slot + `', 'pgoutput')`)
	b.run(`CREATE TABLE t AS SELECT generate_series(1, 1000)`)
	got, err = ReadSlot(t.Context(), b, slot)
	require.NoError(t, err)
	require.Equal(t, "pgoutput", got.Plugin)
	require.Equal(t, b.Config().ConnConfig.Database, got.Database)
	require.NotZero(t, got.ConfirmedFlush)
	require.LessOrEqual(t, got.RestartLSN, got.ConfirmedFlush)
	require.Positive(t, got.Retained)
	require.False(t, got.Lost)
	require.False(t, got.Temporary)
	require.Zero(t, got.ActivePID)

	c := replication(t, b)
	require.NoError(t, pglogrepl.StartReplication(t.Context(), c, slot, 0, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names '" + pub + "'"},
	}))
	got, err = ReadSlot(t.Context(), b, slot)
	require.NoError(t, err)
	require.Equal(t, c.PID(), got.ActivePID)
	require.ErrorIs(t, DropSlot(t.Context(), b, slot), ErrSlotActive)

	require.NoError(t, Terminate(t.Context(), b, c.PID()))
	require.Eventually(t, func() bool { return DropSlot(t.Context(), b, slot) == nil }, waitFor, tick)
	got, err = ReadSlot(t.Context(), b, slot)
	require.NoError(t, err)
	require.Nil(t, got)
	require.NoError(t, Terminate(t.Context(), b, c.PID()), "it is gone already")
}

func replication(t *testing.T, b *bench) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), pgserver.Shared(t).URL(b.Config().ConnConfig.Database)+"&replication=database")
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func TestPublicationIsDropped(t *testing.T) {
	b := newBench(t, `CREATE PUBLICATION "odd name"`)
	for range 2 {
		require.NoError(t, Drop(t.Context(), b, "odd name"))
	}
	s, err := Read(t.Context(), b, "odd name", nil)
	require.NoError(t, err)
	require.False(t, s.Exists)
	require.Equal(t, "electric_publication_default", Name("default"))
	require.Equal(t, "electric_slot_default", SlotName("default"))
}

func TestLockOfADeadInstanceIsBroken(t *testing.T) {
	b := newBench(t, `SELECT`)
	// one name with a positive hash and one with a negative: the key is sign-extended to 64 bits
	for _, slot := range []string{"lock_a", "lock_b", "lock_c", "lock_d"} {
		holder := replication(t, b)
		hold(t, holder, slot)
		broken, err := BreakLock(t.Context(), b, slot, 0)
		require.NoError(t, err)
		require.Empty(t, broken, "there is no slot: its instance is just starting")

		b.run(`SELECT pg_create_logical_replication_slot('` + slot + `', 'pgoutput')`)
		broken, err = BreakLock(t.Context(), b, slot, holder.PID())
		require.NoError(t, err)
		require.Empty(t, broken, "the holder is ourselves")
		broken, err = BreakLock(t.Context(), b, "lock_other", 0)
		require.NoError(t, err)
		require.Empty(t, broken)

		broken, err = BreakLock(t.Context(), b, slot, 0)
		require.NoError(t, err)
		require.Equal(t, []uint32{holder.PID()}, broken)
		hold(t, replication(t, b), slot)
	}
	b.run(`CREATE PUBLICATION ` + pub)
	reader := replication(t, b)
	hold(t, reader, "lock_read")
	b.run(`SELECT pg_create_logical_replication_slot('lock_read', 'pgoutput')`)
	require.NoError(t, pglogrepl.StartReplication(t.Context(), reader, "lock_read", 0, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names '" + pub + "'"},
	}))
	broken, err := BreakLock(t.Context(), b, "lock_read", 0)
	require.NoError(t, err)
	require.Empty(t, broken, "its holder is at work")
}

// hold takes the lock of a slot as an instance does, and waits for it.
func hold(t *testing.T, c *pgconn.PgConn, slot string) {
	t.Helper()
	require.NoError(t, c.Exec(t.Context(), "SELECT pg_advisory_lock(hashtext('"+slot+"'))").Close())
}

func TestStandbySnapshotWhereTheServerHasIt(t *testing.T) {
	err := LogStandbySnapshot(t.Context(), newBench(t, `SELECT`))
	if pgserver.Shared(t).Binaries().Major >= 16 {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, ErrCannotUnblock)
	}
}
