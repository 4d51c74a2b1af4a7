package stack_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/actors/stack"
	"leyden/internal/pg"
	"leyden/internal/pg/connect"
	"leyden/internal/pg/pgserver"
	"leyden/internal/shape"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

// BenchmarkRestartOfStreaming restarts the streaming subtree of an engine with 100,000 shapes `tenant = k`.
func BenchmarkRestartOfStreaming(b *testing.B) {
	const count = 100_000
	server := pgserver.ForTest(b)
	conn, err := pgx.Connect(b.Context(), server.URL("postgres"))
	require.NoError(b, err)
	defer conn.Close(context.Background())
	var oid uint32
	_, err = conn.Exec(b.Context(), `CREATE TABLE items (id int PRIMARY KEY, tenant int NOT NULL)`)
	require.NoError(b, err)
	require.NoError(b, conn.QueryRow(b.Context(), `SELECT 'items'::regclass::oid`).Scan(&oid))
	target, err := connect.Parse(server.URL("postgres"))
	require.NoError(b, err)
	c := stack.Config{Replication: target, Publication: "p", Slot: "s", FS: vfs.NewMem(), Dir: "store", Logger: slog.New(slog.DiscardHandler)}
	open := func() *stack.Stack {
		s, err := stack.Start(b.Context(), c)
		require.NoError(b, err)
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		require.NoError(b, s.WaitReady(ctx))
		return s
	}
	require.NoError(b, open().Stop(b.Context())) // the slot is made
	require.NoError(b, storeTenants(c, oid, count))
	s := open()
	defer func() { require.NoError(b, s.Stop(context.Background())) }()
	require.Equal(b, count, s.Report().Shapes.Total)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, s.Tree().Restart(b.Context(), "leyden/streaming"))
		require.NoError(b, s.WaitReady(b.Context()))
	}
}

// storeTenants fills a store with shapes whose empty snapshots were complete long ago.
func storeTenants(c stack.Config, oid uint32, count int) error {
	store, err := shapelog.Open(c.FS, c.Dir, shapelog.Options{})
	if err != nil {
		return err
	}
	layout := &shape.Layout{Table: shape.Table{OID: oid, Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: []string{"id", "tenant"}, SelectsAll: true}
	var done []shapelog.Append
	for k := range count {
		d := &shape.Definition{Layout: layout}
		if d.Where, err = where.Compile(fmt.Sprintf("tenant = %d", k), nil, []where.Column{{Name: "id", Type: "int4", TypeMod: -1}, {Name: "tenant", Type: "int4", TypeMod: -1}}); err != nil {
			return err
		}
		log, err := store.Create(shape.Handle{Hash: d.Identity().Hash(), Micros: uint64(k) + 1}, d)
		if err != nil {
			return err
		}
		w := log.SnapshotWriter()
		if err := errors.Join(w.Known(pg.Snapshot{Xmin: 3, Xmax: 3}), w.Finish()); err != nil {
			return err
		}
		if done = append(done, shapelog.Append{Log: log, FilteringDone: true}); len(done) == 1000 || k == count-1 {
			if err := store.Apply([]shapelog.Batch{{Appends: done}}); err != nil {
				return err
			}
			done = done[:0]
		}
	}
	return store.Close()
}
