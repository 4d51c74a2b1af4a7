package replication

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/pg"
	"leyden/internal/pg/connect"
)

// SQLSTATEs that set-up knows what to do with.
const (
	codeDuplicateObject       = "42710"
	codeInsufficientPrivilege = "42501"
	codeQueryCanceled         = "57014"
)

// encoding is that of everything in Leyden; the server converts to it whatever the database has.
const encoding = "SET client_encoding = 'UTF8'"

// setUp takes a connection from connected to ready to stream. Its order is the point of it: no other instance
// may be at work while the publication and the slot are made, and the slot must be younger than the publication.
func setUp(ctx context.Context, conn *pgconn.PgConn, c *Config) (*Report, error) {
	r := &Report{}
	system, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("identify system: %w", err)
	}
	r.SystemID, r.Timeline = system.SystemID, system.Timeline
	if err := describeServer(ctx, conn, r); err != nil {
		return nil, fmt.Errorf("describe the server: %w", err)
	}
	c.notify(State{Phase: WaitingForLock})
	if err := lock(ctx, conn, c); err != nil {
		return nil, fmt.Errorf("take the lock of slot %q: %w", c.Slot, err)
	}
	c.notify(State{Phase: Configuring})
	if err := createPublication(ctx, conn, c, r); err != nil {
		return nil, err
	}
	if err := createSlot(ctx, conn, c, r); err != nil {
		return nil, err
	}
	if _, err := query(ctx, conn, connect.SessionSQL()+encoding); err != nil {
		return nil, fmt.Errorf("set the display settings: %w", err)
	}
	return r, nil
}

func describeServer(ctx context.Context, conn *pgconn.PgConn, r *Report) error {
	row, err := queryRow(ctx, conn, `SELECT current_setting('server_version_num'), pg_backend_pid(), setting FROM pg_settings WHERE name = 'wal_sender_timeout'`)
	if err != nil {
		return err
	}
	version, err1 := strconv.Atoi(row[0])
	pid, err2 := strconv.ParseUint(row[1], 10, 32)
	milliseconds, err3 := strconv.Atoi(row[2])
	r.ServerVersion, r.BackendPID = version, uint32(pid)
	r.WALSenderTimeout = time.Duration(milliseconds) * time.Millisecond
	return errors.Join(err1, err2, err3)
}

// lock waits for the instance that streams from this slot to go. A statement timeout of the database ends a wait, not
// the waiting.
func lock(ctx context.Context, conn *pgconn.PgConn, c *Config) error {
	for {
		_, err := query(ctx, conn, "SELECT pg_advisory_lock(hashtext("+literal(c.Slot)+"))")
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != codeQueryCanceled || !strings.Contains(pgErr.Message, "statement timeout") {
			return err
		}
		c.notify(State{Phase: WaitingForLock, Err: err})
	}
}

// createPublication makes the publication if it is not there. Changes may have been made while there was none, so the slot
// of an earlier one is dropped, in the same transaction: were only one of the two done, the next attempt would take a slot
// with a hole for a good one.
func createPublication(ctx context.Context, conn *pgconn.PgConn, c *Config, r *Report) error {
	create := "CREATE PUBLICATION " + identifier(c.Publication)
	if r.ServerVersion >= 180000 {
		create += " WITH (publish_generated_columns = stored)"
	}
	_, err := query(ctx, conn, "BEGIN; "+create+
		"; SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = "+literal(c.Slot)+"; COMMIT")
	if err == nil {
		r.CreatedPublication, r.OwnsPublication = true, true
		return nil
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return fmt.Errorf("create publication %q: %w", c.Publication, err)
	}
	if _, rollbackErr := query(ctx, conn, "ROLLBACK"); rollbackErr != nil {
		return fmt.Errorf("create publication %q: %w, %w", c.Publication, err, rollbackErr)
	}
	switch pgErr.Code {
	case codeDuplicateObject:
		r.OwnsPublication = true
		return nil
	case codeInsufficientPrivilege:
		return checkPublication(ctx, conn, c)
	}
	return fmt.Errorf("create publication %q: %w", c.Publication, err)
}

// checkPublication looks at the publication that somebody else has to provide.
func checkPublication(ctx context.Context, conn *pgconn.PgConn, c *Config) error {
	rows, err := query(ctx, conn, "SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate FROM pg_publication WHERE pubname = "+literal(c.Publication))
	switch {
	case err != nil:
		return fmt.Errorf("read publication %q: %w", c.Publication, err)
	case len(rows) == 0:
		return &ConfigError{fmt.Sprintf("the publication %q does not exist and the database user may not create it", c.Publication)}
	case rows[0][0] != "t":
		return &ConfigError{fmt.Sprintf("the publication %q does not publish all of insert, update, delete and truncate", c.Publication)}
	}
	return nil
}

func createSlot(ctx context.Context, conn *pgconn.PgConn, c *Config, r *Report) error {
	created, err := pglogrepl.CreateReplicationSlot(ctx, conn, identifier(c.Slot), "pgoutput",
		pglogrepl.CreateReplicationSlotOptions{Temporary: c.TemporarySlot, SnapshotAction: "NOEXPORT_SNAPSHOT", Mode: pglogrepl.LogicalReplication})
	if err == nil {
		r.CreatedSlot = true
		if r.ConfirmedFlush, err = pg.ParseLSN(created.ConsistentPoint); err != nil {
			return fmt.Errorf("consistent point %q of slot %q: %w", created.ConsistentPoint, c.Slot, err)
		}
		return nil
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != codeDuplicateObject {
		return fmt.Errorf("create slot %q: %w", c.Slot, err)
	}
	row, err := queryRow(ctx, conn, "SELECT coalesce(confirmed_flush_lsn::text, ''), coalesce(plugin, '') FROM pg_replication_slots WHERE slot_name = "+literal(c.Slot))
	if err != nil {
		return fmt.Errorf("read slot %q: %w", c.Slot, err)
	}
	if row[1] != "pgoutput" {
		return &ConfigError{fmt.Sprintf("the replication slot %q belongs to something else: its plugin is %q", c.Slot, row[1])}
	}
	if r.ConfirmedFlush, err = pg.ParseLSN(row[0]); err != nil {
		return fmt.Errorf("confirmed position %q of slot %q: %w", row[0], c.Slot, err)
	}
	return nil
}

func startStreaming(ctx context.Context, conn *pgconn.PgConn, c *Config) error {
	err := pglogrepl.StartReplication(ctx, conn, identifier(c.Slot), 0, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names " + commandLiteral(identifier(c.Publication))},
	})
	if err != nil {
		return fmt.Errorf("start replication from slot %q: %w", c.Slot, err)
	}
	return nil
}

// query runs simple-protocol statements, the only ones a walsender takes, and gives the rows of all of them as text.
func query(ctx context.Context, conn *pgconn.PgConn, sql string) (rows [][]string, err error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	for _, result := range results {
		for _, values := range result.Rows {
			row := make([]string, len(values))
			for i, v := range values {
				row[i] = string(v)
			}
			rows = append(rows, row)
		}
	}
	return rows, err
}

func queryRow(ctx context.Context, conn *pgconn.PgConn, sql string) ([]string, error) {
	rows, err := query(ctx, conn, sql)
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("%d rows in place of one", len(rows))
	}
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }

// commandLiteral quotes for a replication command, whose grammar knows no escapes.
func commandLiteral(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// literal quotes for SQL under either setting of standard_conforming_strings.
func literal(text string) string {
	quoted := commandLiteral(text)
	if strings.Contains(text, `\`) {
		return " E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
