package shapelog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/persistence/shapelog"
)

func TestReadersOfALargeSnapshotGetEveryRowOnceFromMemoryAndStore(t *testing.T) {
	for name, table := range map[string]int{"as tables": 1, "as batches": 1 << 30} {
		t.Run(name, func(t *testing.T) {
			s := openMem(t, shapelog.Options{ChunkBytes: 1 << 20}.WithSegments(100_000, table))
			l, w := create(t, s, 1)
			var rows []string
			write := func(n int) {
				for range n {
					row := jsonOf(1000, byte('a'+len(rows)%26))
					rows = append(rows, string(row))
					require.NoError(t, w.Row(row))
				}
			}
			write(8) // the first block
			type result struct {
				body string
				err  error
			}
			// One reader goes along; one stands still after its first block, until the rest has been stored.
			going, behind := make(chan result), make(chan result)
			began, goOn := make(chan struct{}), make(chan struct{})
			go func() {
				body, _, err := readSnapshot(t.Context(), l, 0)
				going <- result{body, err}
			}()
			go func() {
				var parts []string
				err := l.ReadSnapshotChunk(t.Context(), 0, func(b []byte, _ int) error {
					if len(parts) == 0 {
						close(began)
						<-goOn
					}
					parts = append(parts, string(b))
					return nil
				})
				behind <- result{strings.Join(parts, ","), err}
			}()
			write(792)
			<-began
			require.NoError(t, w.Finish())
			close(goOn)
			want := strings.Join(rows, ",") + "," + noRows
			for _, got := range []result{<-going, <-behind} {
				require.NoError(t, got.err)
				require.Equal(t, want, got.body)
			}
			body, items, err := readSnapshot(t.Context(), l, 0)
			require.NoError(t, err)
			require.Equal(t, want, body)
			require.Equal(t, 801, items)
			require.NoError(t, s.Verify())
		})
	}
}

func TestManySnapshotsAtATimeShareTheMemoryForSegments(t *testing.T) {
	s := openMem(t, shapelog.Options{})
	one := s.SegmentBytes()
	var writers []*shapelog.SnapshotWriter
	for n := range 16 {
		_, w := create(t, s, n+1)
		writers = append(writers, w)
	}
	require.Less(t, s.SegmentBytes(), one)
	require.NoError(t, writers[0].Finish())
	for _, w := range writers {
		w.Abort()
		w.Abort()
	}
	require.Equal(t, one, s.SegmentBytes())
}

func TestTablesThatACrashLeftAreRemoved(t *testing.T) {
	fs := vfs.NewMem()
	var died bool
	s := open(t, fs, shapelog.Options{}.WithSegments(1, 1).WithFailpoint(func(point string) error {
		if point == "snapshot.before-ingest" {
			died = true
			return errDied
		}
		return nil
	}))
	_, w := create(t, s, 1)
	require.NoError(t, w.Row(jsonOf(20_000, 'a')))
	require.ErrorIs(t, w.Finish(), errDied)
	require.True(t, died)
	require.ErrorIs(t, s.Close(), errDied)
	incoming := fs.PathJoin(dir, "incoming")
	left, err := fs.List(incoming)
	require.NoError(t, err)
	require.Len(t, left, 1, fmt.Sprint(left))

	again := open(t, fs, shapelog.Options{})
	left, err = fs.List(incoming)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, again.Verify())
	require.NoError(t, again.Close())
}
