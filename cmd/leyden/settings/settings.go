package settings

import (
	"log/slog"
	"time"

	"leyden/internal/pg/connect"
)

// Settings is the whole configuration of a server. It is not changed after Read.
type Settings struct {
	Database    Database
	Replication Replication
	HTTP        HTTP
	Shapes      Shapes
	Storage     Storage
	Logging     Logging
	Admin       Admin

	// PrometheusPort is where /metrics is served, negative for nowhere.
	PrometheusPort int
	// InstanceID names this run in telemetry, "" for a random one.
	InstanceID string
}

// Database says how Postgres is reached.
type Database struct {
	URL       connect.Target // replication, and all else when PooledURL is not set
	PooledURL connect.Target // everything except replication; equal to URL unless set
	UseIPv6   bool
	CAFile    string // "" verifies no certificate
	PoolSize  int    // query connections in all

	TCP connect.TCP
}

// Replication says how the stream is set up and cut.
type Replication struct {
	StreamID       string // suffix of the slot's and the publication's name
	TemporarySlot  bool
	RandomSlotName bool // only with TemporarySlot

	ManualPublishing   bool
	PublicationRefresh time.Duration
	SchemaReconcile    time.Duration

	MaxTransactionBytes int64 // 0 for no limit
	FragmentChanges     int
}

// HTTP says how the API is served.
type HTTP struct {
	Secret Secret // not set: no secret is asked for
	Port   int    // 0 for a free one
	IPv6   bool

	LongPoll     time.Duration
	CacheMaxAge  int // seconds
	CacheStale   int // seconds
	Limits       Limits
	SendTimeout  time.Duration
	ReadTimeout  time.Duration
	ConnRequests int // requests on one connection, 0 for any number
	AllowDelete  bool
}

// Limits are the concurrent requests that are admitted, by class.
type Limits struct{ Initial, Existing int }

// Shapes says how many shapes there are and how their logs are cut.
type Shapes struct {
	ChunkBytes int
	Max        int // 0 for no limit
	Partitions int // 0 to derive it from the machine
	// A consumer without changes gives up what it can find again after HibernateAfter, and all the rest SuspendAfter later, if
	// Suspend is set.
	HibernateAfter time.Duration
	SuspendAfter   time.Duration
	Suspend        bool
	StallGrace     time.Duration // how long a shape may keep the position without a reason
	// StackID separates stacks in one storage directory and salts tag hashes.
	StackID string
	// SubqueryBuffer is how many transactions a shape with subqueries holds at most.
	SubqueryBuffer int
}

// Storage says where shape logs are kept.
type Storage struct {
	Memory bool // nothing survives the process
	Dir    string
}

// Admin says where operators are served.
type Admin struct {
	Off    bool
	Host   string
	Port   int    // 0 for a free one
	Given  bool   // the address was set; where it was not, and is in use, another port is taken
	Secret Secret // not set: only programs on this machine are served
}

// Logging says what is logged and how.
type Logging struct {
	Level  slog.Level
	Colors bool
}
