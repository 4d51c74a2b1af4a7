package shapelog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dir = "store"

func open(t testing.TB, fs vfs.FS, o shapelog.Options) *shapelog.Store {
	t.Helper()
	s, err := shapelog.Open(fs, dir, o)
	require.NoError(t, err)
	return s
}

// openMem opens an empty store in memory that is closed at the end of the test.
func openMem(t testing.TB, o shapelog.Options) *shapelog.Store {
	s := open(t, vfs.NewMem(), o)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func handle(n int) shape.Handle { return shape.Handle{Hash: uint32(n % 7), Micros: uint64(1000 + n)} }

func definition() *shape.Definition {
	return &shape.Definition{Layout: &shape.Layout{
		Table: shape.Table{OID: 16384, Schema: "public", Name: "items"},
		Key:   []string{"id"}, Selected: []string{"id", "name"}, SelectsAll: true,
	}}
}

func at(tx uint64, op int64) shape.Offset { return shape.Offset{Tx: tx, Op: op} }

// item is an item whose JSON has exactly the given size.
func item(tx uint64, op int64, size int) change.Item {
	text := fmt.Sprintf(`"%d_%d`, tx, op)
	return change.Item{Offset: at(tx, op), JSON: []byte(text + strings.Repeat(".", size-len(text)-1) + `"`)}
}

// created makes a shape with a complete snapshot without rows.
func created(t testing.TB, s *shapelog.Store, n int) *shapelog.Log {
	t.Helper()
	l, err := s.Create(handle(n), definition())
	require.NoError(t, err)
	w := l.SnapshotWriter()
	require.NoError(t, w.Known(pg.Snapshot{Xmin: 10, Xmax: 20, Xip: []uint64{12}}))
	require.NoError(t, w.Finish())
	return l
}

func commit(t testing.TB, s *shapelog.Store, l *shapelog.Log, items ...change.Item) {
	t.Helper()
	last := items[len(items)-1].Offset.Tx
	require.NoError(t, s.Apply([]shapelog.Batch{{Position: last, Appends: []shapelog.Append{{Log: l, Items: items, Commit: true}}}}))
}

// readLog returns the items in (after, upTo], joined, and their number.
func readLog(l *shapelog.Log, after, upTo shape.Offset) (string, int, error) {
	var parts []string
	n := 0
	err := l.ReadLog(after, upTo, func(b []byte, items int) error {
		parts = append(parts, string(b))
		n += items
		return nil
	})
	return strings.Join(parts, ","), n, err
}

func readSnapshot(ctx context.Context, l *shapelog.Log, chunk int) (string, int, error) {
	var parts []string
	n := 0
	err := l.ReadSnapshotChunk(ctx, chunk, func(b []byte, items int) error {
		parts = append(parts, string(b))
		n += items
		return nil
	})
	return strings.Join(parts, ","), n, err
}

func joined(items ...change.Item) string {
	parts := make([]string, len(items))
	for i := range items {
		parts[i] = string(items[i].AppendTo(nil))
	}
	return strings.Join(parts, ",")
}
