package shapes

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSnapshotsThatAreCompletedTogetherShareASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := 0
		s := newSyncs(func() error { count++; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.run(ctx) }()
		for range 100 {
			s.request()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, count)
		s.request()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 2, count)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 2, count, "nothing was asked for")
		s.request()
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, 3, count, "what was asked for before the end is synced")
	})
}

func TestAStoreThatFailsEndsTheSyncing(t *testing.T) {
	failed := errors.New("no disk")
	s := newSyncs(func() error { return failed })
	s.delay = 0
	s.request()
	require.ErrorIs(t, s.run(t.Context()), failed)
}

// A request during a sync may come too late for it.
func TestASyncThatIsAskedForDuringAnotherFollowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := 0
		var s *syncs
		s = newSyncs(func() error {
			if count++; count == 1 {
				s.request()
			}
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.run(ctx) }()
		s.request()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 2, count)
		cancel()
		require.NoError(t, <-ended)
	})
}
