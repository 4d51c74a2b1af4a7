package status

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/shape"
)

func (a *Authority) outer(t require.TestingT, n int, inner ...*Entry) *Entry {
	e, created, err := a.AddOuter(of(n), inner)
	require.NoError(t, err)
	require.True(t, created)
	return e
}

// consistent checks, as they are at one moment, that both directions of the dependencies say the same, of shapes that exist.
func (a *Authority) consistent(t require.TestingT) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	pairs := 0
	for id, inner := range a.dependencies.inner.All() {
		require.NotNil(t, a.ids.Get(uint64(id)))
		require.NotEmpty(t, inner)
		for i, in := range inner {
			require.NotNil(t, a.ids.Get(uint64(in)), "an outer shape without its inner one")
			require.Contains(t, a.dependencies.outer.Get(in), id)
			if !slices.Contains(inner[:i], in) {
				pairs++
			}
		}
	}
	for id, outer := range a.dependencies.outer.All() {
		require.NotNil(t, a.ids.Get(uint64(id)))
		require.NotEmpty(t, outer)
		pairs -= len(outer)
	}
	require.Zero(t, pairs)
}

func TestAnOuterShapeKnowsItsInnerOnesAndTheyKnowIt(t *testing.T) {
	a := New(time.Now)
	x, _ := a.Add(of(1))
	y, _ := a.Add(of(2))
	o := a.outer(t, 3, y, x, y)
	p := a.outer(t, 4, x)
	require.Equal(t, []shape.ID{y.ID, x.ID, y.ID}, a.Dependencies(o.ID), "in the order of the subqueries")
	require.Equal(t, []shape.ID{o.ID, p.ID}, a.Dependents(x.ID))
	require.Equal(t, []shape.ID{o.ID}, a.Dependents(y.ID))
	require.Nil(t, a.Dependencies(x.ID))
	require.Empty(t, a.Dependents(o.ID))
	inner, _ := a.Relatives(o.ID)
	require.Equal(t, []*Entry{y, x}, inner)
	_, outer := a.Relatives(x.ID)
	require.Equal(t, []*Entry{o, p}, outer)
	same, created, err := a.AddOuter(of(3), []*Entry{y, x, y})
	require.NoError(t, err)
	require.False(t, created)
	require.Same(t, o, same)
	require.NotNil(t, o.Beginning(), "who made it sees to its snapshot")
	require.Equal(t, []*Entry{o}, a.Remove(o))
	require.Equal(t, []shape.ID{p.ID}, a.Dependents(x.ID))
	require.Empty(t, a.Dependents(y.ID))
	require.False(t, x.Removed(), "the inner ones stay")
	a.Remove(p)
	require.Zero(t, a.dependencies.inner.Len()+a.dependencies.outer.Len())
}

func TestAnInnerShapeGoesWithAllThatDependOnIt(t *testing.T) {
	a := New(time.Now)
	x, _ := a.Add(of(1))
	y, _ := a.Add(of(2))
	o := a.outer(t, 3, x)
	p := a.outer(t, 4, o, x, y)
	q := a.outer(t, 5, y)
	require.Equal(t, []*Entry{p, o, x}, a.Remove(x), "each before what it depends on")
	for _, e := range []*Entry{x, o, p} {
		require.True(t, e.Removed())
		id, ok := a.Tombstone(e.Handle)
		require.True(t, ok)
		require.Equal(t, e.ID, id)
	}
	require.Equal(t, []*Entry{y, q}, a.List())
	_, _, err := a.AddOuter(of(6), []*Entry{y, x})
	require.ErrorIs(t, err, ErrInnerGone)
	require.Empty(t, a.Remove(o))
	a.consistent(t)
}

// G3 for dependencies: at no moment is there an outer shape without its inner ones, nor does one direction say what the other does not.
func TestDependenciesAreConsistentAtEveryMoment(t *testing.T) {
	a := New(time.Now)
	var wg, watching sync.WaitGroup
	over := make(chan struct{})
	watching.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				a.consistent(t)
				a.inverse(t)
			}
		}
	})
	for worker := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(worker), 2))
			for range 1500 {
				x, _ := a.Add(of(rng.IntN(4)))
				y, _, err := a.AddOuter(of(4+rng.IntN(4)), []*Entry{x})
				if err == nil && rng.IntN(2) == 0 {
					_, _, _ = a.AddOuter(of(8+rng.IntN(4)), []*Entry{y, x, y})
				}
				if rng.IntN(2) == 0 {
					for _, e := range a.Remove(x) {
						a.Confirm(e.Handle)
					}
				}
			}
		})
	}
	wg.Wait()
	close(over)
	watching.Wait()
	for _, e := range a.List() {
		a.Remove(e)
	}
	require.Zero(t, a.dependencies.inner.Len()+a.dependencies.outer.Len())
}

func TestARemovalTakesExactlyWhatDependsOnTheShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(time.Now)
		var all []*Entry
		inner := map[*Entry][]*Entry{}
		for n := range rapid.IntRange(1, 15).Draw(t, "shapes") {
			var on []*Entry
			if n > 0 {
				on = rapid.SliceOfN(rapid.SampledFrom(all), 0, 3).Draw(t, "inner")
			}
			var e *Entry
			if len(on) == 0 {
				e, _ = a.Add(of(n))
			} else {
				e = a.outer(t, n, on...)
			}
			inner[e] = on
			all = append(all, e)
		}
		gone := map[*Entry]bool{rapid.SampledFrom(all).Draw(t, "removed"): true}
		for _, e := range all { // in the order of dependencies
			gone[e] = gone[e] || slices.ContainsFunc(inner[e], func(in *Entry) bool { return gone[in] })
		}
		for e := range gone {
			if !gone[e] {
				delete(gone, e)
			}
		}
		var first *Entry
		for _, e := range all {
			if gone[e] {
				first = e
				break
			}
		}
		removed := a.Remove(first)
		require.Len(t, removed, len(gone))
		for i, e := range removed {
			require.True(t, gone[e])
			for _, in := range inner[e] {
				require.NotContains(t, removed[:i], in, "before what it depends on")
			}
		}
		a.consistent(t)
	})
}

func TestAShapeThatOthersDependOnIsNotExpiredAndIsThenAsLatelyReadAsThey(t *testing.T) {
	at := time.Unix(100, 0)
	a := New(func() time.Time { return at })
	tick := func() { at = at.Add(time.Second) }
	x, _ := a.Add(of(1))
	plain, _ := a.Add(of(2))
	tick()
	o := a.outer(t, 3, x)
	tick()
	a.Touch(plain)
	tick()
	a.Touch(o)
	require.Equal(t, []*Entry{plain, o}, a.LeastRecentlyRead(10))
	a.Remove(o)
	require.Equal(t, []*Entry{plain, x}, a.LeastRecentlyRead(10))
	require.Equal(t, at, a.LastRead(x))
	tick()
	p := a.outer(t, 3, x)
	a.Touch(x)
	read := at
	tick()
	a.Touch(plain)
	a.Remove(p) // nobody has read it
	require.Equal(t, []*Entry{x, plain}, a.LeastRecentlyRead(10))
	require.Equal(t, read, a.LastRead(x))
}

// Spec engine §2.10, G7: ids of restored shapes are in any order.
func TestTheListByAgeHasInnerShapesFirstWhateverTheirIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(func() time.Time { return time.UnixMicro(50) })
		var all []*Entry
		for n, micros := range rapid.Permutation([]uint64{10, 20, 30, 90}).Draw(t, "handles") {
			e, err := a.Restore(shape.Handle{Hash: 1, Micros: micros}, of(n), nil)
			require.NoError(t, err)
			all = append(all, e)
		}
		for n := range 5 {
			all = append(all, a.outer(t, 10+n, rapid.SliceOfN(rapid.SampledFrom(all), 1, 3).Draw(t, "inner")...))
		}
		seen := map[shape.ID]bool{}
		for _, e := range a.ListByAge() {
			for _, id := range a.Dependencies(e.ID) {
				require.True(t, seen[id])
			}
			seen[e.ID] = true
		}
		require.Len(t, seen, len(all))
	})
}

func TestRefreshKeepsIDsOfShapesThatDependOnEachOther(t *testing.T) {
	a := New(time.Now)
	x, _ := a.Add(of(1))
	o := a.outer(t, 2, x)
	_, err := a.Refresh(nothing{})
	require.NoError(t, err)
	require.Equal(t, []*Entry{x, o}, a.List())
	require.Equal(t, []shape.ID{x.ID}, a.Dependencies(o.ID))
	require.Equal(t, []shape.ID{o.ID}, a.Dependents(x.ID))
}
