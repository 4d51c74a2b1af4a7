package partition

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/work"
	"leyden/internal/shape"
)

// Spec engine §2.8 row 13: an actor that suspends twice in one publish. Here whether a consumer may sleep is asked between two
// messages of the partition that it runs in, so that it never sleeps with something in its hands, however the two fall.
func TestRace13AConsumerCannotSleepWithADeliveryInItsHands(t *testing.T) {
	b := newBench(t)
	for _, id := range []shape.ID{1, 5, 9} {
		b.create(id)
	}
	rapid.Check(t, func(t *rapid.T) {
		b.done = b.done[:0]
		sent := 0
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 4), 1, 40).Draw(t, "steps") {
			switch step {
			case 0:
				b.ticks(1)
			case 1:
				b.ticks(idleTicks)
			default:
				b.tell(b.share(shape.ID(4*(step-2) + 1)))
				sent++
			}
			require.Len(t, b.done, sent)
		}
		for _, w := range b.done {
			require.True(t, w.Deliveries[0].Result.Commit)
		}
	})
}

// Spec engine §2.8 row 17: the end of a consumer that has been replaced.
func TestRace17TheLateEndOfAReplacedConsumerIsIgnored(t *testing.T) {
	b := newBench(t)
	b.create(1)
	var removed []shape.ID
	b.host.Invalidate = func(id shape.ID, _ error) { removed = append(removed, id) }
	b.tell(b.share(1))
	former := b.part.children.Get(0).pid
	require.NoError(t, b.renew(1))
	require.NotSame(t, former, b.part.children.Get(0).pid)
	b.part.ended(former)
	b.tell(b.share(1))
	require.True(t, b.done[1].Deliveries[0].Result.Commit)
	require.Empty(t, removed)
}

func TestAConsumerThatEndsByItselfCostsItsShapeAndHasNoSuccessor(t *testing.T) {
	b := newBench(t)
	b.create(1)
	b.create(5)
	var removed []shape.ID
	b.host.Invalidate = func(id shape.ID, _ error) { removed = append(removed, id) }
	b.tell(b.share(1, 5))
	b.system.Root.Stop(b.part.children.Get(0).pid) // nobody of the partition's
	require.Equal(t, []shape.ID{1}, removed)
	b.tell(b.share(1, 5))
	require.True(t, b.done[1].Deliveries[0].Result.Held)
	require.True(t, b.done[1].Deliveries[1].Result.Commit)
	require.EqualValues(t, 2, b.host.Metrics.Spawned.Load())
	b.ticks(2 * idleTicks)
	require.Equal(t, []shape.ID{1, 1}, removed[:2], "it is said again")
	dropped := false
	b.tell(&work.Drop{IDs: []shape.ID{1, 5, 9}, Done: func() { dropped = true }})
	require.True(t, dropped)
	require.Zero(t, b.part.endings.Len())
}

func TestAConsumerRestsAndThenSleeps(t *testing.T) {
	b := newBench(t)
	b.part.SleepAfter = b.part.period() * 3 * idleTicks
	b.create(1)
	b.tell(b.share(1))
	b.ticks(3 * idleTicks)
	require.Equal(t, 1, b.part.children.Len(), "it rests")
	b.tell(b.share(1))
	require.True(t, b.done[1].Deliveries[0].Result.Commit)
	b.ticks(6 * idleTicks)
	require.Zero(t, b.part.children.Len())
	b.part.SleepAfter = Never
	b.tell(b.share(1))
	b.ticks(20 * idleTicks)
	require.Equal(t, 1, b.part.children.Len())
	require.True(t, b.done[2].Deliveries[0].Result.Commit)
}
