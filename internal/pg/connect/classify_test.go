package connect

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

func TestClassify(t *testing.T) {
	pg := func(code, message string, detail ...string) error {
		e := &pgconn.PgError{Severity: "ERROR", Code: code, Message: message}
		if len(detail) > 0 {
			e.Detail = detail[0]
		}
		return e
	}
	for _, c := range []struct {
		err   error
		want  Type
		class Class
	}{
		{pg("53300", "sorry, too many clients already"), InsufficientResources, Retry},
		{pg("XX000", "remaining connection slots are reserved for roles with the SUPERUSER attribute"), InsufficientResources, Retry},
		{pg("57P01", "terminating connection due to administrator command"), ServerShuttingDown, Retry},
		{pg("57P03", "the database system is starting up"), ServerUnavailable, Retry},
		{pg("08006", "connection failure"), ConnectionFailure, Retry},
		{pg("08P01", "server conn crashed?"), ServerConnectionCrashed, Retry},
		{pg("08P01", "server login failed: wrong password type"), PoolerLoginFailed, Retry},
		{pg("08P01", "unsupported startup parameter"), Unknown, Retry},
		{pg("55006", `replication slot "s" is active for PID 7`), SlotInUse, Retry},
		{pg("57014", "canceling statement due to user request"), QueryCanceled, Retry},
		{pg("57014", "canceling statement due to statement timeout"), Unknown, Retry},
		{pg("42704", `publication "p" does not exist`), MissingPublication, Retry},
		{pg("42704", `type "p" does not exist`), Unknown, Retry},
		{pg("53100", "could not write to file: No space left on device"), DiskFull, Retry},
		{&pgconn.PgError{Code: "58P02", Message: "could not create file", Routine: "SaveSlotToPath"}, DuplicateSlotFile, Retry},
		{&pgconn.PgError{Code: "58P02", Message: "could not create file", Routine: "Other"}, Unknown, Retry},
		{pg("28000", "branch br-1 does not exist"), BranchDoesNotExist, Retry},
		{pg("XX000", "Couldn't connect to compute node"), ComputeNodeUnreachable, Retry},
		{pg("42P01", `relation "x" does not exist`), Unknown, Retry},

		{pg("55000", "logical decoding requires wal_level >= logical"), WALLevelIsNotLogical, Fatal},
		{pg("55000", `logical decoding requires "wal_level" >= "logical"`), WALLevelIsNotLogical, Fatal},
		{pg("42501", "must be superuser or replication role to start walsender"), InsufficientPrivileges, Fatal},
		{pg("42501", "permission denied to use replication slots", "Only roles with the REPLICATION attribute may use replication slots."), InsufficientPrivileges, Fatal},
		{pg("42501", "permission denied to start WAL sender"), InsufficientPrivileges, Fatal},
		{pg("42501", "permission denied for table t"), Unknown, Retry},
		{pg("28P01", `password authentication failed for user "u"`), InvalidUsernameOrPassword, Fatal},
		{pg("XX000", "password authentication failed for user 'u'"), InvalidUsernameOrPassword, Fatal},
		{pg("28000", `no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", no encryption`), SSLConnectionRequired, Fatal},
		{pg("28000", `no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", SSL off`), SSLConnectionRequired, Fatal},
		{pg("28000", `no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", SSL encryption`), AuthorizationFailure, Fatal},
		{pg("3D000", `database "d" does not exist`), DatabaseDoesNotExist, Fatal},
		{pg("XX000", `database "d" does not exist`), DatabaseDoesNotExist, Fatal},
		{pg("XX000", "The requested endpoint could not be found, or you don't have access to it."), EndpointNotFound, Fatal},
		{pg("XX000", "Your account or project has exceeded the compute time quota. Upgrade your plan."), ComputeQuotaExceeded, Fatal},
		{pg("XX000", "Your project has exceeded the data transfer quota. Upgrade your plan."), TransferQuotaExceeded, Fatal},
		{pg("42601", "syntax error"), SyntaxError, Fatal},

		{pg("55000", `cannot read from logical replication slot "s"`, "This slot has been invalidated because it exceeded the maximum reserved size."), SlotExceededMaxSize, DropSlot},
		{pg("55000", `can no longer access replication slot "s"`, `This replication slot has been invalidated due to "wal_removed".`), SlotInvalidated, DropSlot},
		{pg("55000", "something else"), Unknown, Retry},

		{&net.DNSError{Err: "no such host", Name: "db", IsNotFound: true}, NXDomain, Fatal},
		{x509.UnknownAuthorityError{}, SSLConnectionFailed, Fatal},
		{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "db"}, SSLConnectionFailed, Fatal},
		{errors.New("tls error: server refused TLS connection"), SSLNotAvailable, Fatal},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, ConnectionRefused, Retry},
		{syscall.EHOSTUNREACH, HostUnreachable, Retry},
		{context.DeadlineExceeded, ConnectionTimeout, Retry},
		{io.ErrUnexpectedEOF, ConnectionClosed, Retry},
		{syscall.ECONNRESET, ConnectionClosed, Retry},
		{net.ErrClosed, ConnectionClosed, Retry},
		{errors.New("never heard of"), Unknown, Retry},
		{nil, Unknown, Retry},
		{lost{}, IrrecoverableSlot, DropSlot},
	} {
		for _, err := range []error{c.err, fmt.Errorf("do something: %w", c.err)} {
			if c.err == nil {
				err = nil
			}
			got := Classify(err)
			require.Equal(t, c.want, got.Type, "%v", c.err)
			require.Equal(t, c.class, got.Class, "%v", c.err)
			require.NotEmpty(t, got.Message)
			require.NotContains(t, got.Message, "\n")
		}
	}
}

type lost struct{}

func (lost) Error() string    { return "replica identity is not full" }
func (lost) Problem() Problem { return NewProblem(IrrecoverableSlot, "replica identity is not full") }

func TestConnectionTroubleIsNotAnAnswer(t *testing.T) {
	for _, err := range []error{
		io.EOF, syscall.ECONNREFUSED, context.DeadlineExceeded, errors.New("closed pool"), &pgconn.PgError{Code: "53300"},
		&pgconn.PgError{Code: "57P03"}, &pgconn.PgError{Code: "28P01"}, &net.DNSError{IsNotFound: true},
	} {
		require.True(t, IsConnectionTrouble(err), "%v", err)
	}
	for _, err := range []error{nil, errors.New("x"), &pgconn.PgError{Code: "42P01"}, &pgconn.PgError{Code: "42501"}, &pgconn.PgError{Code: "42601"}, context.Canceled} {
		require.False(t, IsConnectionTrouble(err), "%v", err)
	}
}
