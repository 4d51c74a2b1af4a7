package connect

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/internal/pg/pgserver"
)

func TestMain(m *testing.M) { pgserver.Main(m) }

func parse(t *testing.T, url string) Target {
	t.Helper()
	target, err := Parse(url)
	require.NoError(t, err)
	return target
}

// certified makes a certificate for 127.0.0.1 and localhost that is its own authority.
func certified(t *testing.T) (cert, key []byte, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, cert, 0o600))
	roots, err = LoadRoots(file)
	require.NoError(t, err)
	return cert, key, roots
}

func TestTLSModes(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, ignore, goleak.IgnoreAnyFunction(pgserver.Goroutine)) })
	cert, key, roots := certified(t)
	_, _, otherRoots := certified(t)
	s, err := pgserver.Start(t.Context(), pgserver.Options{
		Settings: map[string]string{"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "fsync": "off"},
		Files:    map[string][]byte{"server.crt": cert, "server.key": key},
		HBA:      []string{"hostnossl secure all all reject"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	plain := pgserver.Shared(t)

	base := strings.TrimSuffix(s.URL("postgres"), "disable")
	for mode, encrypted := range map[string]bool{"disable": false, "allow": true, "prefer": true, "require": true} {
		route, warnings, err := Resolve(t.Context(), parse(t, base+mode), Options{})
		require.NoError(t, err, mode)
		require.Equal(t, encrypted, route.TLS(), mode)
		require.Empty(t, warnings, mode)
		require.Equal(t, encrypted, query[bool](t, route, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), mode)
	}
	route, _, err := Resolve(t.Context(), parse(t, base+"require"), Options{Roots: roots})
	require.NoError(t, err)
	require.True(t, route.TLS())

	_, _, err = Resolve(t.Context(), parse(t, base+"require"), Options{Roots: otherRoots})
	require.Equal(t, SSLConnectionFailed, Classify(err).Type, "%v", err)
	wrongName := parse(t, base+"prefer")
	wrongName.Host = "127.0.0.2"
	_, _, err = resolve(t.Context(), wrongName, Options{Roots: roots}, nil)
	require.Error(t, err)
	_, _, err = Resolve(t.Context(), parse(t, base+"disable"), Options{Roots: roots})
	require.ErrorIs(t, err, ErrCAWithoutTLS)

	plainBase := strings.TrimSuffix(plain.URL("postgres"), "?sslmode=disable")
	for suffix, warned := range map[string]bool{"": false, "?sslmode=allow": true, "?sslmode=prefer": true, "?sslmode=disable": false} {
		route, warnings, err := Resolve(t.Context(), parse(t, plainBase+suffix), Options{})
		require.NoError(t, err, suffix)
		require.False(t, route.TLS())
		require.Equal(t, warned, len(warnings) == 1 && warnings[0] == WarnNoTLS, suffix)
	}
	_, _, err = Resolve(t.Context(), parse(t, plainBase+"?sslmode=require"), Options{})
	require.Equal(t, SSLNotAvailable, Classify(err).Type)
	_, _, err = Resolve(t.Context(), parse(t, plainBase), Options{Roots: roots})
	require.Equal(t, SSLNotAvailable, Classify(err).Type)

	secure := parse(t, base+"disable")
	secure.Database = "secure"
	_, _, err = Resolve(t.Context(), secure, Options{})
	require.Equal(t, SSLConnectionRequired, Classify(err).Type, "%v", err)
}

func TestServerThatHangsUpOnTLSIsTriedWithout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	upstream := parse(t, pgserver.Shared(t).URL("postgres"))
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go proxyWithoutTLS(c, upstream.Address())
		}
	}()
	target := upstream
	target.Port, target.SSLMode = uint16(l.Addr().(*net.TCPAddr).Port), SSLPrefer
	route, warnings, err := Resolve(t.Context(), target, Options{})
	require.NoError(t, err)
	require.False(t, route.TLS())
	require.Equal(t, []Warning{WarnNoTLS}, warnings)
	require.Equal(t, 1, query[int](t, route, "SELECT 1"))
}

// proxyWithoutTLS closes connections that begin by asking for TLS, and passes others on.
func proxyWithoutTLS(c net.Conn, to string) {
	defer c.Close()
	first := make([]byte, 8)
	if _, err := io.ReadFull(c, first); err != nil || bytes.Equal(first[4:], []byte{4, 210, 22, 47}) {
		return
	}
	up, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer up.Close()
	up.Write(first)
	go func() {
		io.Copy(up, c)
		up.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(c, up)
}

func query[T any](t *testing.T, r Route, sql string) (v T) {
	t.Helper()
	config, err := r.ConnConfig()
	require.NoError(t, err)
	c, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer c.Close(context.Background())
	require.NoError(t, c.QueryRow(t.Context(), sql).Scan(&v))
	return v
}

func route(t *testing.T) Route {
	t.Helper()
	r, _, err := Resolve(t.Context(), parse(t, pgserver.Shared(t).NewDatabase(t)), Options{})
	require.NoError(t, err)
	return r
}

func TestEnvironmentOfLibpqHasNoEffect(t *testing.T) {
	target := route(t).Target
	for name, value := range map[string]string{
		"PGHOST": "nowhere.invalid", "PGPORT": "1", "PGUSER": "x", "PGDATABASE": "x", "PGPASSWORD": "x", "PGAPPNAME": "x", "PGSSLMODE": "verify-full",
		"PGOPTIONS": "-c work_mem=1", "PGTZ": "Asia/Tokyo", "PGTARGETSESSIONATTRS": "standby", "PGCONNECT_TIMEOUT": "1", "PGREQUIREAUTH": "scram-sha-256",
		"PGSSLNEGOTIATION": "direct", "PGSSLROOTCERT": "/nonexistent", "PGCHANNELBINDING": "require", "PGMINPROTOCOLVERSION": "3.2",
	} {
		t.Setenv(name, value)
	}
	r, _, err := Resolve(t.Context(), target, Options{})
	require.NoError(t, err)
	require.Equal(t, target.Database, query[string](t, r, "SELECT current_database()"))
	require.Equal(t, ApplicationName, query[string](t, r, "SHOW application_name"))
	require.NotEqual(t, "Asia/Tokyo", query[string](t, r, "SHOW timezone"))
}

func TestReplicationConnectionFixesTheTextOfValues(t *testing.T) {
	config, err := route(t).ReplicationConfig()
	require.NoError(t, err)
	c, err := pgconn.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer c.Close(context.Background())
	for _, s := range SessionSettings() {
		require.Equal(t, s.Value, show(t, c, s.Name))
	}
	require.NoError(t, c.Exec(t.Context(), "IDENTIFY_SYSTEM").Close())
}

func show(t *testing.T, c *pgconn.PgConn, name string) string {
	t.Helper()
	results, err := c.Exec(t.Context(), "SHOW "+name).ReadAll()
	require.NoError(t, err)
	return string(results[0].Rows[0][0])
}

func TestSessionSQLIsTheSameAsTheStartParameters(t *testing.T) {
	config, err := route(t).Config()
	require.NoError(t, err)
	c, err := pgconn.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer c.Close(context.Background())
	require.NoError(t, c.Exec(t.Context(), "SET IntervalStyle = sql_standard; SET TimeZone = 'Asia/Tokyo'; SET bytea_output = escape").Close())

	require.NoError(t, c.Exec(t.Context(), "BEGIN").Close())
	require.NoError(t, c.Exec(t.Context(), LocalSQL()).Close())
	for _, s := range SessionSettings() {
		require.Equal(t, s.Value, show(t, c, s.Name))
	}
	require.NoError(t, c.Exec(t.Context(), "COMMIT").Close())
	require.Equal(t, "Asia/Tokyo", show(t, c, "TimeZone"), "another user of a pooled session is not affected")

	require.NoError(t, c.Exec(t.Context(), SessionSQL()).Close())
	for _, s := range SessionSettings() {
		require.Equal(t, s.Value, show(t, c, s.Name))
	}
}

func TestASessionOfOurOwnIsSettledOnceForAll(t *testing.T) {
	config, err := route(t).Config()
	require.NoError(t, err)
	c, err := pgconn.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	require.False(t, Settled(c))
	require.NoError(t, Settle(t.Context(), c))
	require.True(t, Settled(c))
	for _, s := range SessionSettings() {
		require.Equal(t, s.Value, show(t, c, s.Name))
	}
	require.Equal(t, "0", show(t, c, "statement_timeout"))
	Unsettle(c)
	require.False(t, Settled(c))

	require.NoError(t, c.Exec(t.Context(), "RESET ALL; SET TimeZone = 'Asia/Tokyo'").Close())
	raw, err := c.Hijack()
	require.NoError(t, err)
	raw.PID++ // as a pooler does
	pooled, err := pgconn.Construct(raw)
	require.NoError(t, err)
	defer pooled.Close(context.Background())
	require.NoError(t, Settle(t.Context(), pooled))
	require.False(t, Settled(pooled))
	require.Equal(t, "Asia/Tokyo", show(t, pooled, "TimeZone"))
}

func TestPoolPreparesNothing(t *testing.T) {
	config, err := route(t).PoolConfig(2)
	require.NoError(t, err)
	require.EqualValues(t, 2, config.MaxConns)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, pool.AcquireFunc(t.Context(), func(c *pgxpool.Conn) error {
		for range 2 {
			var sum int
			require.NoError(t, c.QueryRow(t.Context(), "SELECT $1::int4 + 1", 1).Scan(&sum))
			require.Equal(t, 2, sum)
		}
		var prepared int
		require.NoError(t, c.QueryRow(t.Context(), "SELECT count(*) FROM pg_prepared_statements").Scan(&prepared))
		require.Zero(t, prepared)
		return nil
	}))
}

func TestRefusedConnectionAndUnknownDatabase(t *testing.T) {
	r := route(t)
	r.Target.Database = "no such"
	_, _, err := Resolve(t.Context(), r.Target, Options{})
	require.Equal(t, DatabaseDoesNotExist, Classify(err).Type)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.Target.Port = uint16(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	_, _, err = Resolve(t.Context(), r.Target, Options{})
	require.Equal(t, ConnectionRefused, Classify(err).Type)
}

func TestWrongPasswordIsFatalAndNotShown(t *testing.T) {
	s, err := pgserver.Start(t.Context(), pgserver.Options{HBA: []string{"host all guarded 127.0.0.1/32 scram-sha-256"}, Settings: map[string]string{"fsync": "off"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	admin, err := pgx.Connect(t.Context(), s.URL("postgres"))
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), "CREATE ROLE guarded LOGIN PASSWORD 'right%1'")
	require.NoError(t, err)
	require.NoError(t, admin.Close(t.Context()))

	url := strings.Replace(s.URL("postgres"), "postgres@", "guarded:%s@", 1)
	_, _, err = Resolve(t.Context(), parse(t, strings.Replace(url, "%s", "hunter2", 1)), Options{})
	require.Equal(t, InvalidUsernameOrPassword, Classify(err).Type, "%v", err)
	require.Equal(t, Fatal, Classify(err).Class)
	require.NotContains(t, err.Error()+Classify(err).Message, "hunter2")
	_, _, err = Resolve(t.Context(), parse(t, strings.Replace(url, "%s", "right%251", 1)), Options{})
	require.NoError(t, err)
}

// addresses is a resolver that knows hosts by family.
type addresses map[string]string

func (a addresses) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	addr, ok := a[network]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr(addr)}, nil
}

func TestIPv6IsPreferredWithFallback(t *testing.T) {
	target := route(t).Target
	target.Host = "db.example"
	_, unreachable := net.DialTimeout("tcp", "[100::1]:5432", time.Second) // a prefix that leads nowhere
	for name, c := range map[string]struct {
		known    addresses
		wantIPv6 bool
		fallback bool
		fails    bool
	}{
		"only IPv4":     {known: addresses{"ip4": "127.0.0.1"}, wantIPv6: true, fallback: true},
		"neither":       {known: addresses{}, wantIPv6: true, fails: true},
		"not wanted":    {known: addresses{"ip4": "127.0.0.1", "ip6": "::1"}},
		"IPv6 no route": {known: addresses{"ip4": "127.0.0.1", "ip6": "100::1"}, wantIPv6: true, fallback: true},
		"IPv6 refused":  {known: addresses{"ip4": "127.0.0.1", "ip6": "::1"}, wantIPv6: true, fails: true}, // somebody is there
	} {
		t.Run(name, func(t *testing.T) {
			if c.known["ip6"] == "100::1" && !lacksIPv6(unreachable) {
				t.Skip("this machine has a way to everywhere over IPv6")
			}
			if c.known["ip6"] == "::1" && c.wantIPv6 {
				if _, err := net.Dial("tcp", "[::1]:1"); !errors.Is(err, syscall.ECONNREFUSED) {
					t.Skip("this machine has no IPv6")
				}
			}
			r, warnings, err := resolve(t.Context(), target, Options{IPv6: c.wantIPv6}, c.known)
			if c.fails {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.False(t, r.IPv6())
			require.Equal(t, c.fallback, len(warnings) == 1 && warnings[0] == WarnNoIPv6)
			require.Equal(t, 1, query[int](t, r, "SELECT 1"))
		})
	}
}

func TestOnlyTheLackOfAWayIsACauseToLeaveIPv6(t *testing.T) {
	for _, err := range []error{
		&net.DNSError{IsNotFound: true}, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}, syscall.EHOSTUNREACH,
	} {
		require.True(t, lacksIPv6(err), "%v", err)
	}
	for _, err := range []error{syscall.ECONNREFUSED, context.DeadlineExceeded, &net.DNSError{IsTimeout: true}, &pgconn.PgError{Code: "28P01"}} {
		require.False(t, lacksIPv6(err), "%v", err)
	}
}

func TestLookup(t *testing.T) {
	both := addresses{"ip4": "10.0.0.1", "ip6": "fd00::1"}
	for _, c := range []struct {
		known  addresses
		family family
		host   string
		want   string
	}{
		{both, ipv4, "h", "10.0.0.1"},
		{both, ipv6, "h", "fd00::1"},
		{addresses{"ip6": "fd00::1"}, ipv4, "h", "fd00::1"},
		{nil, ipv4, "::1", "::1"},
		{nil, ipv6, "127.0.0.1", "127.0.0.1"},
	} {
		got, err := lookup(c.known, c.family)(t.Context(), c.host)
		require.NoError(t, err)
		require.Equal(t, []string{c.want}, got)
	}
	_, err := lookup(addresses{}, ipv4)(t.Context(), "h")
	require.Equal(t, NXDomain, Classify(err).Type)
}

func TestTCPOptionsReachTheSocket(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("they have an effect on Linux only")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	options := func(tcp TCP) (keepalive, idle, interval, count, user int) {
		c, err := tcp.dialer().DialContext(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		raw, err := c.(*net.TCPConn).SyscallConn()
		require.NoError(t, err)
		get := func(level, name int) (v int) {
			require.NoError(t, raw.Control(func(fd uintptr) {
				v, err = syscall.GetsockoptInt(int(fd), level, name)
			}))
			require.NoError(t, err)
			return v
		}
		const keepIdle, keepInterval, keepCount = 4, 5, 6
		return get(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE), get(syscall.IPPROTO_TCP, keepIdle), get(syscall.IPPROTO_TCP, keepInterval),
			get(syscall.IPPROTO_TCP, keepCount), get(syscall.IPPROTO_TCP, tcpUserTimeout)
	}
	offAlive, defaultIdle, defaultInterval, defaultCount, defaultUser := options(TCP{})
	require.Zero(t, offAlive)
	for _, c := range []struct {
		tcp  TCP
		want [5]int
	}{
		{TCP{KeepAliveIdle: 7900 * time.Millisecond}, [5]int{1, 7, defaultInterval, defaultCount, defaultUser}},
		{TCP{KeepAliveInterval: 10 * time.Millisecond}, [5]int{1, defaultIdle, 1, defaultCount, defaultUser}},
		{TCP{KeepAliveCount: 4}, [5]int{1, defaultIdle, defaultInterval, 4, defaultUser}},
		{TCP{UserTimeout: 12345 * time.Millisecond}, [5]int{0, defaultIdle, defaultInterval, defaultCount, 12345}},
		{TCP{time.Minute, 2 * time.Second, 3, time.Second}, [5]int{1, 60, 2, 3, 1000}},
	} {
		alive, idle, interval, count, user := options(c.tcp)
		require.Equal(t, c.want, [5]int{alive, idle, interval, count, user}, "%+v", c.tcp)
	}
}

func TestLoadRootsSaysWhatIsWrong(t *testing.T) {
	_, err := LoadRoots(filepath.Join(t.TempDir(), "absent.pem"))
	require.ErrorIs(t, err, os.ErrNotExist)
	file := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(file, []byte("nothing"), 0o600))
	_, err = LoadRoots(file)
	require.ErrorContains(t, err, "has none in PEM form")
}
