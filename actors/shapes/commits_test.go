package shapes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/pg"
)

func TestASnapshotThatHidesWhatWasStreamedIsFound(t *testing.T) {
	var r RecentCommits
	for xid := uint32(100); xid < 110; xid++ {
		r.Add(xid)
	}
	upTo := r.Count()
	r.Add(110)
	require.False(t, r.Missing(upTo, pg.Snapshot{Xmin: 110, Xmax: 110}), "110 came after the shape")
	require.True(t, r.Missing(upTo, pg.Snapshot{Xmin: 105, Xmax: 112, Xip: []uint64{105, 111}}))
	require.False(t, r.Missing(upTo, pg.Snapshot{Xmin: 110, Xmax: 112, Xip: []uint64{110, 111}}))
	require.False(t, r.Missing(upTo, pg.Snapshot{Xmin: 7<<32 + 110, Xmax: 7<<32 + 110}), "ids are compared without their epoch")
	require.True(t, r.Missing(upTo, pg.Snapshot{Xmin: 7<<32 + 109, Xmax: 7<<32 + 112, Xip: []uint64{7<<32 + 109}}))
}

func TestOnlyRecentTransactionsAreRemembered(t *testing.T) {
	var r RecentCommits
	r.Add(5)
	for range recent {
		r.Add(1)
	}
	require.False(t, r.Missing(r.Count(), pg.Snapshot{Xmin: 5, Xmax: 5}))
	r.Add(5)
	require.True(t, r.Missing(r.Count(), pg.Snapshot{Xmin: 5, Xmax: 5}))
}
