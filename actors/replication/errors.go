package replication

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"leyden/internal/pg/pgoutput"
)

// ErrSilent says that the server did not answer for too long: the network took the connection and told nobody.
var ErrSilent = errors.New("the server does not answer")

// ErrEnded says that the server ended the stream, as it does when it shuts down.
var ErrEnded = errors.New("the server ended the stream")

// ConfigError is about something that somebody has to set up differently.
type ConfigError struct{ Reason string }

func (e *ConfigError) Error() string { return e.Reason }

// Class says what an error asks for.
type Class uint8

const (
	// Retry: the next attempt may succeed. Unknown errors are of this class.
	Retry Class = iota
	// Fatal: every attempt fails until somebody changes the configuration.
	Fatal
	// DropSlot: the slot can never be read on; it has to be dropped, and what shapes hold with it.
	DropSlot
)

// Classify sorts an error of a connection (spec engine §3.7).
func Classify(err error) Class {
	var notFull *pgoutput.ErrReplicaNotFull
	var tooLarge *pgoutput.ErrTxnTooLarge
	if errors.As(err, &notFull) || errors.As(err, &tooLarge) {
		return DropSlot
	}
	var config *ConfigError
	if errors.As(err, &config) {
		return Fatal
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return Retry
	}
	switch says := func(text string) bool {
		return strings.Contains(pgErr.Message, text) || strings.Contains(pgErr.Detail, text)
	}; pgErr.Code {
	case "55000": // object_not_in_prerequisite_state
		switch {
		case says("exceeded the maximum reserved size"), says("can no longer access replication slot"), says("can no longer get changes from replication slot"):
			return DropSlot
		case says("wal_level"):
			return Fatal
		}
	case codeInsufficientPrivilege, "28P01", "3D000", "42601":
		return Fatal
	case "28000": // invalid_authorization_specification: pg_hba.conf, but also a provider's branch that is not there yet
		if !says("branch") {
			return Fatal
		}
	}
	return Retry
}
