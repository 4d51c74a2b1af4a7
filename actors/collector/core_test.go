package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
)

func TestWhatWasProcessedIsDropped(t *testing.T) {
	f := newFixture(t, 100)
	f.core.router.add(1, over(7))
	require.True(t, f.take(whole(90, 7)).Duplicate)
	require.True(t, f.take(part(100, true, false, 0, 7)).Duplicate, "up to the store's position")
	require.True(t, f.take(part(100, false, true, 2, 7)).Duplicate)
	require.NotNil(t, f.take(part(110, true, false, 0, 7)).Work)
	require.True(t, f.take(part(110, true, false, 0, 7)).Duplicate, "a connection was cut after it")
	require.NotNil(t, f.take(part(110, false, true, 2, 7)).Work)
	require.True(t, f.take(whole(110)).Duplicate)
}

func TestAFragmentAcrossTheProcessedPositionIsAHardError(t *testing.T) {
	f := newFixture(t, 0)
	f.take(part(10, true, false, 0, 7, 7))
	_, err := f.core.Fragment(part(10, true, true, 2, 7, 7))
	var straddle *Straddle
	require.ErrorAs(t, err, &straddle)
	require.Equal(t, shape.Offset{Tx: 10, Op: 4}, straddle.Fragment)
}

// Hazard §4.7: a run that starts again in the middle of a transaction takes all of it, since only commits move the store's
// position.
func TestARunThatStartsInATransactionTakesAllOfIt(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.take(whole(10, 7))
	f.take(part(20, true, false, 0, 7))

	again := newFixture(t, 10)
	again.core.router.add(1, over(7))
	require.True(t, again.take(whole(10, 7)).Duplicate)
	first := again.take(part(20, true, false, 0, 7))
	require.NotNil(t, first.Work)
	require.True(t, first.Work.Deliveries[0].Begin)
	require.NotNil(t, again.take(part(20, false, true, 2, 8)).Work)
}

func TestFragmentsThatDoNotFollowEachOtherAreRejected(t *testing.T) {
	for name, second := range map[string]*change.Fragment{
		"begin inside of a transaction": part(20, true, false, 0, 7),
		"part of another transaction":   part(20, false, false, 2, 7),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 0)
			f.take(part(10, true, false, 0, 7))
			_, err := f.core.Fragment(second)
			require.ErrorIs(t, err, ErrStream)
		})
	}
	f := newFixture(t, 0)
	_, err := f.core.Fragment(part(10, false, true, 0, 7))
	require.ErrorIs(t, err, ErrStream, "no begin")
}

func TestWorksAreNumberedInStreamOrder(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	require.EqualValues(t, 1, f.take(whole(10, 7)).Work.Seq)
	require.Nil(t, f.take(whole(20, 8)).Work)
	require.EqualValues(t, 2, f.take(whole(30, 7)).Work.Seq)
}

func TestAShapeThatARelationEndsHoldsItsTransactionsUntilItIsRemoved(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.core.router.add(2, over(7))
	f.durable(0, 0)
	f.take(whole(10, 8))
	require.EqualValues(t, 10, f.boundary())
	f.filter.ended = func(old, rel *change.Relation) []shape.ID { return []shape.ID{1} }

	d, err := f.core.Relation(table(7))
	require.NoError(t, err)
	require.Equal(t, []shape.ID{1}, d.Invalid)
	require.EqualValues(t, 1, d.Hold.Seq)
	require.EqualValues(t, 11, d.Hold.Fragment.LSN, "from the next transaction on")
	require.Len(t, d.Hold.Deliveries, 1)
	f.take(whole(20, 8))
	require.Zero(t, f.boundary(), "the hold is not known to the writer yet")

	taken := f.take(whole(30, 7))
	require.Len(t, taken.Work.Deliveries, 1, "it gets nothing any more")
	require.EqualValues(t, 2, taken.Work.Deliveries[0].ID)
}

func TestARelationInATransactionHoldsThatTransaction(t *testing.T) {
	f := newFixture(t, 0)
	f.core.router.add(1, over(7))
	f.filter.ended = func(old, rel *change.Relation) []shape.ID { return []shape.ID{1} }
	f.take(part(20, true, false, 0, 7))
	d, err := f.core.Relation(table(7))
	require.NoError(t, err)
	require.EqualValues(t, 20, d.Hold.Fragment.LSN)
	require.Nil(t, f.take(part(20, false, true, 2, 7)).Work)
}

func TestFilteringEndsOnlyWhenItsEndIsSettled(t *testing.T) {
	f := newFixture(t, 0)
	f.core.filtering.margin = 5
	f.core.Add(&work.AddShape{ID: 1, Def: over(7), Filtering: true, Xmax: 1<<32 + 100})
	f.core.Known(2, 1<<32+200)
	f.core.Known(3, 1<<32+100)
	f.core.Remove(3)
	at := func(xid uint32, lsn uint64) {
		fr := whole(lsn)
		fr.XID = xid
		f.take(fr)
	}
	over := func(position uint64) []shape.ID {
		var ids []shape.ID
		for {
			id, ok := f.core.FilteringOver(position)
			if !ok {
				return ids
			}
			ids = append(ids, id)
		}
	}
	at(4294967295, 10) // before the ids wrapped around
	at(104, 20)
	require.Empty(t, over(20))
	at(105, 30)
	require.Empty(t, over(29))
	require.Equal(t, []shape.ID{1}, over(30))
	require.Empty(t, over(30))
	at(300, 40)
	require.Equal(t, []shape.ID{2}, over(50))
	require.Zero(t, f.core.filtering.watched.Len())
	require.Empty(t, f.core.filtering.byXmax)
}
