package shapelog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg"
	"leyden/persistence/shapelog"
)

const noRows = `{"headers":{"control":"snapshot-end","xmin":"7","xmax":"9","xip_list":["7","8"]}}`

func jsonOf(size int, c byte) []byte {
	return []byte(`"` + strings.Repeat(string(c), size-2) + `"`)
}

func create(t testing.TB, s *shapelog.Store, n int) (*shapelog.Log, *shapelog.SnapshotWriter) {
	t.Helper()
	l, err := s.Create(handle(n), definition())
	require.NoError(t, err)
	w := l.SnapshotWriter()
	require.NoError(t, w.Known(pg.Snapshot{Xmin: 7, Xmax: 9, Xip: []uint64{7, 8}}))
	return l, w
}

func TestSnapshotChunksCloseAfterTheRowThatReachesTheThreshold(t *testing.T) {
	a, b, c := jsonOf(49, 'a'), jsonOf(49, 'b'), jsonOf(49, 'c') // 50 bytes each with the separator
	for name, tc := range map[string]struct {
		threshold int
		rows      [][]byte
		want      []string
	}{
		"no rows":                       {100, nil, []string{noRows}},
		"open chunk takes the end":      {101, [][]byte{a, b}, []string{string(a) + "," + string(b) + "," + noRows}},
		"boundary after the last row":   {100, [][]byte{a, b}, []string{string(a) + "," + string(b), noRows}},
		"boundary between rows":         {100, [][]byte{a, b, c}, []string{string(a) + "," + string(b), string(c) + "," + noRows}},
		"every row reaches it":          {10, [][]byte{a, b}, []string{string(a), string(b), noRows}},
		"one row much larger than that": {10, [][]byte{jsonOf(600_000, 'x')}, []string{string(jsonOf(600_000, 'x')), noRows}},
	} {
		t.Run(name, func(t *testing.T) {
			s := openMem(t, shapelog.Options{ChunkBytes: tc.threshold})
			l, w := create(t, s, 1)
			for _, r := range tc.rows {
				require.NoError(t, w.Row(r))
			}
			require.NoError(t, w.Finish())
			head, err := l.Head()
			require.NoError(t, err)
			require.Equal(t, len(tc.want)-1, head.LastSnapshotChunk)
			for n, want := range tc.want {
				got, items, err := readSnapshot(t.Context(), l, n)
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.Positive(t, items)
			}
			require.NoError(t, s.Verify())
		})
	}
}

func TestReaderFollowsASnapshotWhileItIsWritten(t *testing.T) {
	s := openMem(t, shapelog.Options{ChunkBytes: 100_000})
	l, w := create(t, s, 1)
	blocks := make(chan string)
	done := make(chan error)
	go func() {
		done <- l.ReadSnapshotChunk(t.Context(), 0, func(b []byte, _ int) error {
			blocks <- string(b)
			return nil
		})
	}()
	exists := make(chan bool)
	go func() {
		ok, _ := l.AwaitSnapshotChunk(t.Context(), 1)
		exists <- ok
	}()
	require.NoError(t, w.Row(jsonOf(10, 'a')))
	head, err := l.Head()
	require.NoError(t, err)
	require.True(t, head.SnapshotStarted)
	require.False(t, head.SnapshotComplete)
	require.NoError(t, w.Flush())
	require.Equal(t, string(jsonOf(10, 'a')), <-blocks)
	require.NoError(t, w.Row(jsonOf(20_000, 'b'))) // fills the first block
	require.Equal(t, string(jsonOf(20_000, 'b')), <-blocks)
	require.NoError(t, w.Row(jsonOf(90_000, 'c'))) // closes the chunk
	require.Equal(t, string(jsonOf(90_000, 'c')), <-blocks)
	require.NoError(t, <-done)
	require.NoError(t, w.Finish())
	require.True(t, <-exists)
	got, _, err := readSnapshot(t.Context(), l, 1)
	require.NoError(t, err)
	require.Equal(t, noRows, got)
	require.Error(t, w.Row(jsonOf(10, 'a')))
	require.Error(t, w.Finish())
	w.Abort()
	head, err = l.Head()
	require.NoError(t, err)
	require.True(t, head.SnapshotComplete)
}

func TestWaitingForAChunkThatDoesNotCome(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l, w := create(t, s, 1)
	exists := make(chan bool)
	read := make(chan error)
	go func() {
		ok, _ := l.AwaitSnapshotChunk(t.Context(), 1)
		exists <- ok
	}()
	go func() {
		_, _, err := readSnapshot(t.Context(), l, 1)
		read <- err
	}()
	require.NoError(t, w.Finish())
	require.False(t, <-exists)
	require.ErrorIs(t, <-read, shapelog.ErrNotFound)
	exist, err := l.AwaitSnapshotChunk(t.Context(), -1)
	require.NoError(t, err)
	require.False(t, exist)
}

func TestReadersOfASnapshotThatIsGivenUp(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l, w := create(t, s, 1)
	read := make(chan error)
	go func() {
		_, _, err := readSnapshot(t.Context(), l, 0)
		read <- err
	}()
	require.NoError(t, w.Row(jsonOf(10, 'a')))
	require.NoError(t, w.Flush())
	w.Abort()
	require.ErrorIs(t, <-read, shapelog.ErrAborted)
	require.ErrorIs(t, w.Finish(), shapelog.ErrAborted)
	require.Error(t, l.SnapshotWriter().Finish(), "a second writer")
}

func TestRemovalEndsSnapshots(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l, w := create(t, s, 1)
	read, exists := make(chan error), make(chan error)
	go func() {
		_, _, err := readSnapshot(t.Context(), l, 0)
		read <- err
	}()
	go func() {
		_, err := l.AwaitSnapshotChunk(t.Context(), 5)
		exists <- err
	}()
	require.NoError(t, w.Row(jsonOf(10, 'a')))
	require.NoError(t, s.Remove(handle(1)))
	require.ErrorIs(t, <-read, shapelog.ErrRemoved)
	require.ErrorIs(t, <-exists, shapelog.ErrRemoved)
	require.ErrorIs(t, w.Finish(), shapelog.ErrRemoved)
	require.ErrorIs(t, l.SnapshotWriter().Finish(), shapelog.ErrRemoved)
	w.Abort()
	require.NoError(t, s.Verify(), "nothing of the shape is left")
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l, _ := create(t, s, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.AwaitSnapshotChunk(ctx, 0)
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = readSnapshot(ctx, l, 0)
	require.ErrorIs(t, err, context.Canceled)
}

func TestErrorsOfTheReceiverEndTheReading(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	l, w := create(t, s, 1)
	require.NoError(t, w.Finish())
	commit(t, s, l, item(5, 0, 20))
	calls := 0
	stop := func([]byte, int) error { calls++; return context.DeadlineExceeded }
	require.ErrorIs(t, l.ReadSnapshotChunk(t.Context(), 0, stop), context.DeadlineExceeded)
	require.ErrorIs(t, l.ReadLog(at(0, 0), at(9, 0), stop), context.DeadlineExceeded)
	require.Equal(t, 2, calls)
}

func TestAFailedSyncEndsTheStore(t *testing.T) {
	died := false
	s := open(t, vfs.NewMem(), shapelog.Options{}.WithFailpoint(func(point string) error {
		if point == "sync.before" {
			died = true
			return errDied
		}
		return nil
	}))
	l, w := create(t, s, 1)
	require.NoError(t, w.Finish())
	require.ErrorIs(t, s.Sync(), errDied)
	require.True(t, died)
	_, err := l.Head()
	require.ErrorIs(t, err, errDied, "a store that failed answers nothing else")
	require.ErrorIs(t, s.Close(), errDied)
}

func TestASmallSnapshotIsReadFromMemoryWhileItIsNew(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	var logs []*shapelog.Log
	for n := range 400 { // more than are kept
		l, w := create(t, s, n)
		require.NoError(t, w.Row([]byte(fmt.Sprintf(`{"key":"%d"}`, n))))
		require.NoError(t, w.Finish())
		logs = append(logs, l)
	}
	check := func() {
		for n, l := range logs {
			got, rows, err := readSnapshot(t.Context(), l, 0)
			require.NoError(t, err)
			require.Equal(t, 2, rows)
			require.Contains(t, got, fmt.Sprintf(`{"key":"%d"}`, n))
			require.Contains(t, got, "snapshot-end")
			_, _, err = readSnapshot(t.Context(), l, 1)
			require.ErrorIs(t, err, shapelog.ErrNotFound)
		}
	}
	require.Equal(t, 256, s.Recent())
	check()
	require.NoError(t, s.Remove(logs[399].Handle()))
	_, _, err := readSnapshot(t.Context(), logs[399], 0)
	require.ErrorIs(t, err, shapelog.ErrRemoved)
	logs = logs[:399]
	s.Trim()
	require.Zero(t, s.Recent())
	check()
}

func TestLargeSnapshotsAreNotKeptInMemory(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	_, w := create(t, s, 1)
	row := []byte(`{"key":"` + strings.Repeat("x", 1000) + `"}`)
	for range 200 {
		require.NoError(t, w.Row(row))
	}
	require.NoError(t, w.Finish())
	require.Zero(t, s.Recent())
}
