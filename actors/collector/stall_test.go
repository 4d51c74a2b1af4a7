package collector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/shape"
)

func TestAShapeThatHoldsAndMakesNoProgressIsAskedThenGivenUp(t *testing.T) {
	s := newStalls(time.Minute)
	at := time.Unix(0, 0)
	look := func(after time.Duration, holders ...work.Holder) (ask, giveUp []shape.ID) {
		at = at.Add(after)
		return s.check(at, holders)
	}
	two, one := work.Holder{ID: 2, LSN: 10}, work.Holder{ID: 1, LSN: 10}
	ask, giveUp := look(0, two, one)
	require.Empty(t, ask)
	require.Empty(t, giveUp)

	ask, giveUp = look(time.Minute, two, one)
	require.Equal(t, []shape.ID{1, 2}, ask)
	require.Empty(t, giveUp)

	s.deferred(2, at)
	ask, giveUp = look(10*time.Second, two, one)
	require.Empty(t, ask)
	require.Equal(t, []shape.ID{1}, giveUp, "2 has a reason")

	ask, giveUp = look(50*time.Second, two, one)
	require.Equal(t, []shape.ID{2}, ask, "the reason is good for one grace period")
	require.Empty(t, giveUp, "so is a removal")

	two.LSN = 20
	ask, giveUp = look(10*time.Second, two, one)
	require.Equal(t, []shape.ID{1}, ask, "a lost removal is repeated")
	require.Empty(t, giveUp, "2 has made progress")

	look(time.Second)
	require.Empty(t, s.suspects, "who holds nothing is no suspect")
	s.deferred(1, at)
	require.Empty(t, s.suspects)
	ask, giveUp = look(time.Hour, one)
	require.Empty(t, ask)
	require.Empty(t, giveUp)
}
