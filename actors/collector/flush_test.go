package collector

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBoundaryIsTheLastCommitUpToWhichAllIsDurable(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.durable(0, 0)
	f.take(whole(10, 7))
	f.take(whole(20, 7))
	f.take(whole(30, 7))
	require.Zero(t, f.boundary())
	f.durable(2, 0)
	require.EqualValues(t, 20, f.boundary())
	require.Zero(t, f.boundary(), "told once")
	f.durable(3, 0)
	require.EqualValues(t, 30, f.boundary())
}

func TestATransactionOfNoShapeIsDoneAtOnceIfNothingIsUnderWay(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.durable(0, 0)
	require.True(t, f.take(whole(10, 8)).Idle)
	require.EqualValues(t, 10, f.boundary())
	require.False(t, f.take(whole(20, 7)).Idle)
	f.take(whole(30, 8))
	f.take(whole(40))
	require.Zero(t, f.boundary(), "20 is not durable")
	f.durable(1, 0)
	require.EqualValues(t, 40, f.boundary())
}

func TestAFragmentWithoutCommitMovesNothing(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.durable(0, 0)
	f.take(part(10, true, false, 0, 7))
	f.durable(1, 0)
	require.Zero(t, f.boundary())
	f.take(part(10, false, true, 2, 8))
	require.Zero(t, f.boundary(), "the commit is the shape's too")
	f.durable(2, 0)
	require.EqualValues(t, 10, f.boundary())
}

func TestAHeldTransactionKeepsTheBoundaryBeforeIt(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.durable(0, 0)
	for _, lsn := range []uint64{10, 20, 30} {
		f.take(whole(lsn, 7))
	}
	f.durable(3, 20)
	require.EqualValues(t, 19, f.boundary(), "everything before 20")
	f.take(whole(40, 8))
	require.Zero(t, f.boundary())
	f.durable(3, 30)
	require.EqualValues(t, 29, f.boundary())
	f.durable(3, 0)
	require.EqualValues(t, 40, f.boundary())
}

// Hazard: what a former run applied is seen in the store's position, but may not have survived if the machine fails now.
func TestNothingIsAcknowledgedBeforeTheFirstSyncOfARun(t *testing.T) {
	f := newFixture(t, 100)
	f.take(whole(110, 8))
	require.Zero(t, f.boundary())
	f.durable(0, 0)
	require.EqualValues(t, 110, f.boundary())
}

func TestTheStoresPositionIsAcknowledgedAfterARestart(t *testing.T) {
	f := newFixture(t, 100)
	f.durable(0, 0)
	require.EqualValues(t, 100, f.boundary())
}

// Spec engine §4.7 (1): a dropped commit still runs flush accounting; whoever repeats it has forgotten the boundary.
func TestADroppedCommitTellsTheBoundaryAgain(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.durable(0, 0)
	f.take(whole(10, 7))
	f.take(whole(20, 7))
	f.durable(1, 0)
	require.EqualValues(t, 10, f.boundary())
	require.True(t, f.take(whole(10, 7)).Duplicate)
	require.EqualValues(t, 10, f.boundary())
	require.True(t, f.take(whole(20, 7)).Duplicate)
	require.EqualValues(t, 10, f.boundary(), "20 is still under way")
}

func TestReportsOfAFormerRunAreIgnored(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.durable(0, 0)
	f.take(whole(10, 7))
	former := newFixture(t, 0)
	f.run, former.run = former.run, f.run
	f.durable(5, 0)
	require.Zero(t, f.boundary())
}

func TestBoundaryIsNeverBeyondWhatIsNotDurableOrHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := flush{}
		f.synced(0, 0)
		var lsn, seq, durable, hold, told uint64
		seqOf := map[uint64]uint64{} // last work of each commit
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				lsn += 10
				if rapid.Bool().Draw(t, "work") {
					seq++
				}
				seqOf[lsn] = seq
				f.committed(lsn, seq)
			case 1:
				durable = rapid.Uint64Range(durable, seq).Draw(t, "durable")
				hold = 0
				if low := told + 1; low <= lsn && rapid.Bool().Draw(t, "holds") {
					hold = rapid.Uint64Range(low, lsn).Draw(t, "hold")
				}
				f.synced(durable, hold)
			case 2:
				want := uint64(0)
				for at := uint64(10); at <= lsn; at += 10 {
					if seqOf[at] > durable || hold > 0 && at >= hold {
						break
					}
					want = at
				}
				got, moved := f.boundary()
				if moved {
					told = got
				}
				// Everything before a hold is as good as the last commit before it.
				if exact := told / 10 * 10; exact < want || told > max(want, hold-min(hold, 1)) {
					t.Fatalf("boundary %d, want %d, hold %d", told, want, hold)
				}
			}
		}
	})
}
