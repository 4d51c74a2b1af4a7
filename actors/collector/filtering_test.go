package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
)

// Hazard: transactions may never come past the snapshots of shapes that come and go, and all of them were kept until then.
func TestShapesThatAreGoneTakeNoPlaceAmongThoseThatFilter(t *testing.T) {
	f := newFiltering(1 << 20)
	for i := range shape.ID(10) {
		f.add(i+1, 1000+uint64(i))
	}
	for i := range shape.ID(10_000) {
		f.add(i+100, 500)
	}
	for i := range shape.ID(10_000) {
		f.remove(i + 100)
		require.LessOrEqual(t, len(f.byXmax), 2*f.watched.Len()+fewPlaces)
	}
	f.committed(1000+1<<20+9, 77)
	for i := range shape.ID(10) {
		id, ok := f.over(77)
		require.True(t, ok)
		require.Equal(t, i+1, id)
	}
	_, ok := f.over(77)
	require.False(t, ok)
}
