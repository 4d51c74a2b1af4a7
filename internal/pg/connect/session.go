package connect

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Setting is a run-time parameter of a session.
type Setting struct{ Name, Value string }

// SessionSettings fix the text forms of values. Replication connections and snapshot transactions have the same ones, or a
// value would have one text in a snapshot and another in the log.
func SessionSettings() []Setting {
	return []Setting{
		{"bytea_output", "hex"},
		{"DateStyle", "ISO, DMY"},
		{"TimeZone", "UTC"},
		{"extra_float_digits", "1"},
		{"IntervalStyle", "iso_8601"},
	}
}

// querySettings are what a query for rows needs besides: the database's own statement timeout is for short queries, and does
// not know that this one is as long as its table.
func querySettings() []Setting {
	return append(SessionSettings(), Setting{"client_encoding", "UTF8"}, Setting{"statement_timeout", "0"})
}

// SessionSQL is SessionSettings as statements for the simple protocol, for the rest of the session.
func SessionSQL() string { return settingsSQL("SET ", SessionSettings()) }

// LocalSQL is the settings of a transaction that reads rows, as statements for the simple protocol, for the rest of the
// transaction. Behind a pooler that hands sessions around it is the only form that does not reach others.
func LocalSQL() string { return settingsSQL("SET LOCAL ", querySettings()) }

// settled is the mark of connections whose session has the settings.
const settled = "leyden.settled"

// Settle makes the settings of transactions that read rows once for the whole session, if the session is the connection's
// own. Behind a pooler, which tells a process id of its own invention when a connection is made, it changes nothing.
func Settle(ctx context.Context, c *pgconn.PgConn) error {
	results, err := c.Exec(ctx, "SELECT pg_backend_pid()").ReadAll()
	if err != nil {
		return fmt.Errorf("ask for the backend: %w", err)
	}
	pid, err := strconv.ParseUint(string(results[0].Rows[0][0]), 10, 32)
	if err != nil || uint32(pid) != c.PID() {
		return nil
	}
	if _, err := c.Exec(ctx, settingsSQL("SET ", querySettings())).ReadAll(); err != nil {
		return fmt.Errorf("set up the session: %w", err)
	}
	c.CustomData()[settled] = true
	return nil
}

// Settled reports whether Settle has made the settings: a transaction needs none of its own.
func Settled(c *pgconn.PgConn) bool { return c.CustomData()[settled] == true }

// Unsettle says that the session turned out to be another one than Settle had.
func Unsettle(c *pgconn.PgConn) { delete(c.CustomData(), settled) }

func settingsSQL(set string, settings []Setting) string {
	var b strings.Builder
	for _, s := range settings {
		b.WriteString(set + s.Name + " = '" + s.Value + "';")
	}
	return b.String()
}
