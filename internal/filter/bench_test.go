package filter

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/shape"
)

// million makes a filter of shapes `tenant = k`, or of such with a second condition that all share.
func million(b testing.TB, shapes int, and string) *Filter {
	f := New()
	for k := range shapes {
		f.Add(shape.ID(k+1), definition(b, fmt.Sprintf("tenant = %d", k)+and))
	}
	return f
}

// inserts are 64 rows for tenants that are far from each other.
func inserts(shapes int) []*change.Change {
	r := itemRelation(1)
	changes := make([]*change.Change, 64)
	for i := range changes {
		changes[i] = insert(r, tuple(1, i*shapes/64, "title", "1.5", "a", "t", "2024-01-01 00:00:00+00", "1"))
	}
	return changes
}

// BenchmarkAffected routes one insert among shapes of which one matches.
func BenchmarkAffected(b *testing.B) {
	for name, and := range map[string]string{"tenant": "", "tenant-and-title": " AND title = 'title'"} {
		for _, shapes := range []int{100, 1_000_000} {
			b.Run(fmt.Sprintf("%s/shapes=%d", name, shapes), func(b *testing.B) {
				f, changes := million(b, shapes, and), inserts(shapes)
				var dst []shape.ID
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					dst = f.Affected(changes[i%64], dst[:0])
					if len(dst) != 1 {
						b.Fatal(dst)
					}
				}
			})
		}
	}
}

// BenchmarkAddAndRemove adds shapes to a million and removes them, and reports what each of them takes: ns/add and ns/remove are
// time that the goroutine's thread ran, so that they say the same on a machine that does other things too.
func BenchmarkAddAndRemove(b *testing.B) {
	for name, and := range map[string]string{"tenant": "", "tenant-and-title": " AND title = 'title'"} {
		var f *Filter // made once for all rounds
		b.Run(name, func(b *testing.B) {
			const shapes, batch = 1_000_000, 64
			if f == nil {
				f = million(b, shapes, and)
			}
			d := make([]*shape.Definition, batch)
			for i := range d {
				d[i] = definition(b, fmt.Sprintf("tenant = %d", i*shapes/32)+and) // half of them beside another
			}
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var adding, removing time.Duration
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				begin := threadTime(b)
				for i := range d {
					f.Add(shape.ID(shapes+1+i), d[i])
				}
				added := threadTime(b)
				for i := range d {
					f.Remove(shape.ID(shapes + 1 + i))
				}
				adding, removing = adding+added-begin, removing+threadTime(b)-added
			}
			b.ReportMetric(float64(adding.Nanoseconds())/float64(b.N*batch), "ns/add")
			b.ReportMetric(float64(removing.Nanoseconds())/float64(b.N*batch), "ns/remove")
		})
	}
}

// threadTime is how long the calling thread has run.
func threadTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_THREAD, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAffectedRange routes among shapes that want a value between two others, of which ten match.
func BenchmarkAffectedRange(b *testing.B) {
	for _, shapes := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("shapes=%d", shapes), func(b *testing.B) {
			f, changes := New(), inserts(shapes)
			for k := range shapes {
				f.Add(shape.ID(k+1), definition(b, fmt.Sprintf("tenant BETWEEN %d AND %d", k-9, k)))
			}
			var dst []shape.ID
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				dst = f.Affected(changes[i%64], dst[:0])
			}
		})
	}
}

// BenchmarkAffectedUnindexed routes among 10,000 shapes that look for different words anywhere in a title.
func BenchmarkAffectedUnindexed(b *testing.B) {
	f, r := New(), itemRelation(1)
	for k := range 10_000 {
		f.Add(shape.ID(k+1), definition(b, fmt.Sprintf("title ILIKE '%%k%dx%%'", k)))
	}
	c := insert(r, tuple(1, 5, "Ask for K77x and for more of what there is", "1.5", "a", "t", "2024-01-01 00:00:00+00", "1"))
	var dst []shape.ID
	b.ReportAllocs()
	for b.Loop() {
		dst = f.Affected(c, dst[:0])
		if len(dst) != 1 {
			b.Fatal(dst)
		}
	}
}

// BenchmarkAffectedResidual routes among 1,000 shapes that share a tenant and differ in another condition.
func BenchmarkAffectedResidual(b *testing.B) {
	f, r := New(), itemRelation(1)
	for k := range 1000 {
		f.Add(shape.ID(k+1), definition(b, fmt.Sprintf("tenant = 5 AND title LIKE '%%k%d%%'", k)))
	}
	c := insert(r, tuple(1, 5, "ask for k77 and more", "1.5", "a", "t", "2024-01-01 00:00:00+00", "1"))
	var dst []shape.ID
	b.ReportAllocs()
	for b.Loop() {
		dst = f.Affected(c, dst[:0])
	}
}

func TestRoutingByEqualityAllocatesNothing(t *testing.T) {
	f, r := New(), itemRelation(1)
	for k := range 1000 {
		f.Add(shape.ID(k+1), definition(t, fmt.Sprintf("tenant = %d", k)))
	}
	f.Add(5000, definition(t, "price = 1.5"))
	f.Add(5001, definition(t, "title LIKE '%i%' AND price > 1"))
	c := insert(r, tuple(1, 5, "title", "1.50", "a", "t", "2024-01-01 00:00:00+00", "1"))
	var dst []shape.ID
	require.Zero(t, testing.AllocsPerRun(100, func() { dst = f.Affected(c, dst[:0]) }))
	require.Len(t, dst, 3)
}

// TestMemoryOfAShape keeps what the filter holds for a shape `tenant = k`, its clause included, within its share of the budget
// for an idle shape.
func TestMemoryOfAShape(t *testing.T) {
	const shapes = 50_000
	definitions := make([]*shape.Definition, shapes)
	shared := definition(t, "")
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	f := New()
	for k := range definitions {
		d := definition(t, fmt.Sprintf("tenant = %d", k))
		definitions[k] = shared
		only := *shared
		only.Where = d.Where
		definitions[k] = &only
	}
	defined := heap()
	for k, d := range definitions {
		f.Add(shape.ID(k+1), d)
	}
	per := float64(heap()-defined) / shapes
	t.Logf("definition and clause %.0f bytes, filter %.0f bytes a shape", float64(defined-before)/shapes, per)
	require.Less(t, per, 200.0)
	runtime.KeepAlive(f)
}
