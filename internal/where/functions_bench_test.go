package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// Conditions with one function each, over a row of short values.
func BenchmarkFunctions(b *testing.B) {
	values := map[string]string{"a4": "1000", "x8": "2.5", "n": "1299.95", "t": "The quick brown fox", "c": "ab    ", "y": `\x0102ff`}
	var names []string
	var row [][]byte
	for _, c := range operandColumns() {
		names = append(names, c.Name)
		if v, ok := values[c.Name]; ok {
			row = append(row, []byte(v))
		} else {
			row = append(row, nil)
		}
	}
	for _, text := range []string{
		"a4 + 1 > 7", "a4 % 10 = 3", "x8 * 2 > 7", "x8 ^ 1.5 > 7", "n * 1.19 > 1500", "n / 3 > 400", "round(n, 1) = 1300.0", "length(t) > 5", "left(t, 3) = 'The'", "substring(t, 5, 5) = 'quick'",
		"lower(t) = 'the quick brown fox'", "strpos(t, 'fox') > 0", "t || '!' = 'x'", "split_part(t, ' ', 2) = 'quick'", "btrim(c) = 'ab'", "replace(t, ' ', '') = 'x'", "length(y) = 3",
	} {
		b.Run(text, func(b *testing.B) {
			c, err := where.Compile(text, nil, operandColumns())
			require.NoError(b, err)
			p, err := c.Bind(names)
			require.NoError(b, err)
			s := where.Scratch{CaseMap: where.ASCIICaseMap()}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(row, &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
