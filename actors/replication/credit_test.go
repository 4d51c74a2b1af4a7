package replication

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestCreditIsTakenAndGivenBack(t *testing.T) {
	c := NewCredit(100)
	require.True(t, c.tryTake(60))
	require.False(t, c.tryTake(41))
	require.True(t, c.tryTake(40))
	c.Release(60)
	require.Equal(t, int64(40), c.Taken())
	require.True(t, c.tryTake(60))
}

func TestMoreThanAllOfTheCreditPassesAlone(t *testing.T) {
	c := NewCredit(100)
	require.True(t, c.tryTake(1))
	require.False(t, c.tryTake(500))
	c.Release(1)
	require.True(t, c.tryTake(500))
	require.False(t, c.tryTake(1))
	c.Release(500)
	require.True(t, c.tryTake(100))
}

func TestTakingWaitsForWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCredit(100)
		require.True(t, c.tryTake(100))
		got := make(chan bool, 1)
		go func() { got <- c.take(50, nil) }()
		c.Release(20)
		synctest.Wait()
		require.Empty(t, got)
		c.Release(30)
		require.True(t, <-got)
		require.Equal(t, int64(100), c.Taken())
	})
}

func TestTakingEndsWithTheStream(t *testing.T) {
	c := NewCredit(1)
	require.True(t, c.tryTake(1))
	stop := make(chan struct{})
	close(stop)
	require.False(t, c.take(1, stop))
	require.Equal(t, int64(1), c.Taken())
}
