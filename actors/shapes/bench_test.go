package shapes

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/shape"
	"leyden/internal/where"
)

// many makes n shapes with ten makers.
func (h *house) many(n int, of func(int) *shape.Definition) []*status.Entry {
	all := make([]*status.Entry, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				e, err := h.manager.Create(h.ctx(), of(i))
				require.NoError(h.t, err)
				require.NoError(h.t, h.manager.AwaitSnapshotStart(h.ctx(), e))
				all[i] = e
			}
		})
	}
	wg.Wait()
	return all
}

// BenchmarkOneChangeFor10000Shapes: one insert that 10,000 shapes have, by different clauses, from the collector's mailbox to
// the batch that all of them are in. It is encoded once.
func BenchmarkOneChangeFor10000Shapes(b *testing.B) {
	const n = 10_000
	for name, rest := range map[string]time.Duration{"awake": 0, "asleep": 1} {
		b.Run(name, func(b *testing.B) {
			h := newHouse(b, houseConfig{partitions: 16, restAfter: rest, dir: b.TempDir()})
			defer h.close()
			all := h.many(n, func(i int) *shape.Definition {
				d := h.tenant(items, 1)
				var err error
				d.Where, err = where.Compile(fmt.Sprintf("tenant > %d", -i), nil, h.tables[items].WhereColumns())
				require.NoError(b, err)
				return d
			})
			h.insert(items, 1)
			h.settled()
			encoded := h.metrics.Encodings.Load()
			items0 := h.metrics.Items.Load()
			b.ReportAllocs()
			rounds := 0
			var took, busy time.Duration
			for b.Loop() {
				if rest > 0 {
					for h.metrics.Awake.Load() > 0 {
						time.Sleep(time.Millisecond)
					}
				}
				changed := all[n-1].Log().Changed()
				begin, used := time.Now(), cpu()
				h.insert(items, 1)
				<-changed
				took += time.Since(begin)
				busy += cpu() - used
				h.settled()
				rounds++
			}
			require.EqualValues(b, rounds, h.metrics.Encodings.Load()-encoded)
			require.EqualValues(b, rounds*n, h.metrics.Items.Load()-items0)
			b.ReportMetric(float64(took.Microseconds())/1000/float64(rounds), "ms/batch")
			b.ReportMetric(float64(busy.Microseconds())/1000/float64(rounds), "ms_cpu/batch")
			b.ReportMetric(float64(h.metrics.Encodings.Load()-encoded)/float64(rounds), "encodings")
		})
	}
}

// hundredThousand is 100,000, or a tenth of it for a short look.
func hundredThousand() int {
	if testing.Short() {
		return 10_000
	}
	return 100_000
}

// cpu is the processor time that the process has used: what other processes do beside it is not in it.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkCreateAndRemove100000 makes and removes 100,000 shapes three times over: memory comes back to the first plateau,
// and every table to its size.
func BenchmarkCreateAndRemove100000(b *testing.B) {
	n := hundredThousand()
	for b.Loop() {
		h := newHouse(b, houseConfig{partitions: 16, restAfter: 1, dir: b.TempDir()})
		base := h.sizes()
		var first, worst, least float64
		for cycle := range 3 {
			all := h.many(n, func(i int) *shape.Definition { return h.tenant(items, i) })
			h.settled()
			require.Equal(b, n, h.sizes()["filter"])
			full := heap()
			if cycle == 0 {
				first = full
			}
			worst = max(worst, full/first)
			clear(all)
			h.manager.RemoveTable(items)
			for name, size := range h.sizes() {
				require.Equal(b, base[name], size, name)
			}
			least = heap()
		}
		b.ReportMetric(first/1e6, "MB_full")
		b.ReportMetric(least/1e6, "MB_empty")
		b.ReportMetric(worst, "of_first_plateau")
		h.close()
	}
}

// BenchmarkRefreshOf100000LiveShapes compares 100,000 shapes with the disk while another table's changes are delivered.
func BenchmarkRefreshOf100000LiveShapes(b *testing.B) {
	n := hundredThousand()
	h := newHouse(b, houseConfig{partitions: 16, dir: b.TempDir()})
	defer h.close()
	all := h.many(n, func(i int) *shape.Definition { return h.tenant(items, i) })
	other := h.create(others, 1)
	over, stopped := make(chan struct{}), make(chan struct{})
	var longest time.Duration
	go func() {
		defer close(stopped)
		for {
			select {
			case <-over:
				return
			default:
			}
			begin := time.Now()
			changed := other.Log().Changed()
			h.insert(others, 1)
			<-changed
			longest = max(longest, time.Since(begin))
		}
	}()
	b.ResetTimer()
	for b.Loop() {
		require.Equal(b, n+1, h.refresh().Kept)
	}
	b.StopTimer()
	close(over)
	<-stopped
	for i, e := range all {
		if same, ok := h.status.ByHandle(e.Handle); !ok || same != e {
			b.Fatalf("shape %d is another one", i)
		}
	}
	b.ReportMetric(float64(longest.Milliseconds()), "ms_longest_delivery")
}
