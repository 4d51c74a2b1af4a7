package shapelog

import (
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
)

// shapeOf makes a shape with rows of some size in its snapshot, and items in its log.
func shapeOf(t testing.TB, s *Store, n, rows, items int) *Log {
	t.Helper()
	row := make([]byte, 1000)
	copy(row, `"`)
	for i := 1; i < len(row)-1; i++ {
		row[i] = 'x'
	}
	row[len(row)-1] = '"'
	l, err := s.Create(shape.Handle{Hash: uint32(n * 7919), Micros: uint64(n)}, &shape.Definition{Layout: &shape.Layout{
		Table: shape.Table{OID: 1, Schema: "public", Name: "items"}, Key: []string{"id"}, Selected: []string{"id"}, SelectsAll: true,
	}})
	require.NoError(t, err)
	w := l.SnapshotWriter()
	require.NoError(t, w.Known(pg.Snapshot{Xmin: 1, Xmax: 1}))
	for range rows {
		require.NoError(t, w.Row(row))
	}
	require.NoError(t, w.Finish())
	for i := range items {
		a := Append{Log: l, Items: []change.Item{{Offset: shape.Offset{Tx: uint64(100 + i)}, JSON: row}}, Commit: true}
		require.NoError(t, s.Apply([]Batch{{Appends: []Append{a}}}))
	}
	return l
}

// keysOf counts what is stored under a shape.
func keysOf(t testing.TB, s *Store, h shape.Handle) int {
	var lo, hi keyBuf
	n := 0
	for _, space := range []byte{spaceCatalogue, spaceShape, spacePending} {
		from, to := handleRange(&lo, &hi, space, h)
		it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
		require.NoError(t, err)
		for ok := it.First(); ok; ok = it.Next() {
			n++
		}
		require.NoError(t, it.Close())
	}
	return n
}

func TestRemovalLeavesNothingOfAShapeWhateverItsSize(t *testing.T) {
	for name, c := range map[string]struct{ rows, items int }{
		"no rows":                     {0, 0},
		"a few":                       {3, 2},
		"as many keys as are removed": {3, fewKeys - 1},
		"one more":                    {3, fewKeys},
		"many small keys":             {0, 40},
		"few large keys":              {100, 0},
		"very large":                  {3000, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(vfs.NewMem(), "store", Options{})
			require.NoError(t, err)
			before, l := shapeOf(t, s, 1, c.rows, c.items), shapeOf(t, s, 2, c.rows, c.items)
			first, after := shapeOf(t, s, 3, c.rows, c.items), shapeOf(t, s, 4, c.rows, c.items)
			kept := keysOf(t, s, before.handle)
			require.NoError(t, s.Remove(first.handle, l.handle)) // the first of a batch is removed in another way
			for range 2 {
				require.Zero(t, keysOf(t, s, first.handle))
				require.Zero(t, keysOf(t, s, l.handle))
				require.Equal(t, kept, keysOf(t, s, before.handle))
				require.Equal(t, kept, keysOf(t, s, after.handle))
				require.NoError(t, s.Verify())
				require.NoError(t, s.Close())
				s, err = Open(s.fs, "store", Options{})
				require.NoError(t, err)
			}
			require.NoError(t, s.Close())
		})
	}
}

func TestManySmallShapesAreRemovedWithoutManyRangeDeletions(t *testing.T) {
	s, err := Open(vfs.NewMem(), "store", Options{})
	require.NoError(t, err)
	var handles []shape.Handle
	for n := range 2000 {
		handles = append(handles, shapeOf(t, s, n, 1, 1).handle)
	}
	b := s.db.NewBatch()
	require.NoError(t, s.stageRemoval(b, handles))
	ranges := 0
	for r := b.Reader(); ; {
		kind, _, _, ok, err := r.Next()
		require.NoError(t, err)
		if !ok {
			break
		}
		if kind == pebble.InternalKeyKindRangeDelete {
			ranges++
		}
	}
	require.Equal(t, 1, ranges, "which has the engine give the disk space back by itself")
	require.NoError(t, b.Close())
	require.NoError(t, s.Close())
}

func TestTheTablesOfAStoreShrinkWithItsShapes(t *testing.T) {
	s, err := Open(vfs.NewMem(), "store", Options{})
	require.NoError(t, err)
	const count = 20_000
	var handles []shape.Handle
	var all, open []Append
	for n := range count {
		l, err := s.Create(shape.Handle{Hash: uint32(n), Micros: uint64(n)}, &shape.Definition{Layout: &shape.Layout{Key: []string{"id"}}})
		require.NoError(t, err)
		handles = append(handles, l.handle)
		l.Changed() // somebody follows it
		all = append(all, Append{Log: l, Items: []change.Item{{Offset: shape.Offset{Tx: 10}, JSON: []byte("1")}}, Commit: true})
		open = append(open, Append{Log: l, Items: []change.Item{{Offset: shape.Offset{Tx: 20}, JSON: []byte("1")}}})
	}
	require.NoError(t, s.Apply([]Batch{{Appends: all}, {Appends: open}}))
	require.Equal(t, count, s.writer.open.Len())
	require.NotEmpty(t, s.writer.tails.queue)
	require.NoError(t, s.Remove(handles[100:]...))
	require.Equal(t, 100, s.logs.count)
	require.LessOrEqual(t, len(s.logs.buckets), 8*100)
	require.LessOrEqual(t, s.writer.open.Room(), 4*100)
	require.LessOrEqual(t, cap(s.writer.staged), fewStaged)
	require.LessOrEqual(t, len(s.writer.tails.queue), 2*100+fewTails)
	for _, h := range handles[:100] {
		require.NotNil(t, s.logs.get(h))
	}
	require.NoError(t, s.Remove(handles[:100]...))
	require.Zero(t, s.logs.count)
	require.LessOrEqual(t, len(s.logs.buckets), fewBuckets)
	require.Zero(t, s.writer.open.Len())
	require.LessOrEqual(t, len(s.writer.tails.queue), fewTails)
	require.NoError(t, s.Close())
}
