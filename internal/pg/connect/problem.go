package connect

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Class says what an error calls for.
type Class uint8

const (
	Retry    Class = iota // wait and try again
	Fatal                 // stop: nothing changes until somebody corrects the configuration
	DropSlot              // the slot is lost for us: drop it and the publication, and start anew
)

func (c Class) String() string {
	switch c {
	case Fatal:
		return "fatal"
	case DropSlot:
		return "drop slot"
	}
	return "retry"
}

// Type names what is wrong, for logs, metrics and events.
type Type string

const (
	ConnectionClosed        Type = "connection_closed"
	ConnectionTimeout       Type = "connection_timeout"
	ConnectionRefused       Type = "connection_refused"
	HostUnreachable         Type = "host_unreachable"
	ClientExit              Type = "client_exit"
	PoolFailedToPopulate    Type = "connection_pool_failed_to_populate"
	InsufficientResources   Type = "insufficient_resources"
	ServerShuttingDown      Type = "database_server_shutting_down"
	ServerUnavailable       Type = "database_server_unavailable"
	ConnectionFailure       Type = "connection_failure"
	ServerConnectionCrashed Type = "server_connection_crashed"
	SlotInUse               Type = "replication_slot_in_use"
	QueryCanceled           Type = "query_canceled"
	MissingPublication      Type = "missing_publication"
	DiskFull                Type = "disk_full"
	DuplicateSlotFile       Type = "duplicate_slot_file"
	BranchDoesNotExist      Type = "branch_does_not_exist"
	ComputeNodeUnreachable  Type = "compute_node_unreachable"
	PoolerLoginFailed       Type = "pooler_login_failed"
	Unknown                 Type = "unknown"

	WALLevelIsNotLogical      Type = "wal_level_is_not_logical"
	InsufficientPrivileges    Type = "insufficient_privileges"
	InvalidUsernameOrPassword Type = "invalid_username_or_password"
	SSLConnectionRequired     Type = "ssl_connection_required"
	AuthorizationFailure      Type = "authorization_failure"
	SSLConnectionFailed       Type = "ssl_connection_failed"
	SSLNotAvailable           Type = "ssl_not_available"
	NXDomain                  Type = "nxdomain"
	DatabaseDoesNotExist      Type = "database_does_not_exist"
	EndpointNotFound          Type = "endpoint_not_found"
	ComputeQuotaExceeded      Type = "compute_quota_exceeded"
	TransferQuotaExceeded     Type = "data_transfer_quota_exceeded"
	SyntaxError               Type = "syntax_error"
	ConfigError               Type = "config_error"

	SlotExceededMaxSize Type = "database_slot_exceeded_max_size"
	SlotInvalidated     Type = "database_slot_invalidated"
	IrrecoverableSlot   Type = "irrecoverable_slot"
)

// class is what a type calls for; types that are not listed call for a retry.
var class = map[Type]Class{
	WALLevelIsNotLogical: Fatal, InsufficientPrivileges: Fatal, InvalidUsernameOrPassword: Fatal, SSLConnectionRequired: Fatal,
	AuthorizationFailure: Fatal, SSLConnectionFailed: Fatal, SSLNotAvailable: Fatal, NXDomain: Fatal, DatabaseDoesNotExist: Fatal,
	EndpointNotFound: Fatal, ComputeQuotaExceeded: Fatal, TransferQuotaExceeded: Fatal, SyntaxError: Fatal, ConfigError: Fatal,
	SlotExceededMaxSize: DropSlot, SlotInvalidated: DropSlot, IrrecoverableSlot: DropSlot,
}

// Class is what the type calls for.
func (t Type) Class() Class { return class[t] }

// Problem is what an error means for the connection to Postgres.
type Problem struct {
	Type    Type
	Message string // one line for an operator, without secrets
	Class   Class
}

// NewProblem gives the problem of a type its class.
func NewProblem(t Type, message string) Problem { return Problem{t, message, t.Class()} }

// Problematic is an error that knows what it means.
type Problematic interface {
	error
	Problem() Problem
}

// Classify says what err means (spec engine §3.7). What nobody has heard of is Unknown and calls for a retry; the caller
// should log it whole.
func Classify(err error) Problem {
	if err == nil {
		return Problem{Type: Unknown, Message: "no error"}
	}
	var knows Problematic
	if errors.As(err, &knows) {
		return knows.Problem()
	}
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		return classifyServer(said)
	}
	return classifyNetwork(err)
}

// IsConnectionTrouble reports whether err says nothing about the question that was asked, but that there was no connection
// to ask it on, or none that lasted.
func IsConnectionTrouble(err error) bool {
	if err == nil {
		return false
	}
	switch Classify(err).Type {
	case Unknown, SyntaxError, ConfigError, QueryCanceled, MissingPublication, DiskFull, DuplicateSlotFile, SlotInUse,
		WALLevelIsNotLogical, InsufficientPrivileges, SlotExceededMaxSize, SlotInvalidated, IrrecoverableSlot:
		return false
	}
	return true
}
