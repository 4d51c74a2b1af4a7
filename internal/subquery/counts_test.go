package subquery

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCountsOfManyValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		span := rapid.SampledFrom([]int{3, 40, 3000}).Draw(t, "span")
		c := newCounts()
		rows := map[Value]int{}
		for range rapid.IntRange(1, 6).Draw(t, "commits") {
			grow := g.IntN(3)
			for range g.IntN(2 * span) {
				v := value(strconv.Itoa(g.IntN(span)))
				by := 1
				if grow == 0 || g.IntN(3) == 0 {
					by = -1
				}
				if rows[v]+by >= 0 {
					rows[v] += by
					c.add(v, by)
				}
			}
			before := c.set
			in, out, err := c.commit()
			require.NoError(t, err)
			var more int
			want := []Value{}
			for v, n := range rows {
				if n > 0 {
					want = append(want, v)
				}
				if n > 1 {
					more++
					require.Equal(t, n-1, c.more.of(v))
				}
			}
			require.Equal(t, more, c.more.tree.size(true))
			slices.Sort(want)
			require.True(t, slices.Equal(want, slices.Sorted(c.set.All())))
			require.True(t, slices.Equal(want, slices.Sorted(before.With(in, out).All())))
			require.Equal(t, before.Len()+len(in)-len(out), c.set.Len())
		}
	})
}

func TestMoreRowsGoThanThereAre(t *testing.T) {
	c := newCounts()
	c.add(Null, 2)
	_, _, err := c.commit()
	require.NoError(t, err)
	c.add(Null, -3)
	_, _, err = c.commit()
	require.ErrorIs(t, err, ErrLog)
}
