package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/change"
)

func TestTheChargeGrowsWithTheWaysRowsAreEncodedAndWithTheShapes(t *testing.T) {
	of := func(shapes, changesEach, layouts int) int64 {
		w := &work.Work{
			Fragment: &change.Fragment{Retained: 10_000}, Changes: make([]change.Change, 10),
			Deliveries: make([]work.Delivery, shapes), Index: make([]int32, shapes*changesEach),
		}
		return charge(w, layouts)
	}
	one := of(1, 10, 1)
	require.Greater(t, one, int64(10_000), "its JSON is larger than its values")
	require.Greater(t, of(40, 10, 40), 40*int64(10_000))
	require.Less(t, of(40, 10, 1), 2*of(1, 10, 1)+40*int64(1000), "shapes with the same columns share what is encoded")
	require.Equal(t, one, of(1, 10, 40), "one shape encodes in one way")
}
