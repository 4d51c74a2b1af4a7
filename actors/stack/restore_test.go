package stack_test

import (
	"fmt"
	"runtime"
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

// known is a store with shapes `tenant = k` and a further condition.
func known(t testing.TB, shapes int, and string) *shapelog.Store {
	store, err := shapelog.Open(vfs.NewMem(), "shapes", shapelog.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	compiler := where.NewCompiler(16)
	layout := &shape.Layout{Table: shape.Table{OID: 1, Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: []string{"id", "tenant", "title"}, SelectsAll: true}
	for k := range shapes {
		c, err := compiler.Compile(fmt.Sprintf("tenant = %d%s", k, and), nil, []where.Column{{Name: "tenant", Type: "int4"}, {Name: "title", Type: "text"}})
		require.NoError(t, err)
		log, err := store.Create(shape.Handle{Hash: uint32(k), Micros: uint64(k)}, &shape.Definition{Layout: layout, Where: c})
		require.NoError(t, err)
		w := log.SnapshotWriter()
		require.NoError(t, w.Known(pg.Snapshot{Xmin: 1, Xmax: 1}))
		require.NoError(t, w.Finish())
	}
	return store
}

// restored takes the shapes of a store in: into the catalogue of shapes, and into a filter.
func restored(t testing.TB, store *shapelog.Store) (*status.Authority, *filter.Filter) {
	all, f := status.New(time.Now), filter.New()
	require.NoError(t, store.Load(func(r shapelog.Record) error {
		e, err := all.Restore(r.Handle, r.Def, store.Log(r))
		f.Add(e.ID, e.Def)
		return err
	}))
	return all, f
}

// TestAKnownShapeIsNotParsedAgain counts calls into C, where the grammar is. The storage engine makes a few too.
func TestAKnownShapeIsNotParsedAgain(t *testing.T) {
	const shapes = 2000
	store := known(t, shapes, " AND title LIKE 'a%'")
	calls := runtime.NumCgoCall()
	_, err := where.Compile("tenant = 1", nil, []where.Column{{Name: "tenant", Type: "int4"}})
	require.NoError(t, err)
	require.Greater(t, runtime.NumCgoCall(), calls, "a clause is parsed in C")

	calls = runtime.NumCgoCall()
	all, f := restored(t, store)
	require.Less(t, runtime.NumCgoCall()-calls, int64(shapes/10))
	require.Equal(t, shapes, f.Len())
	for _, e := range all.List()[:10] {
		again, found := all.Lookup(e.Def.Identity())
		require.True(t, found)
		require.Same(t, e, again, "a request for it finds it")
	}
}

// BenchmarkRestore takes in shapes `tenant = k` and `tenant = k AND title = 'x'` that are on disk.
func BenchmarkRestore(b *testing.B) {
	for _, and := range []string{"", " AND title = 'x'"} {
		b.Run("tenant"+and, func(b *testing.B) {
			const shapes = 20_000
			store := known(b, shapes, and)
			b.ReportAllocs()
			for b.Loop() {
				restored(b, store)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/shapes, "ns/shape")
		})
	}
}
