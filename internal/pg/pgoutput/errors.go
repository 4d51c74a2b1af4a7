package pgoutput

import (
	"errors"
	"fmt"
	"strings"
)

// ErrMalformed is wrapped by every error about bytes that are not what the protocol says. The stream cannot go on.
var ErrMalformed = errors.New("malformed pgoutput message")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// ErrReplicaNotFull says that an update came without the old row, so that its table's replica identity is not FULL. What
// the slot still holds of that table cannot be read, whatever is altered afterwards.
type ErrReplicaNotFull struct{ Schema, Table string }

func (e *ErrReplicaNotFull) Error() string {
	return fmt.Sprintf("an update of %s.%s arrived without the old row; set the table's replica identity to FULL: "+
		"ALTER TABLE %s.%s REPLICA IDENTITY FULL", e.Schema, e.Table, quoted(e.Schema), quoted(e.Table))
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// ErrTxnTooLarge says that a transaction passed the configured limit.
type ErrTxnTooLarge struct {
	XID   uint32
	LSN   uint64
	Limit int64 // bytes of column text
}

func (e *ErrTxnTooLarge) Error() string {
	return fmt.Sprintf("transaction %d holds more than the configured maximum of %d bytes", e.XID, e.Limit)
}
