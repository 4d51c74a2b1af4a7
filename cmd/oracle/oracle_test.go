package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// smallPieces makes chunks and fragments small, so that their boundaries are everywhere.
var smallPieces = []string{"ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD=20000", "ELECTRIC_EXPERIMENTAL_MAX_BATCH_SIZE=7"}

// TestShapesEqualQueries is a short run of the oracle, with a seed of its own each time: the log names it.
func TestShapesEqualQueries(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	totals, err := run(t.Context(), plan{
		Seed: seed, Duration: 30 * time.Second, KillEvery: 5 * time.Second, Tables: 4, Shapes: 30, Subqueries: 40, Writers: 3, Truncates: true,
		Settings: smallPieces,
		Out:      os.Stderr,
	})
	t.Logf("%s", totals)
	require.NoError(t, err, "replay: go tool task oracle -- --seed %d --duration 30s --kill-every 5s --shapes 30 --subqueries 40 --writers 3 --setting %s", seed, strings.Join(smallPieces, " --setting "))
	require.NotZero(t, totals.comparisons)
	require.NotZero(t, totals.kills+totals.restarts)
}

// TestShapesWithSubqueriesStayAsTheyAre is one without kills, which would explain every must-refetch.
func TestShapesWithSubqueriesStayAsTheyAre(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	totals, err := run(t.Context(), plan{Seed: seed, Duration: 20 * time.Second, Tables: 4, Shapes: 30, Subqueries: 100, Writers: 3, Settings: smallPieces, Out: os.Stderr})
	t.Logf("%s", totals)
	require.NoError(t, err, "replay: go tool task oracle -- --seed %d --duration 20s --kill-every 0 --shapes 30 --subqueries 100 --writers 3 --truncates=false --setting %s", seed, strings.Join(smallPieces, " --setting "))
	require.NotZero(t, totals.moves)
	require.NotZero(t, totals.movedOut)
}
