package stack_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/filter"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

// BenchmarkRestore takes in shapes `tenant = k` and `tenant = k AND title = 'x'` that are on disk: into the catalogue of shapes, and into
// a filter.
func BenchmarkRestore(b *testing.B) {
	for _, and := range []string{"", " AND title = 'x'"} {
		b.Run("tenant"+and, func(b *testing.B) {
			const shapes = 20_000
			store, err := shapelog.Open(vfs.NewMem(), "shapes", shapelog.Options{})
			require.NoError(b, err)
			defer store.Close()
			compiler := where.NewCompiler(16)
			layout := &shape.Layout{Table: shape.Table{OID: 1, Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: []string{"id", "tenant", "title"}, SelectsAll: true}
			for k := range shapes {
				c, err := compiler.Compile(fmt.Sprintf("tenant = %d%s", k, and), nil, []where.Column{{Name: "tenant", Type: "int4"}, {Name: "title", Type: "text"}})
				require.NoError(b, err)
				log, err := store.Create(shape.Handle{Hash: uint32(k), Micros: uint64(k)}, &shape.Definition{Layout: layout, Where: c})
				require.NoError(b, err)
				w := log.SnapshotWriter()
				require.NoError(b, w.Known(pg.Snapshot{Xmin: 1, Xmax: 1}))
				require.NoError(b, w.Finish())
			}
			b.ReportAllocs()
			for b.Loop() {
				known, f := status.New(time.Now), filter.New()
				require.NoError(b, store.Load(func(r shapelog.Record) error {
					e, err := known.Restore(r.Handle, r.Def, store.Log(r))
					f.Add(e.ID, e.Def)
					return err
				}))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/shapes, "ns/shape")
		})
	}
}
