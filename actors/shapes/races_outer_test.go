package shapes

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/pg/publication"
	"leyden/internal/shape"
)

// The races about a dependency that is missing (spec engine §2.8, 6 to 9 and 15; §2.11). There are five places where one can be:
//
//  1. It was looked up, and is gone when the outer shape is taken in: it is looked up again, a few times at most (race 6).
//  2. It goes while its snapshot is waited for: what its clients are told is told to those of the outer shape (race 7).
//  3. It goes while the outer shape begins to follow its values (race 8).
//  4. It goes before the collector is told of the outer shape (race 9).
//  5. It goes later. Both go at once, so that a request finds both or none; and a streaming subtree, or a process, that starts anew
//     begins without outer shapes (race 15).
//
// In none of them does an outer shape stay without its inner one, and in none is anything else touched.

// told is what clients who wait for a shape are told.
func (h *house) told(e *status.Entry) *status.SnapshotError {
	var told *status.SnapshotError
	require.ErrorAs(h.t, h.manager.AwaitSnapshotStart(context.Background(), e), &told)
	return told
}

// gone checks that nothing is left of shapes.
func (h *house) gone(entries ...*status.Entry) {
	h.removed(entries...)
	h.settledRemovals()
	for _, e := range entries {
		there, err := h.store.Has(e.Handle)
		require.NoError(h.t, err)
		require.False(h.t, there)
		require.Empty(h.t, h.status.Dependencies(e.ID))
		require.Empty(h.t, h.status.Dependents(e.ID))
	}
	h.barrier()
	require.Equal(h.t, h.status.Counts().Total, h.filter.Len())
}

func TestRace06AnInnerShapeThatGoesBeforeTheOuterOneIsTakenInIsMadeAgain(t *testing.T) {
	h := houseOf(t, houseConfig{})
	first := h.create(items, 1)
	h.hooks.set(func(k *hooks) {
		k.beforeCreate = func(d *shape.Definition) {
			if tenantOf(d) == 2 {
				h.manager.Remove(first)
			}
		}
	})
	o := h.make(h.outer(items, 3, h.tenant(items, 1), h.tenant(items, 2)))
	h.gone(first)
	again, ok := h.status.Lookup(first.Identity)
	require.True(t, ok)
	require.NotEqual(t, first.ID, again.ID)
	require.Equal(t, again.ID, h.status.Dependencies(o.ID)[0])
	h.insert(items, 1, 2, 3)
	h.whole(o)
}

func TestRace06InnerShapesThatGoAgainAndAgainAreGivenUp(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.hooks.set(func(k *hooks) {
		k.beforeCreate = func(d *shape.Definition) {
			if e, ok := h.status.Lookup(h.tenant(items, 3-tenantOf(d)).Identity()); ok {
				h.manager.Remove(e)
			}
		}
	})
	_, err := h.manager.Create(t.Context(), h.outer(items, 9, h.tenant(items, 1), h.tenant(items, 2)))
	var told *status.SnapshotError
	require.ErrorAs(t, err, &told)
	require.Equal(t, http.StatusServiceUnavailable, told.Status)
	require.Contains(t, told.Message, "please retry")
	_, there := h.status.Lookup(h.tenant(items, 9).Identity())
	require.False(t, there)
}

func TestRace07WhatEndsTheSnapshotOfAnInnerShapeIsToldToThoseWhoWaitForTheOuterOne(t *testing.T) {
	refused := &publication.Error{Kind: publication.RelationMissing, Table: table(others), Message: "Database table is missing from the publication"}
	for name, begun := range map[string]bool{"before it can be read": false, "when it is being read": true} {
		t.Run(name, func(t *testing.T) {
			h := houseOf(t, houseConfig{})
			h.insert(others, 1)
			waits := newStop()
			fail := func(d *shape.Definition) error {
				if d.Table.OID == others {
					waits.hold()
					return refused
				}
				return nil
			}
			h.hooks.set(func(k *hooks) {
				if begun {
					k.afterRows = fail
				} else {
					k.beforeQuery = fail
				}
			})
			o, err := h.manager.Create(t.Context(), h.outer(items, 3, h.tenant(others, 1)))
			require.NoError(t, err)
			<-waits.entered
			inner, ok := h.status.Lookup(h.tenant(others, 1).Identity())
			require.True(t, ok)
			require.NotNil(t, o.Beginning())
			waits.letGo()
			told := h.told(o)
			require.Equal(t, refused.Message, told.Message)
			require.Equal(t, http.StatusServiceUnavailable, told.Status)
			h.gone(o, inner)
		})
	}
}

func TestRace07AnInnerShapeThatIsRemovedWhileItsSnapshotIsMadeTakesTheOuterOneWithIt(t *testing.T) {
	h := houseOf(t, houseConfig{})
	waits := newStop()
	h.hooks.set(func(k *hooks) { k.beforeQuery = func(*shape.Definition) error { waits.hold(); return nil } })
	o, err := h.manager.Create(t.Context(), h.outer(items, 3, h.outer(items, 2, h.tenant(others, 1))))
	require.NoError(t, err)
	<-waits.entered
	inner, ok := h.status.Lookup(h.tenant(others, 1).Identity())
	require.True(t, ok)
	h.manager.Remove(inner)
	require.Zero(t, h.status.Counts().Total, "at once")
	waits.letGo()
	require.True(t, h.told(o).Rotated)
	h.gone(o, inner)
}

func TestRace08AnInnerShapeThatGoesWhileItsValuesBeginToBeFollowed(t *testing.T) {
	h := houseOf(t, houseConfig{})
	inner, other := h.create(others, 1), h.create(items, 1)
	h.hooks.set(func(k *hooks) {
		k.attach = func(*status.Entry) error {
			h.manager.Remove(inner)
			return errors.New("there is nobody who has its values")
		}
	})
	o, err := h.manager.Create(t.Context(), h.outer(items, 3, h.tenant(others, 1)))
	require.NoError(t, err)
	require.True(t, h.told(o).Rotated, "the client fetches anew")
	h.gone(o, inner)
	h.insert(items, 1)
	h.whole(other)
}

func TestRace08AFailureToFollowTheValuesEndsTheOuterShapeOnly(t *testing.T) {
	h := houseOf(t, houseConfig{})
	inner := h.create(others, 1)
	h.hooks.set(func(k *hooks) { k.attach = func(*status.Entry) error { panic("a defect") } })
	o, err := h.manager.Create(t.Context(), h.outer(items, 3, h.tenant(others, 1)))
	require.NoError(t, err)
	told := h.told(o)
	require.Equal(t, http.StatusInternalServerError, told.Status)
	h.gone(o)
	require.False(t, inner.Removed())
}

func TestRace09ADependencyThatTheCollectorDoesNotKnowRefusesTheRegistration(t *testing.T) {
	h := houseOf(t, houseConfig{})
	inner, other := h.create(others, 1), h.create(items, 1)
	h.withhold()
	o, err := h.manager.Create(t.Context(), h.outer(items, 3, h.tenant(others, 1)))
	require.NoError(t, err)
	h.await(func() bool { return len(h.withheld) == 1 })
	require.Equal(t, []shape.ID{inner.ID}, h.withheld[0].Add[0].Dependencies)
	h.system.Root.Send(h.collector.Load(), &work.RemoveShape{ID: inner.ID}) // as if its table had been described anew
	h.let()
	require.True(t, h.told(o).Rotated)
	h.removed(o)
	h.manager.Remove(inner)
	h.gone(inner)
	h.insert(items, 1, 3)
	h.whole(other)
}

func TestRace15ARequestFindsAnOuterShapeWithItsInnerOneOrNeither(t *testing.T) {
	h := houseOf(t, houseConfig{})
	o := h.make(h.outer(items, 3, h.outer(items, 2, h.tenant(others, 1))))
	middle, _ := h.status.Lookup(h.tenant(items, 2).Identity())
	inner, _ := h.status.Lookup(h.tenant(others, 1).Identity())
	h.insert(items, 2, 3)
	h.insert(others, 1)
	h.whole(o)
	require.NoError(t, h.manager.AwaitSnapshotStart(t.Context(), o), "no consumer is asked")
	removals := h.holdRemovals()
	h.manager.Remove(inner)
	for _, e := range []*status.Entry{inner, middle, o} {
		_, there := h.status.ByHandle(e.Handle)
		require.False(t, there)
		require.True(t, h.told(e).Rotated)
	}
	removals.letGo()
	h.gone(inner, middle, o)

	again := h.make(h.outer(items, 3, h.tenant(others, 1)))
	require.NotEqual(t, o.Handle, again.Handle)
	h.insert(items, 3)
	h.whole(again)
}
