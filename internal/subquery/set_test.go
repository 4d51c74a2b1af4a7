package subquery

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/where"
)

func TestASetIsWhatWasAddedToIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Value {
			n := rapid.IntRange(0, 2000).Draw(t, "n")
			switch {
			case n == 0:
				return value(nil, "1")
			case n == 1:
				return value("1", nil)
			case n == 2:
				return value(nil, nil)
			case n < 20:
				return value(strings.Repeat("x", n*300), "1") // leaves are divided for their bytes too
			}
			return value(strconv.Itoa(n), "1")
		}), 0, 900)
		model := map[Value]bool{}
		type version struct {
			set   Set
			model map[Value]bool
		}
		versions := []version{{}}
		s := Empty
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			add, remove := some.Draw(t, "add"), some.Draw(t, "remove")
			if rapid.Bool().Draw(t, "shrink") {
				remove = append(remove, slices.Collect(maps.Keys(model))...)
			}
			s = s.With(add, remove)
			for _, v := range remove {
				delete(model, v)
			}
			for _, v := range add {
				model[v] = true
			}
			versions = append(versions, version{s, maps.Clone(model)})
		}
		for _, v := range versions { // what was made of a set has not changed it
			require.Equal(t, len(v.model), v.set.Len())
			seen, null := 0, false
			for m := range v.set.All() {
				require.True(t, v.model[m])
				null = null || m.HasNull()
				seen++
			}
			require.Equal(t, len(v.model), seen)
			require.Equal(t, null, v.set.HasNull())
			for m := range v.model {
				require.True(t, v.set.Contains(m))
				require.True(t, v.set.Has([]byte(m)))
			}
			require.False(t, v.set.Contains(value("9999", "1")))
		}
	})
}

func TestASetThatDoesNotChangeIsTheSame(t *testing.T) {
	s := Empty.With(many(5000), nil)
	require.Equal(t, s, s.With([]Value{value("7")}, []Value{value("x")}))
	require.Equal(t, Empty, s.With(nil, many(5000)))
	require.Equal(t, Empty, Empty.With(nil, many(3)))
}

func TestMembershipIsThreeValued(t *testing.T) {
	one := func(values ...any) Set {
		s := Empty
		for _, v := range values {
			s = s.With([]Value{value(v)}, nil)
		}
		return s
	}
	for _, c := range []struct {
		set  Set
		v    Value
		want where.Truth
	}{
		{Empty, value("1"), where.False},
		{Empty, value(nil), where.False},
		{one("1"), value("1"), where.True},
		{one("1"), value("2"), where.False},
		{one("1"), value(nil), where.Null},
		{one("1", nil), value("1"), where.True},
		{one("1", nil), value("2"), where.Null},
		{one(nil), value(nil), where.Null},
	} {
		var scratch []byte
		require.Equal(t, c.want, c.set.Test([]byte(c.v), &scratch), "%v of %v", c.v, slices.Collect(c.set.All()))
	}
}

func many(n int) []Value {
	values := make([]Value, n)
	for i := range values {
		values[i] = value(strconv.Itoa(i))
	}
	return values
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestBytesPerValue bounds the memory of a set of values, of its next version, and of the materializer that knows how many rows
// each has.
func TestBytesPerValue(t *testing.T) {
	const n = 200_000
	for name, text := range map[string]func(i int) string{
		"six digits": func(i int) string { return strconv.Itoa(100_000 + i) },
		"uuid":       func(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i) },
	} {
		values := make([]Value, n)
		for i := range values {
			values[i] = value(text(i))
		}
		before := heap()
		s := Empty.With(values, nil)
		made := heap()
		next := s.With([]Value{value("new")}, values[:1])
		after := heap()
		perValue := float64(made-before) / n
		t.Logf("%s: %.1f bytes per value of %d; another version %d bytes", name, perValue, len(values[0]), int64(after-made))
		require.Less(t, perValue, float64(len(values[0]))*1.25+12)
		require.Less(t, int64(after)-int64(made), int64(64<<10))
		c := newCounts()
		for _, v := range values {
			c.add(v, 2)
		}
		_, _, err := c.commit()
		require.NoError(t, err)
		counted := float64(heap()-after) / n
		t.Logf("%s: %.1f bytes per value with a count of its rows", name, counted)
		require.Less(t, counted, 2*float64(len(values[0]))*1.25+30)
		runtime.KeepAlive(c)
		runtime.KeepAlive(values)
		runtime.KeepAlive(s)
		runtime.KeepAlive(next)
	}
}

func BenchmarkTestAmong100000(b *testing.B) {
	s := Empty.With(many(100_000), nil).With([]Value{Null}, nil)
	v := make([][]byte, 1024)
	for i := range v {
		v[i] = []byte(value(strconv.Itoa(rand.IntN(200_000))))
	}
	var scratch []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Test(v[i%len(v)], &scratch)
	}
}

func BenchmarkOneValueMoreOf100000(b *testing.B) {
	s := Empty.With(many(100_000), nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.With([]Value{value(strconv.Itoa(-i - 1))}, nil)
	}
}

func BenchmarkASetOf100000(b *testing.B) {
	all := many(100_000)
	b.ReportAllocs()
	for b.Loop() {
		Empty.With(all, nil)
	}
}
