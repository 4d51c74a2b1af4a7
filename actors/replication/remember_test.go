package replication_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/replication"
	"leyden/internal/pg"
	"leyden/internal/pg/pgserver"
)

// confirmedFlush is what the server takes for acknowledged.
func (db *database) confirmedFlush() pg.LSN {
	return db.lsn("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" + db.slot() + "'")
}

func TestNothingIsAcknowledgedThatWouldNotBeRemembered(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int)")
	var remembered atomic.Uint64
	asked, allowed, over := make(chan pg.LSN), make(chan struct{}), make(chan struct{})
	f := db.follow(settings(func(c *replication.Config) {
		c.Acknowledging = func(lsn pg.LSN) error {
			select {
			case asked <- lsn:
				<-allowed
			case <-over:
			}
			remembered.Store(uint64(lsn))
			return nil
		}
	}))
	endAsking := sync.OnceFunc(func() { close(over) })
	t.Cleanup(endAsking) // before the client is stopped
	report := f.awaitPhase(replication.Streaming, 1).Report
	db.publish("items")
	db.exec("INSERT INTO items VALUES (1)")
	end := db.lsn("SELECT pg_current_wal_lsn()")
	f.await("the row", func() bool { return len(f.lines) == 2 })
	var lsn, before pg.LSN
	for lsn < end-100 { // of what came before, too
		lsn = <-asked
		confirmed := db.confirmedFlush()
		allowed <- struct{}{}
		require.LessOrEqual(t, confirmed, max(before, report.ConfirmedFlush))
		before = lsn
	}
	endAsking()
	db.confirmed(lsn)
	f.stop()
	require.LessOrEqual(t, db.confirmedFlush(), pg.LSN(remembered.Load()))
}

func TestAStreamThatCannotRememberEnds(t *testing.T) {
	db := newDatabase(t, pgserver.Shared(t))
	db.exec("CREATE TABLE items (id int)")
	full := errors.New("the disk is full")
	f := db.follow(settings(func(c *replication.Config) { c.Acknowledging = func(pg.LSN) error { return full } }))
	before := f.awaitPhase(replication.Streaming, 1).Report.ConfirmedFlush
	db.publish("items")
	db.exec("INSERT INTO items VALUES (1)")
	require.ErrorIs(t, f.awaitPhase(replication.BackingOff, 1).Err, full)
	f.stop()
	require.Equal(t, before, db.confirmedFlush())
}
