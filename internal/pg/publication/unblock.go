package publication

import (
	"context"
	"errors"
	"fmt"
)

const codeUndefinedFunction = "42883"

// ErrCannotUnblock reports that this server, or this role, has no way to log a standby snapshot.
var ErrCannotUnblock = errors.New("pg_log_standby_snapshot is not available")

// LogStandbySnapshot makes the server write down which transactions run. Creating a slot waits for that after the
// transactions that it waited for have ended, and on an idle database nothing else is written.
func LogStandbySnapshot(ctx context.Context, db DB) error {
	_, err := db.Exec(ctx, "SELECT pg_catalog.pg_log_standby_snapshot()")
	switch code(err) {
	case codeUndefinedFunction, codeInsufficientPrivilege:
		return fmt.Errorf("%w: %w", ErrCannotUnblock, err)
	}
	if err != nil {
		return fmt.Errorf("log a standby snapshot: %w", err)
	}
	return nil
}

// BreakLock terminates the sessions of this database that hold the advisory lock of the slot although nobody reads from the
// slot: what is left of an instance that died. It spares the session own, and does nothing when the slot does not exist or
// is read from. It gives the process ids of what it terminated.
func BreakLock(ctx context.Context, db DB, slot string, own uint32) ([]uint32, error) {
	var terminated []uint32
	err := db.QueryRow(ctx, `
		WITH broken AS (
			SELECT l.pid, pg_catalog.pg_terminate_backend(l.pid) AS done
			FROM pg_catalog.pg_locks l
			WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> $2::text::int4
				AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
				AND (l.classid::int8 << 32) | l.objid::int8 = pg_catalog.hashtext($1::text)::int8
				AND EXISTS (SELECT FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1::text AND NOT s.active)
		)
		SELECT coalesce(pg_catalog.array_agg(pid::int8), '{}') FROM broken WHERE done`, slot, fmt.Sprint(own)).Scan(&terminated)
	if err != nil {
		return nil, fmt.Errorf("break the lock of slot %q: %w", slot, err)
	}
	return terminated, nil
}

// Terminate ends the session with that process id. One that does not exist is ended.
func Terminate(ctx context.Context, db DB, pid uint32) error {
	if _, err := db.Exec(ctx, "SELECT pg_catalog.pg_terminate_backend($1::text::int4)", fmt.Sprint(pid)); err != nil {
		return fmt.Errorf("terminate session %d: %w", pid, err)
	}
	return nil
}
