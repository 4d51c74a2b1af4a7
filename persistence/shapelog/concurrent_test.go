package shapelog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// numbered is an item that says where in its transaction it is.
type numbered struct {
	Seq  int // of all items of the log
	Tx   uint64
	Last bool
	Fill string
}

// followLog reads l as a live client does and checks that each reading continues the one before and ends with a transaction.
func followLog(l *shapelog.Log, items int) error {
	at, seq := shape.SnapshotEnd, 0
	for seq < items {
		changed := l.Changed()
		head, err := l.Head()
		if err != nil {
			return err
		}
		if !at.Less(head.Latest) {
			<-changed
			continue
		}
		end, closed, err := l.ChunkEnd(at)
		if err != nil {
			return err
		}
		whole := !closed
		last := false
		err = l.ReadLog(at, end, func(block []byte, n int) error {
			var got []numbered
			if err := json.Unmarshal(append(append([]byte{'['}, block...), ']'), &got); err != nil || len(got) != n {
				return fmt.Errorf("block of %d items: %q, %w", n, block, err)
			}
			for _, it := range got {
				if it.Seq != seq {
					return fmt.Errorf("item %d after %d items", it.Seq, seq)
				}
				seq++
				last = it.Last
			}
			return nil
		})
		if err != nil {
			return err
		}
		if whole && !last {
			return fmt.Errorf("log ended at %s, inside a transaction", end)
		}
		at = end
	}
	return nil
}

func TestReadersSeeWholeTransactionsInOrderWhileEverythingElseGoesOn(t *testing.T) {
	const logs, readers, transactions = 4, 4, 150
	s := open(t, vfs.NewMem(), shapelog.Options{ChunkBytes: 3000, TailBytes: 20_000}.WithEngine(small).WithSegments(2500, 1500))
	defer s.Close()
	var (
		writing, all sync.WaitGroup
		stop         = make(chan struct{})
		shapes       [logs]*shapelog.Log
	)
	for i := range shapes {
		shapes[i] = created(t, s, i)
		for range readers {
			all.Go(func() {
				if err := followLog(shapes[i], transactions*4); err != nil {
					t.Errorf("log %d: %v", i, err)
				}
			})
		}
	}
	writing.Go(func() {
		for tx := uint64(1); tx <= transactions; tx++ {
			for f := range 2 { // two fragments of two items
				var b shapelog.Batch
				for _, l := range shapes {
					var items []change.Item
					for i := range 2 {
						n := 2*f + i
						text, _ := json.Marshal(numbered{Seq: int(tx-1)*4 + n, Tx: tx, Last: n == 3, Fill: string(jsonOf(200, 'x'))})
						items = append(items, change.Item{Offset: at(tx, int64(2*n)), JSON: text})
					}
					b.Appends = append(b.Appends, shapelog.Append{Log: l, Items: items, Commit: f == 1})
				}
				if err := s.Apply([]shapelog.Batch{b}); err != nil {
					t.Error(err)
				}
			}
			if tx%16 == 0 {
				if err := s.Sync(); err != nil {
					t.Error(err)
				}
				s.Trim()
			}
		}
	})
	// Shapes come and go, and are read as they do.
	for g := range 2 {
		all.Go(func() {
			for n := 100 + g; ; n += 2 {
				select {
				case <-stop:
					return
				default:
				}
				comeAndGo(t, s, n)
			}
		})
	}
	writing.Wait()
	close(stop)
	all.Wait()
	require.NoError(t, s.Verify())
}

// comeAndGo makes a shape, reads its snapshot while it is written, and removes it, perhaps in the middle.
func comeAndGo(t *testing.T, s *shapelog.Store, n int) {
	l, err := s.Create(handle(n), definition())
	if err != nil {
		t.Error(err)
		return
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for chunk := 0; ; chunk++ {
				ok, err := l.AwaitSnapshotChunk(t.Context(), chunk)
				if errors.Is(err, shapelog.ErrRemoved) {
					return
				}
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				rows := 0
				err = l.ReadSnapshotChunk(t.Context(), chunk, func(_ []byte, items int) error { rows += items; return nil })
				if errors.Is(err, shapelog.ErrRemoved) {
					return
				}
				// Rows of 1,000 bytes fill a chunk of 3,000 by threes; 10 rows and the end make four chunks.
				if want := []int{3, 3, 3, 2}[chunk]; err != nil || rows != want {
					t.Errorf("chunk %d: %d rows, want %d; %v", chunk, rows, want, err)
				}
			}
		})
	}
	w := l.SnapshotWriter()
	err = w.Known(pg.Snapshot{Xmin: 1, Xmax: 1})
	for i := 0; i < 10 && err == nil; i++ {
		err = w.Row(jsonOf(1000, 'r'))
		if i == 7 && n%3 == 0 {
			wg.Go(func() {
				if err := s.Remove(handle(n)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if err == nil {
		err = w.Finish()
	}
	if err != nil && !errors.Is(err, shapelog.ErrRemoved) {
		t.Error(err)
	}
	wg.Wait()
	if err := s.Remove(handle(n)); err != nil {
		t.Error(err)
	}
}
