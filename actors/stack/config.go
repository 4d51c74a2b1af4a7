package stack

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"leyden/internal/pg/connect"
	"leyden/internal/pg/pgoutput"
	"leyden/persistence/shapelog"
)

// Config is everything the engine needs to know. It does not change while the stack lives. Zero values mean the defaults
// of spec http-api §29 where there is one.
type Config struct {
	// Replication is where the stream comes from and what administers it. Pooled, if set, is where snapshots are queried.
	Replication connect.Target
	Pooled      *connect.Target
	Connect     connect.Options
	PoolSize    int // 20; connections for queries in total

	Publication string
	Slot        string
	// TemporarySlot makes a slot that ends with its connection.
	TemporarySlot bool
	// ManualPublishing: tables are put into the publication by hand.
	ManualPublishing bool

	MaxTransactionBytes int64 // 0: no limit
	BatchSize           int   // 100; changes in a fragment
	CreditBytes         int64 // 32 MiB; fragments on their way between the socket and the store

	StackID        string // single_stack; the tags of shapes with subqueries are hashed from it
	SubqueryBuffer int    // 1000; transactions that a shape with subqueries holds while rows move in

	// FS and Dir are where the store is. FS nil is the machine's file system.
	FS           vfs.FS
	Dir          string
	Storage      shapelog.Options
	SyncInterval time.Duration // 0: a sync follows the one before at once

	Partitions        int           // 0: derived from the machine and MaxShapes
	MaxShapes         int           // 0: no limit
	RestAfter         time.Duration // 30 s; after which an idle consumer gives up what it can find again
	SleepAfter        time.Duration // after which more it leaves memory; partition.Never: as long as it lives it stays
	StallGrace        time.Duration // 60 s; how long a shape may keep the position without a reason
	StallPeriod       time.Duration // derived from StallGrace; between looks for such shapes
	FirstRow          time.Duration // 30 s; to the first row of a snapshot
	Queue             time.Duration // 30 s; for a connection to query a snapshot with
	ExpiryPeriod      time.Duration // 60 s
	ReconcilePeriod   time.Duration // 60 s
	PublicationPeriod time.Duration // 60 s
	SlotPeriod        time.Duration // 10 s; between looks at the slot for the metrics

	Registerer prometheus.Registerer // nil: metrics are kept but not registered
	Logger     *slog.Logger          // nil: discards
}

func (c *Config) setDefaults() {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.RestAfter, 30*time.Second)
	def(&c.StallGrace, time.Minute)
	def(&c.StallPeriod, max(min(c.StallGrace, 10*time.Second), time.Second))
	def(&c.FirstRow, 30*time.Second)
	def(&c.Queue, 30*time.Second)
	def(&c.ExpiryPeriod, time.Minute)
	def(&c.ReconcilePeriod, time.Minute)
	def(&c.PublicationPeriod, time.Minute)
	def(&c.SlotPeriod, 10*time.Second)
	if c.PoolSize == 0 {
		c.PoolSize = 20
	}
	if c.StackID == "" {
		c.StackID = "single_stack"
	}
	if c.SubqueryBuffer == 0 {
		c.SubqueryBuffer = 1000
	}
	if c.BatchSize == 0 {
		c.BatchSize = 100
	}
	if c.CreditBytes == 0 {
		c.CreditBytes = 32 << 20
	}
	if c.FS == nil {
		c.FS = vfs.Default
	}
	if c.Partitions == 0 {
		c.Partitions = min(max(runtime.GOMAXPROCS(0), (c.MaxShapes+3999)/4000), 64)
	}
	if c.Registerer == nil {
		c.Registerer = prometheus.NewRegistry()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Storage.Logger == nil {
		c.Storage.Logger = c.Logger
	}
	if c.Pooled == nil {
		c.Pooled = &c.Replication
	}
}

func (c *Config) fragments() pgoutput.Options {
	return pgoutput.Options{BatchSize: c.BatchSize, MaxTransactionBytes: c.MaxTransactionBytes}
}
