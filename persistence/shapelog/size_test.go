package shapelog_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/persistence/shapelog"
)

func TestTheSizeIsWhatAClientReads(t *testing.T) {
	s := openMem(t, shapelog.Options{ChunkBytes: 500})
	l, w := create(t, s, 1)
	other, ow := create(t, s, 2)
	want := shapelog.Size{Rows: 40}
	for range 40 {
		require.NoError(t, w.Row(jsonOf(50, 'x')))
	}
	require.NoError(t, w.Finish())
	require.NoError(t, ow.Row(jsonOf(70, 'x')))
	require.NoError(t, ow.Finish())
	head, err := l.Head()
	require.NoError(t, err)
	for n := range head.LastSnapshotChunk + 1 {
		got, _, err := readSnapshot(t.Context(), l, n)
		require.NoError(t, err)
		want.Bytes += int64(len(got))
	}
	size, err := l.Size(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, size)

	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Size(stopped)
	require.NoError(t, err, "a short log is measured at once")
	require.NoError(t, s.Remove(other.Handle()))
	_, err = other.Size(t.Context())
	require.ErrorIs(t, err, shapelog.ErrRemoved)
}

// BenchmarkSizeOfAShortLog measures shapes of ten rows in a store of 10,000.
func BenchmarkSizeOfAShortLog(b *testing.B) {
	const count = 10_000
	s := openMem(b, shapelog.Options{})
	logs := make([]*shapelog.Log, count)
	for i := range logs {
		l, w := create(b, s, i+1)
		for range 10 {
			require.NoError(b, w.Row(jsonOf(100, 'x')))
		}
		require.NoError(b, w.Finish())
		logs[i] = l
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := logs[i%count].Size(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
