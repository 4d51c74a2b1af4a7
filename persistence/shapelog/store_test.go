package shapelog_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/internal/where"
	"leyden/persistence/shapelog"
)

func TestDefinitionsComeBackAsTheyWere(t *testing.T) {
	cols := []where.Column{{Name: "id", Type: "int4", TypeMod: -1}, {Name: "tenant", Type: "int4", TypeMod: -1}}
	clause, err := where.Compile("tenant = 5", nil, cols)
	require.NoError(t, err)
	table := shape.Table{OID: 7, Schema: "s", Name: "t"}
	defs := []*shape.Definition{
		{Layout: &shape.Layout{Table: table, Key: []string{"id"}, Selected: []string{"id", "tenant"}, SelectsAll: true}},
		{Layout: &shape.Layout{Table: table, Key: []string{"id"}, Selected: []string{"id", "tenant"}, Explicit: []string{"id", "tenant"}}, Where: clause, NonPrimitive: true},
		{Layout: &shape.Layout{Table: table, Key: []string{"id", "tenant"}, NoPrimaryKey: true, Selected: []string{"id", "tenant"}, SelectsGenerated: true}},
		{Layout: &shape.Layout{Table: table, Key: []string{"id"}, Selected: []string{"id"}}, Replica: shape.ReplicaFull, Log: shape.LogChangesOnly, Compaction: true},
	}
	fs := vfs.NewMem()
	s := open(t, fs, shapelog.Options{})
	for n, d := range defs {
		_, err := s.Create(handle(n), d)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	s = open(t, fs, shapelog.Options{})
	defer s.Close()
	got := map[shape.Handle]*shape.Definition{}
	require.NoError(t, s.Load(func(r shapelog.Record) error {
		require.Equal(t, shapelog.SnapshotInfo{}, r.Snapshot)
		got[r.Handle] = r.Def
		return nil
	}))
	for n, want := range defs {
		d := got[handle(n)]
		require.Equal(t, want.Identity(), d.Identity())
		require.Equal(t, want.Compaction, d.Compaction)
		if want.Where == nil {
			require.Equal(t, want, d)
		} else {
			require.Equal(t, want.Where.SQL(), d.Where.SQL())
		}
	}
	require.Same(t, &got[handle(0)].Selected[0], &got[handle(1)].Selected[0], "shapes over one table share their columns")
	_, _, err = readSnapshot(t.Context(), s.Log(shapelog.Record{Handle: handle(0)}), 0)
	require.ErrorIs(t, err, shapelog.ErrAborted, "a snapshot that a crash cut short is not served")
}

func TestARecordThatCannotBeReadCostsOneShape(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs, shapelog.Options{})
	for n := range 3000 { // more than two pages
		_, err := s.Create(handle(n), definition())
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	rawSet(t, fs, append(handle(1).AppendKey([]byte{'c'}), 0), []byte{0xff})
	s = open(t, fs, shapelog.Options{})
	defer s.Close()
	require.ErrorIs(t, s.Verify(), shapelog.ErrCorrupt)
	seen := map[shape.Handle]bool{}
	require.NoError(t, s.Load(func(r shapelog.Record) error {
		require.False(t, seen[r.Handle])
		seen[r.Handle] = true
		return nil
	}))
	require.Len(t, seen, 2999)
	require.False(t, seen[handle(1)])
	require.NoError(t, s.Verify())
	require.ErrorIs(t, s.Load(func(shapelog.Record) error { return errDied }), errDied)
}

func TestCorruptBlocksAreNamed(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs, shapelog.Options{})
	created(t, s, 1)
	require.NoError(t, s.Close())
	rawSet(t, fs, at(5, 0).AppendKey(append(handle(1).AppendKey([]byte{'s'}), 'l')), []byte{0x80})
	s = open(t, fs, shapelog.Options{})
	defer s.Close()
	_, err := s.Log(shapelog.Record{Handle: handle(1)}).Head()
	require.ErrorIs(t, err, shapelog.ErrCorrupt)
	require.ErrorContains(t, err, "5_0")
	require.ErrorContains(t, err, handle(1).String())
	require.ErrorIs(t, s.Verify(), shapelog.ErrCorrupt)
}

func TestItemsThatDoNotAscendAreRefused(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l, other := created(t, s, 1), created(t, s, 2)
	commit(t, s, l, item(5, 0, 20))
	for name, items := range map[string][]change.Item{
		"descending": {item(6, 2, 20), item(6, 0, 20)},
		"equal":      {item(6, 2, 20), item(6, 2, 20)},
		"infinite":   {item(6, shape.OpInf, 40)},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Apply([]shapelog.Batch{{Position: 6, Appends: []shapelog.Append{
				{Log: other, Items: []change.Item{item(6, 0, 20)}, Commit: true},
				{Log: l, Items: items, Commit: true},
			}}})
			var oe *shapelog.OrderError
			require.ErrorAs(t, err, &oe)
			require.Equal(t, l.Handle(), oe.Handle)
			require.Equal(t, uint64(5), s.Position(), "nothing was stored")
			_, n, err := readLog(other, shape.BeforeAll, shape.Last)
			require.NoError(t, err)
			require.Zero(t, n)
		})
	}
	require.NoError(t, s.Verify())
	commit(t, s, l, item(6, 0, 20)) // and it goes on
}

func TestPositionNeverGoesBack(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	for _, p := range []uint64{5, 3, 0, 9} {
		require.NoError(t, s.Apply([]shapelog.Batch{{Position: p}}))
	}
	require.Equal(t, uint64(9), s.Position())
	require.NoError(t, s.Apply(nil))
	require.NoError(t, s.RemoveAll())
	require.Zero(t, s.Position())
}

func TestALastItemCarriesItsMark(t *testing.T) {
	s := openMem(t, shapelog.Options{ChunkBytes: 40})
	l := created(t, s, 1)
	it := change.Item{Offset: at(5, 0), JSON: []byte(`{"headers":{"lsn":"5"}}`), Last: true}
	commit(t, s, l, it)
	got, _, err := readLog(l, shape.BeforeAll, shape.Last)
	require.NoError(t, err)
	require.Equal(t, `{"headers":{"lsn":"5","last":true}}`, got)
	_, closed, err := l.ChunkEnd(shape.SnapshotEnd)
	require.NoError(t, err)
	require.False(t, closed, "35 of 40 bytes")
	commit(t, s, l, change.Item{Offset: at(6, 0), JSON: []byte(`{"b":{}}`)})
	end, closed, err := l.ChunkEnd(shape.SnapshotEnd)
	require.NoError(t, err)
	require.True(t, closed)
	require.Equal(t, at(6, 0), end)
	require.NoError(t, s.Verify())
}

func TestLiveReadersShareBytes(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l := created(t, s, 1)
	l.Changed()
	commit(t, s, l, item(5, 0, 20), item(5, 2, 20))
	var first, second []byte
	require.NoError(t, l.ReadLog(shape.SnapshotEnd, shape.Last, func(b []byte, _ int) error { first = b; return nil }))
	require.NoError(t, l.ReadLog(shape.SnapshotEnd, shape.Last, func(b []byte, _ int) error { second = b; return nil }))
	require.Same(t, &first[0], &second[0])
	s.Trim()
	require.NoError(t, l.ReadLog(shape.SnapshotEnd, shape.Last, func(b []byte, _ int) error { second = b; return nil }))
	require.Equal(t, string(first), string(second))
	require.NotSame(t, &first[0], &second[0])
}

func TestLargeTransactionsAreReadInSmallPieces(t *testing.T) {
	s := openMem(t, shapelog.Options{ChunkBytes: 1 << 20})
	l := created(t, s, 1)
	var items []change.Item
	for i := range 900 {
		items = append(items, item(5, int64(2*i), 1000))
	}
	commit(t, s, l, items...)
	n := 0
	require.NoError(t, l.ReadLog(at(5, 10), at(5, 1700), func(b []byte, items int) error {
		require.LessOrEqual(t, len(b), 66<<10)
		require.Equal(t, items*1001-1, len(b))
		n += items
		return nil
	}))
	require.Equal(t, 845, n)
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := open(t, vfs.NewMem(), shapelog.Options{})
	l := created(t, s, 1)
	w := func() *shapelog.SnapshotWriter { _, w := create(t, s, 2); return w }()
	changed := l.Changed()
	require.NoError(t, s.Close())
	<-changed
	<-l.Changed()
	_, headErr := l.Head()
	_, _, endErr := l.ChunkEnd(shape.BeforeAll)
	_, _, logErr := readLog(l, shape.BeforeAll, shape.Last)
	_, _, snapErr := readSnapshot(t.Context(), l, 0)
	_, infoErr := l.Snapshot()
	_, createErr := s.Create(handle(3), definition())
	_, getErr := s.Get("k")
	for i, err := range []error{
		headErr, endErr, logErr, snapErr, infoErr, createErr, getErr, w.Finish(), s.Close(), s.Sync(), s.Apply(nil), s.Rollback(),
		s.Remove(handle(1)), s.RemoveAll(), s.Put("k", nil), s.Delete("k"), s.Verify(), s.Load(nil),
	} {
		require.ErrorIs(t, err, shapelog.ErrClosed, fmt.Sprint(i))
	}
}

func TestSmallState(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs, shapelog.Options{})
	_, err := s.Get("k")
	require.ErrorIs(t, err, shapelog.ErrNotFound)
	require.NoError(t, s.Put("k", []byte("v")))
	require.NoError(t, s.Put("l", nil))
	require.NoError(t, s.RemoveAll())
	require.NoError(t, s.Close())
	s = open(t, fs, shapelog.Options{})
	defer s.Close()
	v, err := s.Get("k")
	require.NoError(t, err)
	require.Equal(t, "v", string(v))
	require.NoError(t, s.Delete("k"))
	require.NoError(t, s.Delete("k"))
	_, err = s.Get("k")
	require.ErrorIs(t, err, shapelog.ErrNotFound)
	require.True(t, errors.Is(err, shapelog.ErrNotFound))
}

func TestHandlesAreNotUsedTwiceAtATime(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l := created(t, s, 1)
	_, err := s.Create(handle(1), definition())
	require.Error(t, err)
	require.Same(t, l, s.Log(shapelog.Record{Handle: handle(1)}))
	require.NoError(t, s.Remove(handle(1), handle(2)))
	require.NoError(t, s.Remove())
}

func TestSnapshotInfoOfALog(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l, w := create(t, s, 1)
	info, err := l.Snapshot()
	require.NoError(t, err)
	require.True(t, info.Known && info.Filtering && !info.Complete, "its writer has told it")
	require.Equal(t, []uint64{7, 8}, info.Xip)
	require.NoError(t, w.Finish())
	info, err = l.Snapshot()
	require.NoError(t, err)
	require.True(t, info.Known && info.Complete && info.Filtering)
	require.Equal(t, []uint64{7, 8}, info.Xip)
	require.False(t, l.Unfiltered())
	require.NoError(t, s.Apply([]shapelog.Batch{{Appends: []shapelog.Append{{Log: l, FilteringDone: true}}}}))
	info, err = l.Snapshot()
	require.NoError(t, err)
	require.False(t, info.Filtering)
	require.True(t, l.Unfiltered())
	require.NoError(t, s.Remove(handle(1)))
	_, err = l.Snapshot()
	require.ErrorIs(t, err, shapelog.ErrRemoved)
}

func TestClosedChunksStayWhenTheThresholdChanges(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs, shapelog.Options{ChunkBytes: 100})
	l := created(t, s, 1)
	commit(t, s, l, item(5, 0, 60), item(5, 2, 60), item(5, 4, 60)) // closes at 5_2, leaves 60 bytes
	require.NoError(t, s.Close())
	for _, threshold := range []int{1000, 50} {
		s = open(t, fs, shapelog.Options{ChunkBytes: threshold})
		l = s.Log(shapelog.Record{Handle: handle(1), Snapshot: shapelog.SnapshotInfo{Complete: true}})
		end, closed, err := l.ChunkEnd(shape.SnapshotEnd)
		require.NoError(t, err)
		require.True(t, closed)
		require.Equal(t, at(5, 2), end)
		_, closed, err = l.ChunkEnd(end)
		require.NoError(t, err)
		require.False(t, closed, "60 bytes with threshold %d, until an item comes", threshold)
		if threshold == 50 {
			commit(t, s, l, item(6, 0, 20))
			end, closed, err = l.ChunkEnd(end)
			require.NoError(t, err)
			require.True(t, closed)
			require.Equal(t, at(6, 0), end)
		}
		require.Positive(t, s.DiskBytes())
		require.NoError(t, s.Verify())
		require.NoError(t, s.Close())
	}
}
