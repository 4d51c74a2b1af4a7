package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// classifyServer is about what Postgres, or a pooler or proxy before it, said. Where one code stands for several things the
// text decides; lc_messages may have translated what Postgres itself says, so a text that does not match leaves it unknown.
func classifyServer(said *pgconn.PgError) Problem {
	text := said.Message
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	t := Unknown
	switch said.Code {
	case "53300":
		t = InsufficientResources
	case "57P01", "57P02":
		t = ServerShuttingDown
	case "57P03":
		t = ServerUnavailable
	case "08006":
		t = ConnectionFailure
	case "08P01":
		switch {
		case has("server conn crashed?"):
			t = ServerConnectionCrashed
		case has("server login failed", "server login has been failing"):
			t = PoolerLoginFailed
		}
	case "55006":
		t = SlotInUse
	case "57014":
		if has("user request") {
			t = QueryCanceled
		}
	case "42704":
		if strings.HasPrefix(text, "publication ") {
			t = MissingPublication
		}
	case "53100":
		t = DiskFull
	case "58P02":
		if said.Routine == "SaveSlotToPath" {
			t = DuplicateSlotFile
		}
	case "28000":
		t = classifyRejection(text)
	case "28P01":
		t = InvalidUsernameOrPassword
	case "3D000":
		t = DatabaseDoesNotExist
	case "42501":
		if has("replication", "REPLICATION", "WAL sender", "walsender") || strings.Contains(said.Detail, "REPLICATION") {
			t = InsufficientPrivileges
		}
	case "42601":
		t = SyntaxError
	case "55000":
		t = classifyState(text, said.Detail)
	case "XX000":
		t = classifyProvider(text)
	}
	switch t {
	case InsufficientPrivileges:
		text += ": the role in the connection URL needs the attribute REPLICATION"
	case WALLevelIsNotLogical:
		text += ": set wal_level = logical in the configuration of Postgres and restart it"
	case Unknown:
		text += " (SQLSTATE " + said.Code + ")"
	}
	return NewProblem(t, text)
}

// classifyRejection is about 28000, invalid authorization specification.
func classifyRejection(text string) Type {
	switch {
	case strings.HasPrefix(text, "branch "):
		return BranchDoesNotExist
	case strings.Contains(text, "pg_hba.conf") && (strings.Contains(text, "no encryption") || strings.Contains(text, "SSL off")):
		return SSLConnectionRequired
	case strings.Contains(text, "pg_hba.conf"):
		return AuthorizationFailure
	case strings.Contains(text, "connection is insecure"): // a provider's proxy
		return SSLConnectionRequired
	}
	return Unknown
}

// classifyState is about 55000, object not in prerequisite state.
func classifyState(text, detail string) Type {
	switch {
	case strings.Contains(strings.ReplaceAll(text, `"`, ""), "wal_level >= logical"): // quoted since 17
		return WALLevelIsNotLogical
	case strings.Contains(detail, "exceeded the maximum reserved size"):
		return SlotExceededMaxSize
	case strings.Contains(text, "can no longer access replication slot") && strings.Contains(detail, "invalidated"): // since 18
		return SlotInvalidated
	}
	return Unknown
}

// classifyProvider is about XX000, under which poolers and proxies of hosted databases say what has no code of its own.
func classifyProvider(text string) Type {
	for _, known := range [...]struct {
		part string
		t    Type
	}{
		{"remaining connection slots are reserved", InsufficientResources},
		{"password authentication failed", InvalidUsernameOrPassword},
		{"Tenant or user not found", InvalidUsernameOrPassword},
		{"endpoint could not be found", EndpointNotFound},
		{"compute time quota", ComputeQuotaExceeded},
		{"data transfer quota", TransferQuotaExceeded},
		{"connect to compute node", ComputeNodeUnreachable},
		{"server login failed", PoolerLoginFailed},
		{"server login has been failing", PoolerLoginFailed},
	} {
		if strings.Contains(text, known.part) {
			return known.t
		}
	}
	if strings.HasPrefix(text, `database "`) && strings.HasSuffix(text, "does not exist") {
		return DatabaseDoesNotExist
	}
	return Unknown
}

// refusedTLS is what the driver says when the server answers that it has no TLS; it has no type for it.
const refusedTLS = "server refused TLS connection"

// closedPool is what the driver says when a pool is closed while one waits for a connection of it; same there.
const closedPool = "closed pool"

// classifyNetwork is about errors that are not the server's.
func classifyNetwork(err error) Problem {
	t := Unknown
	var (
		dns       *net.DNSError
		verify    *tls.CertificateVerificationError
		unknownCA x509.UnknownAuthorityError
		badCert   x509.CertificateInvalidError
		badHost   x509.HostnameError
		alert     tls.AlertError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		t = NXDomain
	case errors.As(err, &verify), errors.As(err, &unknownCA), errors.As(err, &badCert), errors.As(err, &badHost), errors.As(err, &alert):
		t = SSLConnectionFailed
	case strings.Contains(err.Error(), refusedTLS):
		t = SSLNotAvailable
	case errors.Is(err, syscall.ECONNREFUSED):
		t = ConnectionRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		t = HostUnreachable
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), pgconn.Timeout(err):
		t = ConnectionTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, pgconn.ErrConnClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED),
		strings.HasSuffix(err.Error(), closedPool):
		t = ConnectionClosed
	}
	return NewProblem(t, oneLine(err.Error()))
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
