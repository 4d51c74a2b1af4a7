package partition

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

var tenants = &change.Relation{OID: 7, Schema: "public", Name: "t", Columns: []change.Column{{Name: "id"}, {Name: "tenant"}}}

// createAbove makes a shape `tenant > n`. Its snapshot is complete, and transactions are still compared with it.
func (b *bench) createAbove(id shape.ID, n int) {
	c, err := where.NewCompiler(16).Compile(fmt.Sprintf("tenant > %d", n), nil, []where.Column{{Name: "tenant", Type: "int4"}})
	require.NoError(b.t, err)
	d := &shape.Definition{
		Layout: &shape.Layout{Table: shape.Table{OID: 7, Schema: "public", Name: "t"}, Key: []string{"id"}, Selected: []string{"id"}}, Where: c,
	}
	log, err := b.store.Create(shape.Handle{Hash: d.Identity().Hash(), Micros: uint64(id)}, d)
	require.NoError(b.t, err)
	w := log.SnapshotWriter()
	require.NoError(b.t, w.Known(pg.Snapshot{Xmin: 3, Xmax: 3}))
	require.NoError(b.t, w.Finish())
	b.shapes[id] = work.Shape{ID: id, Def: d, Log: log}
}

// insert hands the shapes one insert, and applies what they make of it.
func (b *bench) insert(ids []shape.ID) {
	s := b.share(ids...)
	w := s.Deliveries[0].Work
	w.Changes[0].Relation, w.Changes[0].New = tenants, change.Tuple{[]byte("1"), []byte("1000000")}
	b.tell(s)
	require.Len(b.t, b.done, 1)
	appends := make([]shapelog.Append, len(ids))
	for i := range w.Deliveries {
		r := &w.Deliveries[i].Result
		require.True(b.t, r.Commit)
		appends[i] = shapelog.Append{Log: r.Log, Items: r.Items, Commit: r.Commit}
	}
	require.NoError(b.t, b.store.Apply([]shapelog.Batch{{Position: w.Fragment.LSN, Appends: appends}}))
	require.Equal(b.t, 1, w.Emissions.Encoded())
	b.done = b.done[:0]
}

// reopen ends the store and opens it again, with logs of which nothing has been read.
func (b *bench) reopen(fs vfs.FS) {
	require.NoError(b.t, b.store.Close())
	var err error
	b.store, err = shapelog.Open(fs, "store", shapelog.Options{})
	require.NoError(b.t, err)
	ids := map[shape.Handle]shape.ID{}
	for id, s := range b.shapes {
		ids[s.Log.Handle()] = id
	}
	require.NoError(b.t, b.store.Load(func(r shapelog.Record) error {
		id := ids[r.Handle]
		s := b.shapes[id]
		s.Log = b.store.Log(r)
		b.shapes[id] = s
		return nil
	}))
}

// BenchmarkOneInsertForManyShapes hands one insert to 10,000 shapes, each with a clause of its own, until it is applied: to
// shapes with consumers that are awake, to shapes whose consumers sleep, and to shapes that nothing has happened to since a restart.
func BenchmarkOneInsertForManyShapes(b *testing.B) {
	const shapes = 10_000
	for _, state := range []string{"awake", "asleep", "restarted"} {
		b.Run(state, func(b *testing.B) {
			fs := vfs.NewMem()
			bench := newBenchOn(b, fs)
			ids := make([]shape.ID, shapes)
			for i := range ids {
				ids[i] = shape.ID(count*i + 1)
				bench.createAbove(ids[i], i)
			}
			bench.insert(ids)
			bench.part.SleepAfter = 0
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				if state != "awake" {
					bench.ticks(3 * idleTicks)
					require.Zero(b, bench.part.children.Len())
				}
				if state == "restarted" {
					bench.reopen(fs)
				}
				b.StartTimer()
				bench.insert(ids)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*shapes), "ns/shape")
		})
	}
}
