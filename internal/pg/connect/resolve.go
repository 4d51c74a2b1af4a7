package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Warning is something that an operator should know about a route that works.
type Warning string

const (
	WarnNoTLS  Warning = "the server does not offer TLS: connecting without encryption"
	WarnNoIPv6 Warning = "the database cannot be reached over IPv6: connecting over IPv4"
)

// Resolve finds the way to a target by opening a connection, and closing it again: first with all that is wanted, then, when
// the server does not offer TLS or its host is not reachable over IPv6, without, as far as the sslmode allows. Errors are
// those of connecting, for Classify.
func Resolve(ctx context.Context, t Target, o Options) (Route, []Warning, error) {
	return resolve(ctx, t, o, net.DefaultResolver)
}

func resolve(ctx context.Context, t Target, o Options, resolver Resolver) (Route, []Warning, error) {
	if t.SSLMode == SSLDisable && o.Roots != nil {
		return Route{}, nil, ErrCAWithoutTLS
	}
	r := Route{Target: t, Options: o, tls: t.SSLMode != SSLDisable, family: ipv4, resolver: resolver}
	if o.IPv6 {
		r.family = ipv6
	}
	var warnings []Warning
	for {
		err := r.probe(ctx)
		switch {
		case err == nil:
			return r, warnings, nil
		case ctx.Err() != nil:
			return Route{}, nil, err
		case r.tls && lacksTLS(err) && t.SSLMode != SSLRequire && o.Roots == nil:
			r.tls = false
			if t.SSLMode != SSLUnset {
				warnings = append(warnings, WarnNoTLS)
			}
		case r.family == ipv6 && lacksIPv6(err):
			r.family = ipv4
			warnings = append(warnings, WarnNoIPv6)
		default:
			return Route{}, nil, err
		}
	}
}

// probe opens a connection and closes it.
func (r Route) probe(ctx context.Context) error {
	config, err := r.Config()
	if err != nil {
		return err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", r.Target.Address(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn.Close(ctx) // what happens to a connection that has shown what it should is of no interest
	return nil
}

// lacksTLS reports whether the server has no TLS: it says so, or closes the connection when it is asked or during the
// handshake, which ends when the first message is written.
func lacksTLS(err error) bool {
	if _, said := errors.AsType[*pgconn.PgError](err); said {
		return false
	}
	if strings.Contains(err.Error(), refusedTLS) {
		return true
	}
	closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	return closed && (strings.Contains(err.Error(), "tls error") || strings.Contains(err.Error(), "write startup message"))
}

// lacksIPv6 reports whether there is no way to the host over IPv6, whatever there may be over IPv4.
func lacksIPv6(err error) bool {
	return isNotFound(err) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

func isNotFound(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}
