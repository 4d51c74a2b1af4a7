package writer

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/work"
	"leyden/internal/change"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

type fixture struct {
	core *Core
	run  *work.Run
	log  *shapelog.Log
}

func newFixture(position uint64) *fixture {
	f := &fixture{core: NewCore(position), log: new(shapelog.Log)}
	f.run = &work.Run{Completed: func(w *work.Work) { f.core.Work(w) }, Late: func(l *work.Late) { f.core.Late(l) }}
	f.core.Begin(f.run)
	return f
}

// fragment is a work with one delivery for each of held (held) and for shape 1 (one item), if writes.
func (f *fixture) fragment(seq, lsn uint64, commit, writes bool, held ...shape.ID) *work.Work {
	w := &work.Work{Run: f.run, Seq: seq, Fragment: &change.Fragment{LSN: lsn}, Charge: 5}
	if commit {
		w.Fragment.Commit = &change.Commit{}
	}
	if writes {
		item := change.Item{Offset: shape.Offset{Tx: lsn}, JSON: []byte("{{}}")}
		w.Deliveries = append(w.Deliveries, work.Delivery{Work: w, ID: 1, Result: work.Result{Log: f.log, Items: []change.Item{item}, Commit: commit}})
	}
	for _, id := range held {
		w.Deliveries = append(w.Deliveries, work.Delivery{Work: w, ID: id, Result: work.Result{Held: true}})
	}
	return w
}

func positions(g *Gathered) []uint64 {
	var out []uint64
	for _, b := range g.Batches {
		out = append(out, b.Position)
	}
	return out
}

func TestWorksAreWrittenInTheOrderOfTheStream(t *testing.T) {
	f := newFixture(0)
	f.core.Work(f.fragment(3, 30, true, true))
	f.core.Work(f.fragment(2, 20, true, true))
	require.False(t, f.core.Ready())
	require.Equal(t, 2, f.core.Waiting())
	f.core.Work(f.fragment(1, 10, true, true))
	require.True(t, f.core.Ready())
	g := f.core.Gather()
	require.Equal(t, []uint64{10, 20, 30}, positions(g))
	for i, b := range g.Batches {
		require.Len(t, b.Appends, 1)
		require.EqualValues(t, 10*(i+1), b.Appends[0].Items[0].Offset.Tx)
		require.True(t, b.Appends[0].Commit)
	}
	require.EqualValues(t, 3, g.Seq)
	require.EqualValues(t, 30, g.Commit)
	require.EqualValues(t, 15, g.Bytes)
	require.Equal(t, &work.Durable{Run: f.run, Seq: 3}, f.core.Durable())
	require.False(t, f.core.Ready())
	require.Zero(t, f.core.Waiting())
}

func TestThePositionMovesWithCommitsOnly(t *testing.T) {
	f := newFixture(5)
	f.core.Work(f.fragment(1, 10, false, true))
	require.Equal(t, []uint64{0}, positions(f.core.Gather()))
	f.core.Work(f.fragment(2, 10, true, true))
	require.Equal(t, []uint64{10}, positions(f.core.Gather()))
}

// Hazard §4.7: a transaction that adds no bytes to any log is confirmed at once.
func TestATransactionThatWritesNothingIsConfirmed(t *testing.T) {
	f := newFixture(0)
	w := f.fragment(1, 10, true, false)
	w.Deliveries = []work.Delivery{{Work: w, ID: 1}}
	f.core.Work(w)
	g := f.core.Gather()
	require.Equal(t, []uint64{10}, positions(g))
	require.Empty(t, g.Batches[0].Appends)
	require.EqualValues(t, 1, f.core.Durable().Seq)
}

func TestThePositionStaysBeforeWhatIsHeld(t *testing.T) {
	f := newFixture(0)
	f.core.Work(f.fragment(1, 10, true, true))
	f.core.Work(f.fragment(2, 20, true, true, 2))
	f.core.Work(f.fragment(3, 30, true, true, 3, 2))
	require.Equal(t, []uint64{10, 19, 0}, positions(f.core.Gather()))
	require.EqualValues(t, 20, f.core.Durable().Hold)

	f.core.Late(&work.Late{Run: f.run, ID: 2, Seq: 3, Log: f.log, Parts: []work.Part{{Commit: true}, {Commit: true}}})
	g := f.core.Gather()
	require.Equal(t, []uint64{29}, positions(g))
	require.Len(t, g.Batches[0].Appends, 2)
	require.EqualValues(t, 30, f.core.Durable().Hold)

	require.True(t, f.core.Forget(&work.Forget{Run: f.run, ID: 3, Seq: 3}))
	require.Zero(t, f.core.Durable().Hold)
	f.core.Work(f.fragment(4, 40, true, true))
	require.Equal(t, []uint64{40}, positions(f.core.Gather()))
}

func TestALateIsWrittenBeforeTheWorksThatFollowIt(t *testing.T) {
	f := newFixture(0)
	late := &work.Late{Run: f.run, ID: 1, Seq: 1, Log: f.log, Parts: []work.Part{{Items: []change.Item{{Offset: shape.Offset{Tx: 10}, JSON: []byte("{{}}")}}, Commit: true}}}
	f.core.Work(f.fragment(1, 10, true, false, 1))
	f.run.Late(late)
	f.core.Work(f.fragment(2, 20, true, true))
	g := f.core.Gather()
	require.Equal(t, []uint64{9, 10, 20}, positions(g))
	require.EqualValues(t, 10, g.Batches[1].Appends[0].Items[0].Offset.Tx)
}

// Hazard: the work in which the shape held something is complete only after the late that resolves it has come.
func TestAHoldThatWasResolvedBeforeItsWorkCameDoesNotCount(t *testing.T) {
	f := newFixture(0)
	f.core.Late(&work.Late{Run: f.run, ID: 2, Seq: 2, Log: f.log})
	f.core.Gather()
	f.core.Work(f.fragment(1, 10, true, true, 2))
	f.core.Work(f.fragment(2, 20, true, true, 2))
	require.Equal(t, []uint64{10, 20}, positions(f.core.Gather()))
	require.Zero(t, f.core.holds.void.Len(), "nothing is kept")
	f.core.Work(f.fragment(3, 30, true, true, 2))
	require.EqualValues(t, []uint64{29}, positions(f.core.Gather()), "a new hold counts")
}

func TestAForgottenShapesWorksUnderWayDoNotHold(t *testing.T) {
	f := newFixture(0)
	f.core.Work(f.fragment(1, 10, true, true, 2))
	f.core.Gather()
	require.True(t, f.core.Forget(&work.Forget{Run: f.run, ID: 2, Seq: 3}))
	f.core.Work(f.fragment(2, 20, true, true, 2))
	f.core.Work(f.fragment(3, 30, true, true, 2))
	require.Equal(t, []uint64{20, 30}, positions(f.core.Gather()))
	require.False(t, f.core.Forget(&work.Forget{Run: f.run, ID: 9, Seq: 3}))
	require.Zero(t, f.core.holds.void.Len())
	require.Zero(t, f.core.holds.lsn.Len())
}

func TestTheEndOfFilteringResolvesNothing(t *testing.T) {
	f := newFixture(0)
	f.core.Work(f.fragment(1, 10, true, true, 2))
	f.core.Late(&work.Late{Run: f.run, ID: 2, Log: f.log, Parts: []work.Part{{FilteringDone: true}}})
	g := f.core.Gather()
	require.True(t, g.Batches[1].Appends[0].FilteringDone)
	require.EqualValues(t, 10, f.core.Durable().Hold)
}

func TestWhatAFormerRunLeftIsIgnored(t *testing.T) {
	f := newFixture(0)
	former := newFixture(0)
	f.core.Work(former.fragment(1, 10, true, true))
	f.core.Late(&work.Late{Run: former.run, ID: 1, Seq: 1, Log: f.log})
	require.False(t, f.core.Forget(&work.Forget{Run: former.run, ID: 1}))
	require.False(t, f.core.Ready())
}

func TestGatheringKeepsOrderAndPositionsWhateverTheOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFixture(0)
		n := rapid.IntRange(1, 30).Draw(t, "works")
		var works []*work.Work
		for seq := 1; seq <= n; seq++ {
			var held []shape.ID
			if rapid.IntRange(0, 3).Draw(t, "held") == 0 {
				held = append(held, shape.ID(rapid.IntRange(2, 4).Draw(t, "id")))
			}
			works = append(works, f.fragment(uint64(seq), uint64(10*seq), true, true, held...))
		}
		lowest := uint64(0) // of the holds of works that are applied
		applied := 0
		var position uint64
		for _, i := range rapid.Permutation(works).Draw(t, "arrival") {
			f.core.Work(i)
			if rapid.Bool().Draw(t, "gather") {
				for _, b := range f.core.Gather().Batches {
					w := works[applied]
					applied++
					if w.Fragment.LSN != b.Appends[0].Items[0].Offset.Tx {
						t.Fatalf("batch %d is of %d", applied, b.Appends[0].Items[0].Offset.Tx)
					}
					if len(w.Deliveries) > 1 && lowest == 0 {
						lowest = w.Fragment.LSN
					}
					if b.Position > 0 {
						position = b.Position
					}
					want := w.Fragment.LSN
					if lowest > 0 {
						want = lowest - 1
					}
					if position != want {
						t.Fatalf("position %d, want %d", position, want)
					}
				}
			}
		}
	})
}

func TestALateComesBehindTheWorkThatItFollows(t *testing.T) {
	f := newFixture(0)
	late := func(after uint64, tx uint64) *work.Late {
		item := change.Item{Offset: shape.Offset{Tx: tx, Op: 1}, JSON: []byte("{{}}")}
		return &work.Late{Run: f.run, ID: 1, Log: f.log, After: after, Parts: []work.Part{{Items: []change.Item{item}, Commit: true}}}
	}
	f.core.Work(f.fragment(2, 20, true, true))
	f.core.Late(late(2, 20))
	f.core.Late(late(1, 10))
	require.False(t, f.core.Ready())
	f.core.Work(f.fragment(3, 30, true, true))
	f.core.Work(f.fragment(1, 10, true, true))
	f.core.Late(late(2, 20)) // it has become ready meanwhile
	var got []shape.Offset
	for _, b := range f.core.Gather().Batches {
		for _, a := range b.Appends {
			got = append(got, a.Items[0].Offset)
		}
	}
	require.Equal(t, []shape.Offset{{Tx: 10}, {Tx: 10, Op: 1}, {Tx: 20}, {Tx: 20, Op: 1}, {Tx: 30}, {Tx: 20, Op: 1}}, got)
}
