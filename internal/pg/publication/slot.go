package publication

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"leyden/internal/pg"
)

// Name is what the publication of a stream is called.
func Name(stream string) string { return "electric_publication_" + stream }

// SlotName is what the replication slot of a stream is called.
func SlotName(stream string) string { return "electric_slot_" + stream }

// Slot is a replication slot as it is.
type Slot struct {
	Name      string
	Plugin    string
	Database  string
	Temporary bool
	ActivePID uint32 // the walsender that reads from it, 0 for none
	// RestartLSN is where the WAL that the slot retains begins, ConfirmedFlush what its reader has acknowledged. 0 when unknown.
	RestartLSN, ConfirmedFlush pg.LSN
	// Retained is how many bytes of WAL the slot keeps from being removed.
	Retained int64
	// Lost: WAL that the slot needs is gone, and so is the use of it.
	Lost bool
}

// ErrSlotActive reports that a slot cannot be dropped because somebody reads from it. After a client died that can last a
// while.
var ErrSlotActive = errors.New("replication slot is active")

// ReadSlot describes a slot; nil when there is none of that name.
func ReadSlot(ctx context.Context, db DB, name string) (*Slot, error) {
	s := &Slot{Name: name}
	var restart, confirmed string
	err := db.QueryRow(ctx, `
		SELECT coalesce(plugin::text, ''), coalesce(database::text, ''), temporary, coalesce(active_pid, 0),
			coalesce(restart_lsn::text, '0/0'), coalesce(confirmed_flush_lsn::text, '0/0'), coalesce(wal_status = 'lost', false),
			coalesce(pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
				ELSE pg_catalog.pg_current_wal_lsn() END, restart_lsn), 0)::int8
		FROM pg_catalog.pg_replication_slots WHERE slot_name = $1::text`, name).
		Scan(&s.Plugin, &s.Database, &s.Temporary, &s.ActivePID, &restart, &confirmed, &s.Lost, &s.Retained)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		s.RestartLSN, err = pg.ParseLSN(restart)
	}
	if err == nil {
		s.ConfirmedFlush, err = pg.ParseLSN(confirmed)
	}
	if err != nil {
		return nil, fmt.Errorf("read slot %q: %w", name, err)
	}
	return s, nil
}

// DropSlot drops a slot. A slot that does not exist is dropped; one that somebody reads from is ErrSlotActive.
func DropSlot(ctx context.Context, db DB, name string) error {
	_, err := db.Exec(ctx, "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1::text", name)
	switch code(err) {
	case codeUndefinedObject: // somebody else was faster
		return nil
	case codeObjectInUse:
		return fmt.Errorf("drop slot %q: %w: %w", name, ErrSlotActive, err)
	}
	if err != nil {
		return fmt.Errorf("drop slot %q: %w", name, err)
	}
	return nil
}

// Drop drops the publication. One that does not exist is dropped.
func Drop(ctx context.Context, db DB, name string) error {
	if _, err := db.Exec(ctx, "DROP PUBLICATION IF EXISTS "+quote(name)); err != nil {
		return fmt.Errorf("drop publication %q: %w", name, err)
	}
	return nil
}
