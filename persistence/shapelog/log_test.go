package shapelog_test

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

func TestAppendedItemsAreReadAfterTheirCommit(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l := created(t, s, 1)
	head, err := l.Head()
	require.NoError(t, err)
	require.Equal(t, shapelog.Head{Latest: shape.SnapshotEnd, SnapshotStarted: true, SnapshotComplete: true}, head)

	items := []change.Item{item(5, 0, 20), item(5, 2, 30), item(5, 3, 20)}
	changed := l.Changed()
	require.NoError(t, s.Apply([]shapelog.Batch{{Appends: []shapelog.Append{{Log: l, Items: items[:2]}}}}))
	select {
	case <-changed:
		t.Fatal("woken by a part of a transaction")
	default:
	}
	got, n, err := readLog(l, shape.SnapshotEnd, shape.Last)
	require.NoError(t, err)
	require.Zero(t, n, got)

	require.NoError(t, s.Apply([]shapelog.Batch{{Position: 5, Appends: []shapelog.Append{{Log: l, Items: items[2:], Commit: true}}}}))
	<-changed
	require.Equal(t, uint64(5), s.Position())
	got, n, err = readLog(l, shape.SnapshotEnd, shape.Last)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, joined(items...), got)
	got, _, err = readLog(l, at(5, 0), at(5, 2))
	require.NoError(t, err)
	require.Equal(t, joined(items[1]), got)
}

func TestRestartKeepsEverythingButUnfinishedTransactions(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs, shapelog.Options{})
	l := created(t, s, 1)
	commit(t, s, l, item(5, 0, 20), item(5, 2, 20))
	require.NoError(t, s.Apply([]shapelog.Batch{{Appends: []shapelog.Append{{Log: l, Items: []change.Item{item(6, 0, 20)}, FilteringDone: true}}}}))
	require.NoError(t, s.Put("timeline", []byte("3")))
	require.NoError(t, s.Close())

	s = open(t, fs, shapelog.Options{})
	defer s.Close()
	require.Equal(t, uint64(5), s.Position())
	v, err := s.Get("timeline")
	require.NoError(t, err)
	require.Equal(t, "3", string(v))
	var recs []shapelog.Record
	require.NoError(t, s.Load(func(r shapelog.Record) error { recs = append(recs, r); return nil }))
	require.Equal(t, []shapelog.Record{{
		Handle: handle(1), Def: definition(),
		Snapshot: shapelog.SnapshotInfo{Known: true, Snapshot: pg.Snapshot{Xmin: 10, Xmax: 20, Xip: []uint64{12}}, Complete: true},
	}}, recs)
	l = s.Log(recs[0])
	head, err := l.Head()
	require.NoError(t, err)
	require.Equal(t, shapelog.Head{Latest: at(5, 2), SnapshotStarted: true, SnapshotComplete: true}, head)
	got, _, err := readLog(l, shape.BeforeAll, shape.Last)
	require.NoError(t, err)
	require.Equal(t, joined(item(5, 0, 20), item(5, 2, 20)), got)
	snap, n, err := readSnapshot(context.Background(), l, 0)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, `{"headers":{"control":"snapshot-end","xmin":"10","xmax":"20","xip_list":["12"]}}`, snap)
}
