package settings

import (
	"math"
	"slices"
	"time"

	"leyden/internal/pg/connect"
)

// Use says what a setting does in this server.
type Use uint8

const (
	// Used settings have the meaning of the reference.
	Used Use = iota
	// Ignored settings tune machinery that this server does not have. Any value is accepted.
	Ignored
	// NoEffect settings ask for something that this version does not do. The value is checked.
	NoEffect
)

// Row describes one setting.
type Row struct {
	Name    string
	Type    string
	Default string // as it reads in the documentation
	Meaning string
	Use     Use

	section string
	// preset is read when the variable is not set; "" leaves the field as it is.
	preset string
	read   func(text string) error
}

// Table lists every known setting, grouped by section, in the order of the documentation.
func Table() []Row { return table(new(Settings)) }

func table(s *Settings) []Row {
	return slices.Concat(databaseRows(&s.Database), replicationRows(&s.Replication), httpRows(&s.HTTP), shapeRows(&s.Shapes),
		storageRows(&s.Storage), loggingRows(s), adminRows(&s.Admin), developmentRows(), ignoredRows())
}

func databaseRows(d *Database) []Row {
	return section("Database",
		Row{Name: "DATABASE_URL", Type: "URL", Default: "required", read: into(&d.URL, connect.Parse),
			Meaning: "Postgres, for replication and queries: `postgresql://user:password@host:port/database?sslmode=…`. The port defaults to 5432, the database to the user. `sslmode` is `disable`, `allow`, `prefer` (TLS if the server has it; the default) or `require`."},
		Row{Name: "ELECTRIC_POOLED_DATABASE_URL", Type: "URL", Default: "`DATABASE_URL`", read: into(&d.PooledURL, optionalURL),
			Meaning: "Connection for everything except replication; may go through a pooler in transaction mode."},
		Row{Name: "ELECTRIC_QUERY_DATABASE_URL", Type: "URL", Default: "–", read: alias(&d.PooledURL, optionalURL),
			Meaning: "Deprecated name of `ELECTRIC_POOLED_DATABASE_URL`."},
		Row{Name: "ELECTRIC_DATABASE_USE_IPV6", Type: "bool", Default: "false", read: boolean(&d.UseIPv6),
			Meaning: "Resolve the database's host over IPv6 first, then over IPv4."},
		Row{Name: "ELECTRIC_DATABASE_CA_CERTIFICATE_FILE", Type: "path", Default: "none", read: path(&d.CAFile),
			Meaning: "Certificates to trust. Turns on full verification of the server; cannot be combined with `sslmode=disable`."},
		Row{Name: "ELECTRIC_DB_POOL_SIZE", Type: "int", Default: "20", preset: "20", read: integer(&d.PoolSize, 1, 10_000),
			Meaning: "Query connections in all. A quarter of them (1 to 4) serve the catalogue, the rest snapshots."},
		Row{Name: "ELECTRIC_DATABASE_TCP_KEEPALIVE_IDLE", Type: "duration", Default: "system", read: into(&d.TCP.KeepAliveIdle, parseDuration),
			Meaning: "Idle time before the first keepalive probe, in whole seconds (Linux)."},
		Row{Name: "ELECTRIC_DATABASE_TCP_KEEPALIVE_INTERVAL", Type: "duration", Default: "system", read: into(&d.TCP.KeepAliveInterval, parseDuration),
			Meaning: "Time between probes, in whole seconds (Linux)."},
		Row{Name: "ELECTRIC_DATABASE_TCP_KEEPALIVE_COUNT", Type: "int", Default: "system", read: integer(&d.TCP.KeepAliveCount, 1, 127),
			Meaning: "Unanswered probes before the connection counts as lost (Linux)."},
		Row{Name: "ELECTRIC_DATABASE_TCP_USER_TIMEOUT", Type: "duration", Default: "system", read: into(&d.TCP.UserTimeout, parseDuration),
			Meaning: "How long sent data may stay unacknowledged (Linux)."},
	)
}

func replicationRows(r *Replication) []Row {
	return section("Replication",
		Row{Name: "ELECTRIC_REPLICATION_STREAM_ID", Type: "identifier", Default: "`default`", preset: "default", read: into(&r.StreamID, parseStreamID),
			Meaning: "Suffix of the names `electric_publication_<id>` and `electric_slot_<id>`: letters, digits and underscores, lower-cased."},
		Row{Name: "CLEANUP_REPLICATION_SLOTS_ON_SHUTDOWN", Type: "bool", Default: "false", read: boolean(&r.TemporarySlot),
			Meaning: "Use a temporary slot, which goes with its connection. Shapes then start anew with every connection."},
		Row{Name: "ELECTRIC_TEMPORARY_REPLICATION_SLOT_USE_RANDOM_NAME", Type: "bool", Default: "false", read: boolean(&r.RandomSlotName),
			Meaning: "Give the temporary slot a random name."},
		Row{Name: "ELECTRIC_MANUAL_TABLE_PUBLISHING", Type: "bool", Default: "false", read: boolean(&r.ManualPublishing),
			Meaning: "Never alter the publication: tables are added to it, and set to `REPLICA IDENTITY FULL`, by hand."},
		Row{Name: "ELECTRIC_PUBLICATION_ALTER_DEBOUNCE_TIME", Type: "duration", Default: "0", Use: NoEffect, read: checked(zeroOr(parseDuration)),
			Meaning: "How long changes of the publication are gathered into one statement."},
		Row{Name: "ELECTRIC_TWEAKS_PUBLICATION_REFRESH_PERIOD", Type: "duration", Default: "60 s", preset: "60s", read: into(&r.PublicationRefresh, parseDuration),
			Meaning: "Time between checks of the publication."},
		Row{Name: "ELECTRIC_TWEAKS_SCHEMA_RECONCILER_PERIOD", Type: "duration", Default: "60 s", preset: "60s", read: into(&r.SchemaReconcile, parseDuration),
			Meaning: "Time between checks of the tables' definitions."},
		Row{Name: "ELECTRIC_EXPERIMENTAL_MAX_TXN_SIZE", Type: "int, bytes", Default: "no limit", read: integer(&r.MaxTransactionBytes, 0, math.MaxInt64),
			Meaning: "A larger transaction discards every shape. Transactions of any size pass in bounded memory, so there is no reason to set it."},
		Row{Name: "ELECTRIC_EXPERIMENTAL_MAX_BATCH_SIZE", Type: "int", Default: "100", preset: "100", read: integer(&r.FragmentChanges, 1, 1_000_000),
			Meaning: "Changes in one fragment of a transaction."},
		Row{Name: "ELECTRIC_REPLICATION_IDLE_TIMEOUT", Type: "duration", Default: "off", Use: NoEffect, read: atLeast(30 * time.Second),
			Meaning: "Close the database connections after this time without requests."},
	)
}

func httpRows(h *HTTP) []Row {
	const anyInt = math.MaxInt32
	return section("HTTP API",
		Row{Name: "ELECTRIC_SECRET", Type: "text", Default: "required", read: into(&h.Secret, func(text string) (Secret, error) { return NewSecret(text), nil }),
			Meaning: "Secret that requests to `/v1/shape` must carry as the parameter `secret`. Required unless `ELECTRIC_INSECURE` is set."},
		Row{Name: "ELECTRIC_INSECURE", Type: "bool", Default: "false", read: func(string) error { return nil },
			Meaning: "Serve without a secret. Only where no stranger can reach the port."},
		Row{Name: "ELECTRIC_PORT", Type: "int", Default: "3000", preset: "3000", read: integer(&h.Port, 0, 65535),
			Meaning: "Port of the API; 0 takes a free one."},
		Row{Name: "ELECTRIC_LISTEN_ON_IPV6", Type: "bool", Default: "false", read: boolean(&h.IPv6),
			Meaning: "Listen on the IPv6 wildcard address."},
		Row{Name: "ELECTRIC_LONG_POLL_TIMEOUT", Type: "int, ms", Default: "20000", preset: "20000", read: milliseconds(&h.LongPoll),
			Meaning: "How long a live request is held when there is nothing new."},
		Row{Name: "ELECTRIC_CACHE_MAX_AGE", Type: "int, s", Default: "60", preset: "60", read: integer(&h.CacheMaxAge, 0, anyInt),
			Meaning: "`max-age` of catch-up responses."},
		Row{Name: "ELECTRIC_CACHE_STALE_AGE", Type: "int, s", Default: "300", preset: "300", read: integer(&h.CacheStale, 0, anyInt),
			Meaning: "`stale-while-revalidate` of catch-up responses."},
		Row{Name: "ELECTRIC_MAX_CONCURRENT_REQUESTS", Type: "JSON", Default: "`{\"initial\":300,\"existing\":10000}`", preset: `{"initial":300,"existing":10000}`, read: into(&h.Limits, parseLimits),
			Meaning: "Requests that are served at a time, for shapes not known yet and for known ones. More get a 503."},
		Row{Name: "ELECTRIC_TCP_SEND_TIMEOUT", Type: "duration", Default: "30 s", preset: "30s", read: into(&h.SendTimeout, parseDuration),
			Meaning: "A reader that takes no bytes for this long is dropped."},
		Row{Name: "ELECTRIC_TCP_READ_TIMEOUT", Type: "duration", Default: "60 s", preset: "60s", read: into(&h.ReadTimeout, parseDuration),
			Meaning: "How long an idle connection is kept."},
		Row{Name: "ELECTRIC_TWEAKS_CONN_MAX_REQUESTS", Type: "int", Default: "50", preset: "50", read: integer(&h.ConnRequests, 0, anyInt),
			Meaning: "Requests on one connection before the server closes it; 0 for any number."},
		Row{Name: "ELECTRIC_ENABLE_INTEGRATION_TESTING", Type: "bool", Default: "false", read: boolean(&h.AllowDelete),
			Meaning: "Allow `DELETE /v1/shape`."},
	)
}

func shapeRows(p *Shapes) []Row {
	return section("Shapes",
		Row{Name: "ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD", Type: "int, bytes", Default: "10485760", preset: "10485760", read: integer(&p.ChunkBytes, 1, 1<<31-1),
			Meaning: "Size at which a chunk of a snapshot or log is closed. Responses end at chunk boundaries."},
		Row{Name: "ELECTRIC_MAX_SHAPES", Type: "int", Default: "no limit", read: integer(&p.Max, 1, math.MaxInt32),
			Meaning: "Above this number the shapes that were read longest ago are removed, once a minute."},
		Row{Name: "ELECTRIC_EXPERIMENTAL_MAX_SHAPES", Type: "int", Default: "–", read: alias(&p.Max, intBetween[int](1, math.MaxInt32)),
			Meaning: "Deprecated name of `ELECTRIC_MAX_SHAPES`."},
		Row{Name: "ELECTRIC_CONSUMER_PARTITIONS", Type: "int", Default: "derived", read: integer(&p.Partitions, 1, 4096),
			Meaning: "Partitions of the shapes' consumers."},
		Row{Name: "ELECTRIC_SHAPE_HIBERNATE_AFTER", Type: "duration", Default: "30 s", preset: "30s", read: into(&p.HibernateAfter, parseDuration),
			Meaning: "After this time without changes a shape's consumer gives up what it can find again. It stays in memory, with some hundred bytes."},
		Row{Name: "ELECTRIC_SHAPE_SUSPEND_CONSUMER", Type: "bool", Default: "true", preset: "true", read: boolean(&p.Suspend),
			Meaning: "Let idle consumers leave memory. The next change of a shape brings its consumer back from disk; clients notice nothing, which is why the default differs from Electric's."},
		Row{Name: "ELECTRIC_SHAPE_SUSPEND_AFTER", Type: "duration", Default: "at once", read: into(&p.SuspendAfter, parseDuration),
			Meaning: "How much longer than `ELECTRIC_SHAPE_HIBERNATE_AFTER` an idle consumer stays in memory, if `ELECTRIC_SHAPE_SUSPEND_CONSUMER` is set. A shape that waits for its snapshot, or is in the midst of a transaction, stays in any case. Electric's default is 10 min."},
		Row{Name: "ELECTRIC_FLUSH_STALL_GRACE_PERIOD", Type: "duration", Default: "60 s", preset: "60s", read: into(&p.StallGrace, parseDuration),
			Meaning: "How long a shape may keep the write-ahead log of Postgres from being released, or a consumer may take for one change, without a reason. Then the shape is removed. It is looked for at this interval too, but every second at most and every 10 s at least."},
		Row{Name: "ELECTRIC_DATABASE_ID", Type: "text", Default: "`single_stack`", preset: "single_stack", read: into(&p.StackID, pathSegment),
			Meaning: "Name of the stack: a directory in the storage directory, and a part of what the tags of shapes with subqueries are hashed from."},
		Row{Name: "ELECTRIC_SUBQUERY_BUFFER_MAX_TRANSACTIONS", Type: "int", Default: "1000", preset: "1000", read: integer(&p.SubqueryBuffer, 1, math.MaxInt32),
			Meaning: "Transactions that a shape with a subquery holds back at most, while rows are read that a change of the subquery's result brings into it. With one more the shape is removed, and its clients begin anew."},
	)
}

func storageRows(s *Storage) []Row {
	return section("Storage",
		Row{Name: "ELECTRIC_STORAGE", Type: "enum", Default: "`FAST_FILE`", preset: "FAST_FILE", read: into(&s.Memory, storageKind),
			Meaning: "`FAST_FILE`, or `MEMORY`, which keeps nothing when the process ends."},
		Row{Name: "ELECTRIC_STORAGE_DIR", Type: "path", Default: "`./persistent`", preset: "./persistent", read: path(&s.Dir),
			Meaning: "Where shapes and the replication state are kept. One server at a time."},
	)
}

func loggingRows(s *Settings) []Row {
	return section("Logs and metrics",
		Row{Name: "ELECTRIC_LOG_LEVEL", Type: "enum", Default: "`info`", preset: "info", read: into(&s.Logging.Level, parseLevel),
			Meaning: "`error`, `warning`, `info` or `debug` (also `emergency`, `alert`, `critical`, `notice`, `warn`)."},
		Row{Name: "ELECTRIC_LOG_COLORS", Type: "bool", Default: "true", preset: "true", read: into(&s.Logging.Colors, colors),
			Meaning: "Colours in the log of a terminal."},
		Row{Name: "ELECTRIC_PROMETHEUS_PORT", Type: "int", Default: "off", preset: "-1", read: into(&s.PrometheusPort, optionalPort),
			Meaning: "Port of `/metrics`."},
		Row{Name: "ELECTRIC_INSTANCE_ID", Type: "text", Default: "random", read: into(&s.InstanceID, func(text string) (string, error) { return text, nil }),
			Meaning: "Name of this instance in logs and telemetry."},
	)
}

func adminRows(a *Admin) []Row {
	a.Host, a.Port = "127.0.0.1", 3100
	return section("Operators",
		Row{Name: "LEYDEN_ADMIN_ADDR", Type: "address", Default: "`" + DefaultAdminAddr + "`", read: adminAddr(a),
			Meaning: "Where `leyden ctl` is served: `host:port`, port 0 for a free one, or `none`. Where it is not set and the port is in use, a free one is taken and logged, so that a second server on the machine can be looked at too; where it is set, that ends the start."},
		Row{Name: "LEYDEN_ADMIN_SECRET", Type: "text", Default: "none", read: into(&a.Secret, func(text string) (Secret, error) { return NewSecret(text), nil }),
			Meaning: "Secret that operators' requests must carry. Required unless `LEYDEN_ADMIN_ADDR` is a loopback address. `leyden ctl` reads it from the same variable."},
	)
}

func developmentRows() []Row {
	return section("Development",
		Row{Name: "LEYDEN_POSTGRES_BIN", Type: "path", Default: "searched", read: func(string) error { return nil },
			Meaning: "Directory with `initdb` and `postgres`, for `leyden dev` and the tests; `serve` runs no Postgres."},
	)
}
