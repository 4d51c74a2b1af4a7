package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryIsReturnedTwiceAfterABurstAndNotDuringSteadyWork(t *testing.T) {
	const heap, mb = 100 << 20, 1 << 20
	var b bursts
	total := uint64(0)
	// returns are the periods, of so many in which so much is allocated, at whose end memory is returned.
	returns := func(periods int, each uint64) (at []int) {
		for n := range periods {
			total += each
			if b.over(total, heap) {
				at = append(at, n)
				b.returned = total
			}
		}
		return at
	}
	require.Empty(t, returns(60, 10*mb), "it is busy")
	require.Equal(t, []int{0, settlePeriods}, returns(10*settlePeriods, 1000))
	require.Empty(t, returns(1, 20*mb))
	require.Empty(t, returns(100, 1000), "that was no burst")
	require.Empty(t, returns(1, 30*mb))
	require.Equal(t, []int{0}, returns(5, 1000))
	require.Empty(t, returns(1, 10*mb), "it was not over")
	require.Equal(t, []int{settlePeriods - 1}, returns(10*settlePeriods, 1000))
}
