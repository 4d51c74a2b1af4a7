package snapshot

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/pg/connect"
)

// Kind says why a snapshot could not be taken.
type Kind string

const (
	SchemaChanged          Kind = "schema_changed" // the shape's table is not what it was: clients start anew
	MissingPrivilege       Kind = "missing_privilege"
	TableLockTimeout       Kind = "table_lock_timeout"
	QueueTimeout           Kind = "queue_timeout"
	SlowQuery              Kind = "slow_snapshot_query"
	SlowStart              Kind = "slow_snapshot_start"
	ConnectionNotAvailable Kind = "connection_not_available"
	MissingPublication     Kind = "publication_missing"
	DatabaseTrouble        Kind = "database_trouble" // known not to be the shape's fault
	Storage                Kind = "storage"
	BadValue               Kind = "bad_value" // in a subset's where; only Postgres could find it
	Unknown                Kind = "unknown"
)

// Error is why a snapshot could not be taken, as its clients are told.
type Error struct {
	Kind Kind
	// Status is the HTTP status: 409 says must-refetch, and needs no message.
	Status  int
	Message string
	// Known: the message is one of a list, which clients of a proxy may be shown.
	Known bool
	// Cause is what happened, nil when the message says it all.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return fmt.Sprintf("%s: %v", e.Kind, e.Cause)
}

func (e *Error) Unwrap() error { return e.Cause }

func unavailable(k Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: k, Status: http.StatusServiceUnavailable, Message: fmt.Sprintf(format, args...), Known: true, Cause: cause}
}

func slowStart() *Error {
	return unavailable(SlowStart, nil, "Snapshot query took too long to start reading from the database")
}

func slowQuery(limit time.Duration) *Error {
	return unavailable(SlowQuery, nil, "Snapshot query took too long to return data (cancelled after %dms). "+
		"Please ensure snapshot queries are using an index to avoid taking up all database connections.", limit.Milliseconds())
}

// TableLocked is the error of a table that could not be prepared because others held a lock on it.
func TableLocked(cause error) *Error {
	return unavailable(TableLockTimeout, cause, "Snapshot timed out while waiting for a table lock")
}

// PoolBusy is the error of a snapshot that got no connection of the pool in time.
func PoolBusy(cause error) *Error {
	return unavailable(QueueTimeout, cause, "Snapshot creation failed because of a connection pool queue timeout")
}

// NoConnection is the error of a snapshot whose connection could not be made or was lost.
func NoConnection(cause error) *Error {
	return unavailable(ConnectionNotAvailable, cause, "Database connection not available")
}

// NoPrivilege is the error of a table that the database user may not read, or prepare for replication.
func NoPrivilege(cause error) *Error {
	return unavailable(MissingPrivilege, cause, "Unable to create initial snapshot: %s", serverText(cause))
}

// Classify says what an error of Postgres or of the connection to it means for a snapshot, or for a subset of one.
func Classify(err error, subset bool) *Error {
	if already, ok := errors.AsType[*Error](err); ok {
		return already
	}
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch code := said.Code; {
		case code == "42P01", code == "42703", code == "42883": // no such table, column, function
			return &Error{Kind: SchemaChanged, Status: http.StatusConflict, Message: said.Message, Known: true, Cause: err}
		case code == "42501":
			return NoPrivilege(err)
		case code == "55P03":
			return TableLocked(err)
		case subset && strings.HasPrefix(code, "22"): // data exception
			return &Error{Kind: BadValue, Status: http.StatusBadRequest, Message: said.Message, Known: true, Cause: err}
		}
	}
	if connect.IsConnectionTrouble(err) {
		return NoConnection(err)
	}
	if p := connect.Classify(err); p.Type == connect.MissingPublication {
		return unavailable(MissingPublication, err, "%s", p.Message)
	} else if p.Type != connect.Unknown {
		return unavailable(DatabaseTrouble, err, "%s", p.Message)
	}
	return &Error{Kind: Unknown, Status: http.StatusInternalServerError, Message: "Unexpected error while creating snapshot: " + serverText(err), Cause: err}
}

// serverText is what the server said, without the code.
func serverText(err error) string {
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		return said.Message
	}
	return err.Error()
}
