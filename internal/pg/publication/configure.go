package publication

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"leyden/internal/pg/connect"
	"leyden/internal/shape"
)

// DefaultLimit is how long altering one table may take, waiting for its locks included.
const DefaultLimit = 5 * time.Second

// Options say what to configure, and how.
type Options struct {
	Publication string
	// Manual: the publication and the tables are kept by hand; look, but do not alter.
	Manual bool
	// Limit for each table; DefaultLimit if 0.
	Limit time.Duration
}

// Result says for each wanted table how it went. A table is in Configured or in Failed.
type Result struct {
	Configured []shape.Table
	Failed     []*Error
	Dropped    []shape.Table // not wanted, and taken out of the publication
	// Verified: nothing was altered because it must not be.
	Verified bool
	State    *State // before
}

// Configure makes the wanted tables, and no others, be followed through the publication. An error is about the publication or
// the connection, and so about all tables.
func Configure(ctx context.Context, db DB, o Options, wanted []shape.Table) (*Result, *Error) {
	state, err := Read(ctx, db, o.Publication, wanted)
	if err != nil {
		return nil, globalError(err)
	}
	r := &Result{State: state}
	if err := state.Check(); err != nil {
		return r, err
	}
	plan := Diff(wanted, state)
	r.Configured = plan.Keep
	for _, t := range plan.Gone {
		r.Failed = append(r.Failed, schemaChanged(t))
	}
	if o.Manual || !state.Owned {
		r.Failed = append(r.Failed, plan.Verify(o.Manual)...)
		r.Verified = true
		return r, nil
	}
	limit := o.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	for _, step := range plan.Steps {
		failed := Apply(ctx, db, o.Publication, step, limit)
		switch {
		case failed != nil && failed.Kind == PublicationMissing:
			return r, failed
		case failed != nil && !step.Drop:
			r.Failed = append(r.Failed, failed)
		case failed != nil: // it stays in the publication, which costs something and breaks nothing; the next call tries again
		case step.Drop:
			r.Dropped = append(r.Dropped, step.Table)
		default:
			r.Configured = append(r.Configured, step.Table)
		}
	}
	return r, nil
}

func globalError(err error) *Error {
	e := &Error{Kind: Unknown, Message: err.Error(), Err: err}
	if connect.IsConnectionTrouble(err) {
		e.Kind, e.Message = ConnectionNotAvailable, "Database connection not available"
	}
	return e
}

// Apply does a step in a transaction of its own, within the limit. What somebody else has done already is done.
func Apply(ctx context.Context, db DB, publication string, s Step, limit time.Duration) *Error {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := pgx.BeginFunc(bounded, db, func(tx pgx.Tx) error { return s.apply(bounded, tx, publication, limit) })
	if err == nil {
		return nil
	}
	return explain(s.Table, err, bounded.Err() != nil && ctx.Err() == nil)
}

// apply puts the table into the publication before it touches the table: ALTER TABLE takes the stronger lock, and whoever
// takes a stronger lock after a weaker one can deadlock only with those who do it the other way round.
func (s Step) apply(ctx context.Context, tx pgx.Tx, publication string, limit time.Duration) error {
	// The server gives up a little before we do. Were it the other way round, it would go on waiting for the lock with
	// nobody there, and hold up everybody who comes after it.
	timeout := fmt.Sprintf("SET LOCAL lock_timeout = %[1]d; SET LOCAL statement_timeout = %[1]d", max(1, limit.Milliseconds()*9/10))
	if _, err := tx.Exec(ctx, timeout, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("limit the wait for locks: %w", err)
	}
	alter := "ALTER PUBLICATION " + quote(publication)
	switch {
	case s.Drop:
		if err := tolerate(ctx, tx, alter+" DROP TABLE "+qualified(s.Table), codeUndefinedObject, codeUndefinedTable, codeInvalidSchema); err != nil {
			return fmt.Errorf("drop table %s from publication %q: %w", relation(s.Table), publication, err)
		}
	case s.Add:
		if err := tolerate(ctx, tx, alter+" ADD TABLE "+qualified(s.Table), codeDuplicateObject); err != nil {
			return fmt.Errorf("add table %s to publication %q: %w", relation(s.Table), publication, err)
		}
	}
	for _, t := range s.Identity {
		if _, err := tx.Exec(ctx, "ALTER TABLE "+qualified(t)+" REPLICA IDENTITY FULL"); err != nil {
			return fmt.Errorf("set the replica identity of table %s: %w", relation(t), err)
		}
	}
	if s.Add {
		// Postgres publishes a change by what the publication was when the change was made, not when it was committed. So
		// whoever writes to the table now is waited for: his commit comes before this one, and a snapshot taken after it
		// contains what is not published. Others write on when this is committed.
		if _, err := tx.Exec(ctx, "LOCK TABLE "+qualified(s.Table)+" IN SHARE MODE"); err != nil {
			return fmt.Errorf("wait for the writers of table %s: %w", relation(s.Table), err)
		}
	}
	return confirm(ctx, tx, append(s.Identity[:len(s.Identity):len(s.Identity)], s.Table), s.Drop)
}

// confirm looks afterwards, when locks hold the names in place, whether they were those of the tables that were meant: each may
// have been given to another table since the plan was made.
func confirm(ctx context.Context, tx pgx.Tx, tables []shape.Table, mayBeGone bool) error {
	for _, t := range tables {
		var oid uint32
		err := tx.QueryRow(ctx, "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = $2::text",
			t.Schema, t.Name).Scan(&oid)
		switch {
		case errors.Is(err, pgx.ErrNoRows) && mayBeGone:
		case errors.Is(err, pgx.ErrNoRows), err == nil && oid != t.OID:
			return schemaChanged(t)
		case err != nil:
			return fmt.Errorf("look up table %s: %w", relation(t), err)
		}
	}
	return nil
}

// tolerate runs sql so that an error of one of the codes leaves the transaction as it was.
func tolerate(ctx context.Context, tx pgx.Tx, sql string, codes ...string) error {
	err := pgx.BeginFunc(ctx, tx, func(nested pgx.Tx) error {
		_, err := nested.Exec(ctx, sql)
		return err
	})
	for _, c := range codes {
		if code(err) == c {
			return nil
		}
	}
	return err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func qualified(t shape.Table) string { return pgx.Identifier{t.Schema, t.Name}.Sanitize() }
