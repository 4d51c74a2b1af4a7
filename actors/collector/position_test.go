package collector

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/work"
	"leyden/internal/shape"
)

// told are the shapes that are told, and what they awaited.
func (f *fixture) told() map[shape.ID]uint64 {
	told := map[shape.ID]uint64{}
	for m := f.core.Reached(); m != nil; m = f.core.Reached() {
		told[m.ID] = m.LSN
	}
	return told
}

func TestAShapeIsToldWhenTheStreamHasGotToWhereItAwaitsIt(t *testing.T) {
	f := newFixture(t, 100)
	for id, lsn := range []uint64{99, 100, 110, 118, 119, 200} {
		f.core.Await(&work.Await{ID: shape.ID(id), LSN: lsn})
	}
	require.Equal(t, map[shape.ID]uint64{0: 99, 1: 100}, f.told())
	f.take(part(110, true, false, 0, 7))
	f.core.StreamReached(300)
	require.Empty(t, f.told(), "a transaction is open")
	last := part(110, false, true, 2, 7)
	last.Commit.EndLSN = 118
	f.take(last)
	require.Equal(t, map[shape.ID]uint64{2: 110, 3: 118}, f.told())
	f.core.StreamReached(119)
	require.Equal(t, map[shape.ID]uint64{4: 119}, f.told())
	f.core.StreamReached(90)
	f.core.Await(&work.Await{ID: 5, LSN: 201})
	f.core.Await(&work.Await{ID: 6, LSN: 300})
	f.core.Remove(6)
	f.core.StreamReached(200)
	require.Empty(t, f.told(), "the later one counts")
	f.core.StreamReached(400)
	require.Equal(t, map[shape.ID]uint64{5: 201}, f.told(), "once, and not those that are gone")
	require.Empty(t, f.told())
}

func TestThePositionWaitsForTheLayers(t *testing.T) {
	f := newFixture(t, 0)
	f.run.LayerDone = func(*work.Work) {}
	require.NoError(t, f.core.Add(&work.AddShape{ID: 1, Def: over(7)}))
	require.NoError(t, f.core.Add(&work.AddShape{ID: 2, Def: over(7), Dependencies: []shape.ID{1}}))
	f.core.Await(&work.Await{ID: 2, LSN: 10})
	w := f.take(whole(10, 7)).Work
	require.Empty(t, f.told())
	require.True(t, f.core.LayerDone(w))
	require.Empty(t, f.told())
	require.False(t, f.core.LayerDone(w))
	require.Equal(t, map[shape.ID]uint64{2: 10}, f.told())
	require.False(t, f.core.LayerDone(w), "of a former run, say")
}

func TestWhoAwaitsIsToldOnceAndNeverEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p position
		want := map[shape.ID]uint64{}
		t.Repeat(map[string]func(*rapid.T){
			"await": func(t *rapid.T) {
				id, lsn := shape.ID(rapid.IntRange(1, 5).Draw(t, "id")), rapid.Uint64Range(0, 100).Draw(t, "lsn")
				p.await(id, lsn)
				want[id] = lsn
			},
			"passed": func(t *rapid.T) { p.passed(rapid.Uint64Range(0, 100).Draw(t, "lsn")) },
			"remove": func(t *rapid.T) {
				id := shape.ID(rapid.IntRange(1, 5).Draw(t, "id"))
				p.remove(id)
				delete(want, id)
			},
			"": func(t *rapid.T) {
				for id, lsn, ok := p.reached(); ok; id, lsn, ok = p.reached() {
					require.Equal(t, want[id], lsn)
					require.LessOrEqual(t, lsn, p.lsn)
					delete(want, id)
				}
				for _, lsn := range want {
					require.Greater(t, lsn, p.lsn)
				}
				require.Equal(t, len(want), p.awaits.Len())
			},
		})
	})
}
