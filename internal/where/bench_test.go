package where_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// workloads are clauses over one row in which none is decided early.
func workloads() map[string]string {
	return map[string]string{
		"like-and-greater": "t LIKE '%k%' AND n > 5",
		"lower-and-times":  "lower(t) = 'the quick brown fox asks for more' AND n * 2 > 10",
		"case-and-any":     "CASE WHEN i4 > 5 THEN t ELSE v END LIKE 'the%' AND i4 = ANY (ARRAY[i2, 12345])",
		"integer":          "i8 = 42",
		"numeric":          "n BETWEEN 1 AND 9.75",
		"timestamp":        "tz >= '2024-01-01' AND tz < '2024-02-01'",
		"in-1000":          "i4 IN (7" + numbers(1000) + ")",
		"ilike":            "t ILIKE '%q%r%s_' OR e = 'happy'",
		"float":            "f8 > 1.25 OR f4 IS DISTINCT FROM 2",
	}
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",%d", 10*i)
	}
	return b.String()
}

func workloadRow() ([]string, [][]byte) {
	texts := map[string]string{
		"t": "the quick brown fox asks for more", "n": "7.50", "i8": "42", "i4": "12345", "tz": "2024-01-31 10:00:00.123456+00", "e": "sad", "f8": "0.1", "f4": "2", "i2": "7",
	}
	var names []string
	var row [][]byte
	for _, c := range columns() {
		names = append(names, c.Name)
		if text, ok := texts[c.Name]; ok {
			row = append(row, []byte(text))
		} else {
			row = append(row, nil)
		}
	}
	return names, row
}

func BenchmarkEval(b *testing.B) {
	names, row := workloadRow()
	for name, text := range workloads() {
		b.Run(name, func(b *testing.B) {
			p, err := compile(b, text, nil).Bind(names)
			require.NoError(b, err)
			var s where.Scratch
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(row, &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestEvaluationAllocatesNothing(t *testing.T) {
	names, row := workloadRow()
	clauses := workloads()
	clauses["casts"] = "t::varchar = v OR i4::text LIKE '12%' OR tz::date < d OR i4 < n"
	for name, text := range clauses {
		p, err := compile(t, text, nil).Bind(names)
		require.NoError(t, err)
		var s where.Scratch
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = p.Eval(row, &s) }), name)
	}
}

// BenchmarkCompile is what a request with a new clause costs, BenchmarkUnmarshal what a restored shape does.
func BenchmarkCompile(b *testing.B) {
	cols := columns()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := where.Compile("i8 = $1 AND t LIKE 'a%'", map[string]string{"1": "5"}, cols); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	stored, err := compile(b, "i8 = 5", nil).MarshalBinary()
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := where.Unmarshal(stored); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAClauseIsSmall(t *testing.T) {
	const many = 20_000
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	clauses := make([]*where.Clause, many)
	cols := []where.Column{{Name: "tenant_id", Type: "int8"}}
	before := heap()
	for i := range clauses {
		c, err := where.Compile(fmt.Sprintf("tenant_id = %d", i), nil, cols)
		require.NoError(t, err)
		clauses[i] = c
	}
	per := float64(heap()-before) / many
	t.Logf("%.0f bytes a clause", per)
	require.Less(t, per, 100.0)
	runtime.KeepAlive(clauses)
}
