package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestShapesEqualQueries is a short run of the oracle, with a seed of its own each time: the log names it.
func TestShapesEqualQueries(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	totals, err := run(t.Context(), plan{
		Seed: seed, Duration: 30 * time.Second, KillEvery: 5 * time.Second, Tables: 4, Shapes: 30, Writers: 3, Truncates: true,
		// Small chunks and fragments, so that their boundaries are everywhere.
		Settings: []string{"ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD=20000", "ELECTRIC_EXPERIMENTAL_MAX_BATCH_SIZE=7"},
		Out:      os.Stderr,
	})
	t.Logf("%s", totals)
	require.NoError(t, err, "replay: go tool task oracle -- --seed %d --kill-every 5s --shapes 30 --writers 3", seed)
	require.NotZero(t, totals.comparisons)
	require.NotZero(t, totals.kills+totals.restarts)
}
