package replication

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgoutput"
)

func TestWaitsGrowAndStartAgainAfterAStreamThatHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		streams := []time.Duration{0, 0, 0, 0, 0, 4 * time.Second, 5 * time.Second, 0}
		var waits []time.Duration
		attempts, lost := 0, errors.New("lost")
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		err := loop(ctx, func(context.Context) (time.Duration, error) {
			if attempts == len(streams) {
				cancel()
				return 0, ctx.Err()
			}
			attempts++
			return streams[attempts-1], lost
		}, func(s State) {
			if s.Phase == BackingOff {
				require.Equal(t, lost, s.Err)
				waits = append(waits, s.Wait/time.Second)
			}
		})
		require.NoError(t, err)
		require.Equal(t, []time.Duration{1, 2, 4, 8, 10, 10, 1, 2}, waits)
		require.Equal(t, 38*time.Second, time.Since(begin))
	})
}

func TestAStopEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		begin := time.Now()
		var last State
		require.NoError(t, loop(ctx, func(context.Context) (time.Duration, error) { return 0, errors.New("lost") }, func(s State) { last = s }))
		require.Equal(t, Stopped, last.Phase)
		require.Equal(t, 100*time.Millisecond, time.Since(begin))
	})
}

func TestWhatCannotGetBetterIsNotTriedAgain(t *testing.T) {
	for _, err := range []error{
		&ConfigError{"no publication"},
		streamError(&pgoutput.ErrReplicaNotFull{Schema: "public", Table: "items"}),
		streamError(&pgoutput.ErrTxnTooLarge{Limit: 1}),
	} {
		var last State
		got := loop(t.Context(), func(context.Context) (time.Duration, error) { return 0, err }, func(s State) { last = s })
		require.Equal(t, err, got)
		require.Equal(t, State{Phase: Failed, Err: err}, last)
	}
}

func TestKeepaliveInterval(t *testing.T) {
	require.Equal(t, 15*time.Second, keepaliveInterval(0))
	require.Equal(t, 15*time.Second, keepaliveInterval(time.Minute))
	require.Equal(t, time.Second, keepaliveInterval(3*time.Second))
}

func TestSilenceIsMeasuredWhileTheReaderListens(t *testing.T) {
	var s silence
	require.Equal(t, time.Duration(0), s.tick(1, false, time.Second), "heard something")
	require.Equal(t, 1*time.Second, s.tick(1, false, time.Second))
	require.Equal(t, 2*time.Second, s.tick(1, false, time.Second))
	require.Equal(t, time.Duration(0), s.tick(1, true, time.Second), "paused")
	require.Equal(t, 1*time.Second, s.tick(1, false, time.Second))
	require.Equal(t, time.Duration(0), s.tick(2, false, time.Second))
}
