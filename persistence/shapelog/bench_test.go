package shapelog_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// openDisk opens an empty store on the real file system.
func openDisk(b testing.TB, o shapelog.Options) *shapelog.Store {
	s, err := shapelog.Open(vfs.Default, b.TempDir(), o)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	return s
}

// row is a snapshot row of about 200 bytes, with values that do not repeat.
func row(r *rand.Rand) []byte {
	return fmt.Appendf(nil, `{"key":"\"public\".\"items\"/\"%d\"","value":{"id":"%d","name":"item %x","note":"%x%x"},`+
		`"headers":{"operation":"insert","relation":["public","items"]}}`, r.Int64(), r.Int64(), r.Uint64(), r.Uint64(), r.Uint64())
}

func rows(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([][]byte, n)
	for i := range out {
		out[i] = row(r)
	}
	return out
}

// Workload: one shape, a fragment of 10 rows in each batch, a live reader that waits for each.
func BenchmarkOneShapeTenRowFragments(b *testing.B) {
	s := openDisk(b, shapelog.Options{})
	l := created(b, s, 1)
	data := rows(10)
	items := make([]change.Item, 10)
	batch := []shapelog.Batch{{Appends: []shapelog.Append{{Log: l, Items: items, Commit: true}}}}
	b.ReportAllocs()
	for tx := uint64(1); b.Loop(); tx++ {
		for i := range items {
			items[i] = change.Item{Offset: at(tx, int64(2*i)), JSON: data[i]}
		}
		batch[0].Position = tx
		changed := l.Changed()
		if err := s.Apply(batch); err != nil {
			b.Fatal(err)
		}
		<-changed
		if err := l.ReadLog(at(tx-1, 1000), shape.Last, func([]byte, int) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(10*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Workload: one row that goes to the logs of 10,000 shapes.
func BenchmarkFanOutToTenThousandShapes(b *testing.B) {
	s := openDisk(b, shapelog.Options{})
	data := rows(1)
	appends := make([]shapelog.Append, 10_000)
	items := make([]change.Item, 1)
	for i := range appends {
		l, err := s.Create(handle(i), definition())
		require.NoError(b, err)
		appends[i] = shapelog.Append{Log: l, Items: items, Commit: true}
	}
	batch := []shapelog.Batch{{Appends: appends}}
	b.ReportAllocs()
	for tx := uint64(1); b.Loop(); tx++ {
		items[0] = change.Item{Offset: at(tx, 0), JSON: data[0]}
		batch[0].Position = tx
		if err := s.Apply(batch); err != nil {
			b.Fatal(err)
		}
	}
}

const snapshotBytes = 60 << 20

func writeSnapshot(b testing.TB, l *shapelog.Log, data [][]byte) {
	w := l.SnapshotWriter()
	if err := w.Known(pg.Snapshot{Xmin: 1, Xmax: 1}); err != nil {
		b.Fatal(err)
	}
	for size, i := 0, 0; size < snapshotBytes; i++ {
		r := data[i%len(data)]
		size += len(r)
		if err := w.Row(r); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		b.Fatal(err)
	}
}

// Workload: a snapshot of 60 MB in rows of 200 bytes, durable at the end.
func BenchmarkSnapshotWrite60MB(b *testing.B) {
	s := openDisk(b, shapelog.Options{})
	data := rows(50_000)
	b.SetBytes(snapshotBytes)
	b.ReportAllocs()
	for n := 1; b.Loop(); n++ {
		l, err := s.Create(handle(n), definition())
		require.NoError(b, err)
		writeSnapshot(b, l, data)
		b.StopTimer()
		require.NoError(b, s.Remove(handle(n)))
		b.StartTimer()
	}
}

// Workload: the same snapshot read by one reader after another.
func BenchmarkSnapshotRead60MB(b *testing.B) {
	s := openDisk(b, shapelog.Options{})
	l, err := s.Create(handle(1), definition())
	require.NoError(b, err)
	writeSnapshot(b, l, rows(50_000))
	head, err := l.Head()
	require.NoError(b, err)
	sink := bytes.NewBuffer(make([]byte, 0, 1<<20))
	b.SetBytes(snapshotBytes)
	b.ReportAllocs()
	for b.Loop() {
		for n := range head.LastSnapshotChunk + 1 {
			err := l.ReadSnapshotChunk(context.Background(), n, func(block []byte, _ int) error {
				sink.Reset()
				sink.Write(block)
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Workload: shapes with a snapshot of ten rows, created by five goroutines for each processor, each waiting until its
// shape is durable.
func BenchmarkCreateSmallShapes(b *testing.B) {
	s := openDisk(b, shapelog.Options{})
	data := rows(10)
	create := func(n int) error {
		l, err := s.Create(handle(n), definition())
		if err != nil {
			return err
		}
		w := l.SnapshotWriter()
		if err := w.Known(pg.Snapshot{Xmin: 1, Xmax: 1}); err != nil {
			return err
		}
		for _, r := range data {
			if err := w.Row(r); err != nil {
				return err
			}
		}
		return w.Finish()
	}
	var next atomic.Int64
	b.SetParallelism(5) // of two processors
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := create(int(next.Add(1))); err != nil {
				b.Error(err)
			}
		}
	})
}

// Workload: the catalogue of 100,000 shapes, read at start.
func BenchmarkLoadHundredThousandShapes(b *testing.B) {
	s := openDisk(b, shapelog.Options{})
	for n := range 100_000 {
		_, err := s.Create(handle(n), definition())
		require.NoError(b, err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		require.NoError(b, s.Load(func(shapelog.Record) error { n++; return nil }))
		require.Equal(b, 100_000, n)
	}
}

// Workload: a transaction of a million rows in fragments of a hundred, one shape.
func BenchmarkMillionRowTransaction(b *testing.B) {
	s := openDisk(b, shapelog.Options{})
	l := created(b, s, 1)
	data := rows(100)
	items := make([]change.Item, 100)
	batch := []shapelog.Batch{{Appends: []shapelog.Append{{Log: l, Items: items}}}}
	b.ReportAllocs()
	for tx := uint64(1); b.Loop(); tx++ {
		for f := range 10_000 {
			for i := range items {
				items[i] = change.Item{Offset: at(tx, int64(200*f+2*i)), JSON: data[i]}
			}
			batch[0].Appends[0].Commit = f == 9999
			if err := s.Apply(batch); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Workload: 2,000 live readers of one shape, one row; until all have read it.
func BenchmarkTwoThousandLiveReaders(b *testing.B) {
	s := openDisk(b, shapelog.Options{})
	l := created(b, s, 1)
	data := rows(1)[0]
	const readers = 2000
	var got sync.WaitGroup
	waiting := make(chan struct{}, readers)
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			at := shape.SnapshotEnd
			for {
				changed := l.Changed()
				waiting <- struct{}{}
				<-changed
				head, err := l.Head()
				if err != nil {
					return
				}
				end, _, err := l.ChunkEnd(at)
				if err == nil {
					err = l.ReadLog(at, end, func([]byte, int) error { return nil })
				}
				if err != nil {
					b.Error(err)
				}
				at = head.Latest
				got.Done()
			}
		})
	}
	b.ReportAllocs()
	for tx := uint64(1); b.Loop(); tx++ {
		for range readers {
			<-waiting
		}
		got.Add(readers)
		commit(b, s, l, change.Item{Offset: at(tx, 0), JSON: data})
		got.Wait()
	}
	require.NoError(b, s.Remove(handle(1)))
	for range readers {
		<-waiting
	}
	all.Wait()
}
