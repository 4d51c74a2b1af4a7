package publication

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/pg/connect"
	"leyden/internal/shape"
)

// Kind says what is wrong with a table or with the publication.
type Kind string

const (
	// About one table.
	RelationMissing       Kind = "relation_missing_from_publication"
	MisconfiguredIdentity Kind = "misconfigured_replica_identity"
	MissingPrivilege      Kind = "missing_privilege"
	LockTimeout           Kind = "table_lock_timeout"
	SchemaChanged         Kind = "schema_changed" // dropped, renamed, or moved: its shapes are of a table that is no more

	// About the publication, and so about all tables.
	PublicationMissing    Kind = "publication_missing"
	PublicationIncomplete Kind = "publication_missing_operations"

	// About either.
	LacksGeneratedColumns  Kind = "publication_missing_generated_columns"
	ConnectionNotAvailable Kind = "connection_not_available"
	Unknown                Kind = "unknown"
)

// Error is what keeps tables from being followed. Its text is what a client is told.
type Error struct {
	Kind    Kind
	Table   shape.Table // zero when it is about the publication
	Message string
	Err     error // what Postgres said, if it was asked
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// relation is how the texts for clients name a table.
func relation(t shape.Table) string { return `"` + t.Schema + "." + t.Name + `"` }

func missing(t shape.Table, publication string, manual bool) *Error {
	why := "and the database role has no privilege to add it"
	if manual {
		why = "and the ELECTRIC_MANUAL_TABLE_PUBLISHING setting prevents Electric from adding it"
	}
	return &Error{Kind: RelationMissing, Table: t,
		Message: fmt.Sprintf("Database table %s is missing from the publication %q %s", relation(t), publication, why)}
}

func misconfigured(t shape.Table) *Error {
	return &Error{Kind: MisconfiguredIdentity, Table: t,
		Message: fmt.Sprintf("Database table %s does not have its replica identity set to FULL", relation(t))}
}

func schemaChanged(t shape.Table) *Error {
	return &Error{Kind: SchemaChanged, Table: t, Message: fmt.Sprintf("Database table %s has been dropped or renamed", relation(t))}
}

// NoGeneratedColumns is the error of a table whose shapes need generated columns while the publication does not carry them.
func NoGeneratedColumns(t shape.Table, publication string) *Error {
	return &Error{Kind: LacksGeneratedColumns, Table: t, Message: fmt.Sprintf(
		"The publication %q does not publish generated columns: since PostgreSQL 18 its parameter publish_generated_columns can be set to stored", publication)}
}

// SQLSTATEs that mean something here.
const (
	codeDuplicateObject       = "42710"
	codeUndefinedObject       = "42704"
	codeUndefinedTable        = "42P01"
	codeInvalidSchema         = "3F000"
	codeInsufficientPrivilege = "42501"
	codeLockNotAvailable      = "55P03"
	codeDeadlock              = "40P01"
	codeQueryCanceled         = "57014"
	codeObjectInUse           = "55006"
)

func code(err error) string {
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		return said.Code
	}
	return ""
}

// explain turns what happened while a table was altered into what its clients are told. limited says that the time for it
// was up.
func explain(t shape.Table, err error, limited bool) *Error {
	if known, ok := errors.AsType[*Error](err); ok {
		return &Error{Kind: known.Kind, Table: t, Message: known.Message, Err: err}
	}
	e := &Error{Table: t, Err: err, Kind: Unknown, Message: err.Error()}
	said, isServer := errors.AsType[*pgconn.PgError](err)
	if isServer {
		e.Message = said.Message
		if said.Detail != "" {
			e.Message += ": " + said.Detail
		}
	}
	switch c := code(err); {
	case c == codeInsufficientPrivilege:
		e.Kind, e.Message = MissingPrivilege, "Unable to create initial snapshot: "+said.Message
	case c == codeLockNotAvailable, c == codeDeadlock, c == codeQueryCanceled, limited && errors.Is(err, context.DeadlineExceeded):
		e.Kind, e.Message = LockTimeout, "Snapshot timed out while waiting for a table lock"
	case c == codeUndefinedTable, c == codeInvalidSchema:
		return &Error{Kind: SchemaChanged, Table: t, Message: schemaChanged(t).Message, Err: err}
	case c == codeUndefinedObject: // the table exists: it is the publication that does not
		e.Kind = PublicationMissing
	case connect.IsConnectionTrouble(err):
		e.Kind, e.Message = ConnectionNotAvailable, "Database connection not available"
	}
	return e
}
