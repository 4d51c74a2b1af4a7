package connect

import (
	"fmt"
	"maps"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Route is a target together with the way that leads there: with or without TLS, over IPv6 or IPv4. Resolve finds it.
type Route struct {
	Target  Target
	Options Options

	tls      bool
	family   family
	resolver Resolver
}

// TLS reports whether connections are encrypted.
func (r Route) TLS() bool { return r.tls }

// IPv6 reports whether hosts are resolved over IPv6.
func (r Route) IPv6() bool { return r.family == ipv6 }

// neutral is a connection string that overrides what the driver would take from libpq's environment variables.
const neutral = "host=unset port=1 user=unset dbname=unset password=unset sslmode=disable sslcertmode=allow sslnegotiation=postgres " +
	"target_session_attrs=any min_protocol_version=3.0 max_protocol_version=3.0 channel_binding=prefer require_auth='' connect_timeout=30 " +
	"sslrootcert='' sslcert='' sslkey='' passfile=''"

// apply makes c lead to the target.
func (r Route) apply(c *pgconn.Config) {
	c.Host, c.Port, c.User, c.Password, c.Database = r.Target.Host, r.Target.Port, r.Target.User, r.Target.secret(), r.Target.Database
	c.Fallbacks, c.TLSConfig = nil, nil
	if r.tls {
		c.TLSConfig = r.Options.tlsConfig(r.Target.Host)
	}
	c.ConnectTimeout = connectTimeout
	c.DialFunc = r.Options.TCP.dialer().DialContext
	c.LookupFunc = lookup(r.resolver, r.family)
	c.RuntimeParams = map[string]string{"application_name": ApplicationName}
}

// Config is for an ordinary connection. Its session has the server's own settings: a pooler refuses those it does not know.
func (r Route) Config() (*pgconn.Config, error) {
	c, err := pgconn.ParseConfig(neutral)
	if err != nil {
		return nil, fmt.Errorf("prepare a connection: %w", err)
	}
	r.apply(c)
	return c, nil
}

// ReplicationConfig is for a walsender connection to the database, with SessionSettings.
func (r Route) ReplicationConfig() (*pgconn.Config, error) {
	c, err := r.Config()
	if err != nil {
		return nil, err
	}
	settings := map[string]string{"replication": "database"}
	for _, s := range SessionSettings() {
		settings[s.Name] = s.Value
	}
	maps.Copy(c.RuntimeParams, settings)
	return c, nil
}

// ConnConfig is for an ordinary connection of pgx. Statements are prepared without a name and forgotten at once, because a
// pooler may give the next one to another session.
func (r Route) ConnConfig() (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(neutral)
	if err != nil {
		return nil, fmt.Errorf("prepare a connection: %w", err)
	}
	r.applyPgx(c)
	return c, nil
}

func (r Route) applyPgx(c *pgx.ConnConfig) {
	r.apply(&c.Config)
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
}

// PoolConfig is for a pool of size ordinary connections, all of which are kept open.
func (r Route) PoolConfig(size int) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(neutral)
	if err != nil {
		return nil, fmt.Errorf("prepare a pool: %w", err)
	}
	r.applyPgx(c.ConnConfig)
	c.MaxConns, c.MinConns = int32(size), int32(size)
	return c, nil
}

var _ Resolver = (*net.Resolver)(nil)
