package livemap

import (
	"maps"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMapIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Map[int, int]
		model := map[int]int{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			from, n := rapid.IntRange(0, 400).Draw(t, "from"), rapid.IntRange(0, 300).Draw(t, "n")
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0, 1:
				for k := from; k < from+n; k++ {
					m.Set(k, n)
					model[k] = n
				}
			case 2, 3:
				for k := from; k < from+n; k++ {
					m.Delete(k)
					delete(model, k)
				}
			case 4:
				gone := func(k, _ int) bool { return k%3 == n%3 }
				m.DeleteFunc(gone)
				maps.DeleteFunc(model, gone)
			case 5:
				m.Clear()
				clear(model)
			}
			require.Equal(t, model, maps.Collect(m.All()))
			require.Equal(t, len(model), m.Len())
			v, ok := m.Find(from)
			want, there := model[from]
			require.Equal(t, there, ok)
			require.Equal(t, want, v)
			require.Equal(t, want, m.Get(from))
			require.GreaterOrEqual(t, m.Room(), m.Len())
			require.LessOrEqual(t, m.Room(), max(fewEntries, 4*m.Len()))
		}
	})
}

func TestMapGivesItsMemoryBack(t *testing.T) {
	const n = 100_000
	var m Map[int, int]
	before := heap()
	for k := range n {
		m.Set(k, k)
	}
	full := heap() - before
	for k := range n - 10 {
		m.Delete(k)
	}
	require.Equal(t, 10, m.Len())
	require.Less(t, heap()-before, full/100)
	runtime.KeepAlive(&m)
}

func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

func BenchmarkSetAndDelete(b *testing.B) {
	var m Map[int, int]
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Set(i, i)
		if i >= 1000 {
			m.Delete(i - 1000)
		}
	}
}
