package replication

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func takes(t *testing.T, c *Credit, n int64) {
	t.Helper()
	taken, ok := c.tryTake(n)
	require.True(t, ok)
	require.Equal(t, n, taken)
}

func refuses(t *testing.T, c *Credit, n int64) {
	t.Helper()
	_, ok := c.tryTake(n)
	require.False(t, ok)
}

func TestCreditIsTakenAndGivenBack(t *testing.T) {
	c := NewCredit(100, 0)
	takes(t, c, 60)
	refuses(t, c, 41)
	takes(t, c, 40)
	c.Release(60)
	require.Equal(t, int64(40), c.Taken())
	takes(t, c, 60)
}

func TestMoreThanAllOfTheCreditPassesAlone(t *testing.T) {
	c := NewCredit(100, 0)
	takes(t, c, 1)
	refuses(t, c, 500)
	c.Release(1)
	takes(t, c, 500)
	refuses(t, c, 1)
	c.Release(500)
	takes(t, c, 100)
}

func TestTakingWaitsForWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCredit(100, 0)
		takes(t, c, 100)
		got := make(chan bool, 1)
		go func() {
			_, ok := c.take(50, nil)
			got <- ok
		}()
		c.Release(20)
		synctest.Wait()
		require.Empty(t, got)
		c.Release(30)
		require.True(t, <-got)
		require.Equal(t, int64(100), c.Taken())
	})
}

func TestTakingEndsWithTheStream(t *testing.T) {
	c := NewCredit(1, 0)
	takes(t, c, 1)
	stop := make(chan struct{})
	close(stop)
	_, ok := c.take(1, stop)
	require.False(t, ok)
	require.Equal(t, int64(1), c.Taken())
}

func TestCreditIsTakenForWhatFragmentsBecome(t *testing.T) {
	c := NewCredit(1000, 4)
	taken, ok := c.tryTake(100)
	require.True(t, ok)
	require.EqualValues(t, 500, taken, "what is expected at first")
	c.Settle(100, taken, 200)
	require.EqualValues(t, 200, c.Taken())
	for range 1000 { // fragments that need twice what they bring
		taken, ok := c.tryTake(10)
		require.True(t, ok)
		c.Settle(10, taken, 20)
		c.Release(20)
	}
	taken, ok = c.tryTake(100)
	require.True(t, ok)
	require.InDelta(t, 200, taken, 1, "what has shown")
	c.Settle(100, taken, 3000)
	require.EqualValues(t, 3200, c.Taken())
	refuses(t, c, 1)
	c.Release(3200)
	taken, ok = c.tryTake(10)
	require.True(t, ok)
	require.EqualValues(t, 300, taken, "the next one is expected to be as large at once")
	c.Settle(10, taken, 0)
	require.Zero(t, c.Taken())
}

func TestWhatAFragmentDoesNotNeedIsThereForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCredit(100, 9)
		taken, ok := c.tryTake(10)
		require.True(t, ok)
		got := make(chan int64, 1)
		go func() {
			n, _ := c.take(5, nil)
			got <- n
		}()
		synctest.Wait()
		require.Empty(t, got)
		c.Settle(10, taken, 0)
		require.Positive(t, <-got)
	})
}
