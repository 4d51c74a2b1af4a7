package filter

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/change"
	"leyden/internal/shape"
)

// BenchmarkAffectedEquality routes one insert among shapes `tenant = k`, of which one matches.
func BenchmarkAffectedEquality(b *testing.B) {
	for _, shapes := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("shapes=%d", shapes), func(b *testing.B) {
			f, r := New(), itemRelation(1)
			for k := range shapes {
				f.Add(shape.ID(k+1), definition(b, fmt.Sprintf("tenant = %d", k)))
			}
			changes := make([]*change.Change, 64)
			for i := range changes {
				changes[i] = insert(r, tuple(1, i*shapes/64, "title", "1.5", "a", "t", "2024-01-01 00:00:00+00", "1"))
			}
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
