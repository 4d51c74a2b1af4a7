package idtable

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table[int]
		model := map[uint64]int{}
		number := rapid.OneOf(rapid.Uint64Range(0, 20), rapid.Uint64Range(0, 3000), rapid.Uint64Range(100_000, 100_500))
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			n, v := number.Draw(t, "n"), rapid.IntRange(0, 3).Draw(t, "v")
			table.Set(n, v)
			if model[n] = v; v == 0 {
				delete(model, n)
			}
			seen := map[uint64]int{}
			table.All(func(n uint64, v int) bool { seen[n] = v; return true })
			require.Equal(t, model, seen)
			require.Equal(t, len(model), table.Len())
			probe := number.Draw(t, "probe")
			require.Equal(t, model[probe], table.Get(probe))
			rest := map[uint64]int{}
			table.From(probe, func(n uint64, v int) bool { rest[n] = v; return true })
			for n := range seen {
				if n < probe {
					delete(seen, n)
				}
			}
			require.Equal(t, seen, rest)
		}
	})
}

func TestTableShrinksWithItsNumbers(t *testing.T) {
	var table Table[uint32]
	for n := range uint64(100_000) {
		table.Set(n, 1)
		if n >= 100 {
			table.Set(n-100, 0)
		}
	}
	require.Equal(t, 100, table.Len())
	require.LessOrEqual(t, len(table.pages), 2)
	for n := range uint64(100_000) {
		table.Set(n, 0)
	}
	require.Nil(t, table.pages)
}
