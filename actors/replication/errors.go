package replication

import (
	"errors"
	"fmt"

	"leyden/internal/pg/connect"
	"leyden/internal/pg/pgoutput"
)

// ErrSilent says that the server did not answer for too long: the network took the connection and told nobody.
var ErrSilent = errors.New("the server does not answer")

// ErrEnded says that the server ended the stream, as it does when it shuts down.
var ErrEnded = errors.New("the server ended the stream")

// ConfigError is about something that somebody has to set up differently.
type ConfigError struct{ Reason string }

func (e *ConfigError) Error() string { return e.Reason }

// Problem makes connect.Classify call it fatal.
func (e *ConfigError) Problem() connect.Problem {
	return connect.NewProblem(connect.ConfigError, e.Reason)
}

// Irrecoverable says that what the slot holds cannot be read: it has to be dropped, and all shapes with it.
type Irrecoverable struct{ Err error }

func (e *Irrecoverable) Error() string { return e.Err.Error() }
func (e *Irrecoverable) Unwrap() error { return e.Err }

// Problem makes connect.Classify call for a drop of the slot.
func (e *Irrecoverable) Problem() connect.Problem {
	return connect.NewProblem(connect.IrrecoverableSlot, e.Err.Error())
}

// streamError marks the errors of decoding that another attempt would meet again. Bytes that are no pgoutput are not among
// them: they may have been damaged on the way.
func streamError(err error) error {
	_, notFull := errors.AsType[*pgoutput.ErrReplicaNotFull](err)
	_, tooLarge := errors.AsType[*pgoutput.ErrTxnTooLarge](err)
	if notFull || tooLarge {
		return &Irrecoverable{err}
	}
	return fmt.Errorf("decode: %w", err)
}
