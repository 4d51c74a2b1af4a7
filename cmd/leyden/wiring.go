package main

import (
	"log/slog"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"leyden/actors/partition"
	"leyden/actors/stack"
	"leyden/cmd/leyden/settings"
	"leyden/http/shapeapi"
	"leyden/internal/pg/connect"
	"leyden/persistence/shapelog"
)

// stackConfig is what the engine needs of the settings.
func stackConfig(s *settings.Settings, metrics prometheus.Registerer, log *slog.Logger) (stack.Config, error) {
	options := connect.Options{IPv6: s.Database.UseIPv6, TCP: s.Database.TCP}
	if s.Database.CAFile != "" {
		var err error
		if options.Roots, err = connect.LoadRoots(s.Database.CAFile); err != nil {
			return stack.Config{}, &settings.Error{Name: "ELECTRIC_DATABASE_CA_CERTIFICATE_FILE", Reason: err.Error()}
		}
	}
	c := stack.Config{
		Replication: s.Database.URL, Pooled: &s.Database.PooledURL, Connect: options, PoolSize: s.Database.PoolSize,
		Publication: "electric_publication_" + s.Replication.StreamID, Slot: "electric_slot_" + s.Replication.StreamID,
		TemporarySlot: s.Replication.TemporarySlot, ManualPublishing: s.Replication.ManualPublishing,
		MaxTransactionBytes: s.Replication.MaxTransactionBytes, BatchSize: s.Replication.FragmentChanges,
		Dir: filepath.Join(s.Storage.Dir, s.Shapes.StackID), Storage: shapelog.Options{ChunkBytes: s.Shapes.ChunkBytes, Logger: log, StartEmpty: true},
		Partitions: s.Shapes.Partitions, MaxShapes: s.Shapes.Max, RestAfter: s.Shapes.HibernateAfter, SleepAfter: s.Shapes.SuspendAfter,
		StallGrace: s.Shapes.StallGrace, StackID: s.Shapes.StackID, SubqueryBuffer: s.Shapes.SubqueryBuffer,
		ReconcilePeriod: s.Replication.SchemaReconcile, PublicationPeriod: s.Replication.PublicationRefresh,
		Registerer: metrics, Logger: log,
	}
	if !s.Shapes.Suspend {
		c.SleepAfter = partition.Never
	}
	if s.Storage.Memory {
		c.FS = vfs.NewMem()
	}
	if s.Replication.RandomSlotName {
		c.Slot = "electric_slot_" + randomID()
	}
	return c, nil
}

// apiConfig is what HTTP needs of the settings.
func apiConfig(s *settings.Settings) shapeapi.Config {
	return shapeapi.Config{
		Version: version,
		Secret:  s.HTTP.Secret.Reveal(), Insecure: !s.HTTP.Secret.IsSet(),
		LongPollTimeout: s.HTTP.LongPoll, CacheMaxAge: s.HTTP.CacheMaxAge, CacheStaleAge: s.HTTP.CacheStale,
		MaxInitial: s.HTTP.Limits.Initial, MaxExisting: s.HTTP.Limits.Existing,
		SendTimeout: s.HTTP.SendTimeout, ReadTimeout: s.HTTP.ReadTimeout, ConnMaxRequests: s.HTTP.ConnRequests,
		EnableDelete: s.HTTP.AllowDelete,
	}
}
