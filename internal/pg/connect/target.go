package connect

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// SSLMode says how much TLS is wanted.
type SSLMode string

const (
	SSLUnset   SSLMode = "" // as prefer, but nobody asked for TLS: its absence is no cause for a warning
	SSLDisable SSLMode = "disable"
	SSLAllow   SSLMode = "allow"  // as prefer
	SSLPrefer  SSLMode = "prefer" // TLS, or none when the server has none
	SSLRequire SSLMode = "require"
)

// Target names a database and who connects to it. Printed in any way it shows no password.
type Target struct {
	Host     string // a name or an address, IPv6 without brackets
	Port     uint16
	User     string
	Database string
	SSLMode  SSLMode

	// Behind a pointer, because fmt shows the inside of a field that is not exported without asking its methods.
	password *string
}

func (t Target) secret() string {
	if t.password == nil {
		return ""
	}
	return *t.password
}

// Equal reports whether both are the same database, user, password and mode.
func (t Target) Equal(u Target) bool {
	same := t.secret() == u.secret()
	t.password, u.password = nil, nil
	return same && t == u
}

// URLError says what is wrong with a connection URL. It does not quote the URL: passwords are in odd places of malformed ones.
type URLError struct{ Reason string }

func (e *URLError) Error() string { return e.Reason }

func badURL(format string, args ...any) error { return &URLError{fmt.Sprintf(format, args...)} }

const (
	defaultPort = 5432
	// badUserinfo is the usual cause of a URL that does not parse.
	hintEscapes = "characters such as @ : / ? # % in the user name or password must be percent-encoded"
)

// Parse reads a URL of the form postgresql://user:password@host:port/database?sslmode=mode (spec http-api §29). The port
// defaults to 5432 and the database to the user; options other than sslmode have no effect, except that replication is
// refused. Errors are *URLError.
func Parse(text string) (Target, error) {
	scheme, _, ok := strings.Cut(text, "://")
	if !ok || scheme != "postgresql" && scheme != "postgres" {
		return Target{}, badURL("must begin with postgresql:// or postgres://")
	}
	u, err := url.Parse(text)
	if err != nil {
		return Target{}, badURL("is not a URL (%s)", hintEscapes) // err quotes the text
	}
	t := Target{Host: u.Hostname(), Port: defaultPort, User: u.User.Username(), Database: strings.TrimPrefix(u.Path, "/")}
	password, _ := u.User.Password()
	t.password = &password
	switch {
	case t.User == "":
		return Target{}, badURL("has no user")
	case t.Host == "":
		return Target{}, badURL("has no host")
	case strings.Contains(t.Host, ","):
		return Target{}, badURL("has more than one host")
	case strings.Contains(t.Host, ":") && !isIPv6(t.Host):
		return Target{}, badURL("has a host with a colon that is no IPv6 address")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return Target{}, badURL("has a fragment (%s)", hintEscapes)
	case hasNUL(t.User, password, t.Database, t.Host):
		return Target{}, badURL("has a NUL character")
	}
	if p := u.Port(); p != "" {
		port, err := strconv.ParseUint(p, 10, 16)
		if err != nil || port == 0 {
			return Target{}, badURL("has a port that is not between 1 and 65535")
		}
		t.Port = uint16(port)
	}
	if t.Database == "" {
		t.Database = t.User
	}
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Target{}, badURL("has malformed options")
	}
	if options.Has("replication") {
		return Target{}, badURL("must not have the option replication: replication is set up on top of an ordinary connection")
	}
	if options.Has("sslmode") {
		if t.SSLMode, err = parseSSLMode(options.Get("sslmode")); err != nil {
			return Target{}, err
		}
	}
	return t, nil
}

func parseSSLMode(text string) (SSLMode, error) {
	switch m := SSLMode(text); m {
	case SSLDisable, SSLAllow, SSLPrefer, SSLRequire:
		return m, nil
	case "verify-ca", "verify-full":
		return "", badURL("has sslmode=%s: to verify the server give a CA file in ELECTRIC_DATABASE_CA_CERTIFICATE_FILE instead", m)
	}
	return "", badURL("has an sslmode that is not one of disable, allow, prefer, require")
}

// isIPv6 is also true of addresses with a zone, such as fe80::1%eth0.
func isIPv6(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Is6()
}

func hasNUL(texts ...string) bool {
	for _, t := range texts {
		if strings.ContainsRune(t, 0) {
			return true
		}
	}
	return false
}

// Address is host:port.
func (t Target) Address() string { return net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port))) }

// String is a URL without the password.
func (t Target) String() string {
	u := url.URL{Scheme: "postgresql", User: url.User(t.User), Host: t.Address(), Path: "/" + t.Database}
	if t.secret() != "" {
		u.User = url.UserPassword(t.User, "xxxxx")
	}
	if t.SSLMode != SSLUnset {
		u.RawQuery = "sslmode=" + string(t.SSLMode)
	}
	return u.String()
}

// Format prints String for every verb, %#v included, which would show what is inside.
func (t Target) Format(f fmt.State, _ rune) { f.Write([]byte(t.String())) }

// LogValue is String.
func (t Target) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText is String: encoders do not show the password either.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// ErrCAWithoutTLS reports a CA file together with sslmode=disable.
var ErrCAWithoutTLS = errors.New("sslmode=disable cannot be combined with a CA certificate file")
