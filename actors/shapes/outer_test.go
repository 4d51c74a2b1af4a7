package shapes

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/status"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/internal/where"
)

func (h *house) find(d *shape.Definition) *status.Entry {
	e, ok := h.status.Lookup(d.Identity())
	require.True(h.t, ok)
	return e
}

func TestAnOuterShapeIsMadeAfterItsInnerOnesWhichAreShared(t *testing.T) {
	h := houseOf(t, houseConfig{})
	x := h.create(items, 1)
	o := h.make(h.outer(items, 5, h.tenant(items, 1), h.outer(others, 2, h.tenant(items, 1)), h.tenant(items, 1)))
	middle := h.find(h.tenant(others, 2))
	require.Equal(t, []shape.ID{x.ID, middle.ID, x.ID}, h.status.Dependencies(o.ID))
	require.Equal(t, []shape.ID{x.ID}, h.status.Dependencies(middle.ID))
	require.Equal(t, []shape.ID{middle.ID, o.ID}, h.status.Dependents(x.ID))
	same, err := h.manager.Create(t.Context(), h.outer(items, 5, h.tenant(items, 1)))
	require.NoError(t, err)
	require.Same(t, o, same)
	for range 10 {
		h.insert(items, 1, 5)
		h.insert(others, 2)
	}
	for _, e := range []*status.Entry{x, middle, o} {
		h.whole(e)
	}
	h.manager.Remove(o)
	h.gone(o)
	require.False(t, middle.Removed(), "inner shapes stay")
	h.insert(items, 1)
	h.whole(x)
}

func TestAnOuterShapeWaitsUntilTheSnapshotsOfItsInnerOnesAreComplete(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.insert(others, 1)
	half := newStop()
	h.hooks.set(func(k *hooks) {
		k.afterRows = func(d *shape.Definition) error {
			if d.Table.OID == others {
				half.hold()
			}
			return nil
		}
	})
	o, err := h.manager.Create(t.Context(), h.outer(items, 2, h.tenant(others, 1)))
	require.NoError(t, err)
	<-half.entered
	require.NoError(t, h.manager.AwaitSnapshotStart(t.Context(), h.find(h.tenant(others, 1))), "it can be read, but is not complete")
	require.NotNil(t, o.Beginning())
	half.letGo()
	require.NoError(t, h.manager.AwaitSnapshotStart(t.Context(), o)) // Attach fails unless they are complete
	h.insert(items, 2)
	h.whole(o)
}

func TestOneOuterDefinitionByManyMakesOneShape(t *testing.T) {
	h := houseOf(t, houseConfig{})
	base := h.sizes()
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 100 {
				e, err := h.manager.Create(t.Context(), h.outer(items, 3, h.tenant(items, 1), h.tenant(others, 1)))
				if err == nil && h.manager.AwaitSnapshotStart(t.Context(), e) == nil {
					require.Len(t, e.Def.Inner(), 2)
				}
				if in, ok := h.status.Lookup(h.tenant(items, 1).Identity()); ok && (n+i)%3 == 0 {
					h.manager.Remove(in)
				}
			}
		})
	}
	wg.Wait()
	for _, e := range h.status.List() {
		h.manager.Remove(e)
	}
	h.insert(items, 1, 3)
	h.settled()
	require.Equal(t, base, h.sizes())
}

func TestWithoutAnybodyToFollowValuesOuterShapesAreRefused(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.manager.Outer = nil
	_, err := h.manager.Create(t.Context(), h.outer(items, 2, h.tenant(items, 1)))
	var told *status.SnapshotError
	require.ErrorAs(t, err, &told)
	require.Equal(t, http.StatusInternalServerError, told.Status)
	require.Contains(t, told.Message, "Subqueries are not supported")
	require.Zero(t, h.status.Counts().Total, "nor are the inner ones made")
}

func TestAnErrorOfAnInnerShapeThatCannotBeMadeIsThatOfTheOuterOne(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.stopRuns()
	_, err := h.manager.Create(t.Context(), h.outer(items, 2, h.tenant(items, 1)))
	require.ErrorIs(t, err, ErrStopped)
	require.Zero(t, h.status.Counts().Total)
}

func TestAStreamThatStartsAnewBeginsWithoutOuterShapes(t *testing.T) {
	h := houseOf(t, houseConfig{backwards: true})
	inner, plain := h.create(items, 1), h.create(items, 2)
	h.restart() // so that ids are not in the order of age
	inner, plain = h.find(inner.Def), h.find(plain.Def)
	require.Less(t, plain.ID, inner.ID)
	o := h.make(h.outer(items, 3, h.outer(items, 4, inner.Def), inner.Def))
	middle := h.find(h.tenant(items, 4))
	h.insert(items, 1, 2, 3, 4)
	waits := newStop()
	h.hooks.set(func(k *hooks) { k.attach = func(*status.Entry) error { waits.hold(); return errors.New("too late") } })
	late, err := h.manager.Create(t.Context(), h.outer(items, 5, inner.Def))
	require.NoError(t, err)
	<-waits.entered
	h.restartStreaming()
	require.True(t, h.told(o).Rotated)
	waits.letGo()
	require.True(t, h.told(late).Rotated)
	h.gone(o, middle, late)
	h.hooks.set(func(k *hooks) { k.attach = nil })
	h.insert(items, 1, 2, 3)
	h.whole(inner)
	h.whole(plain)
	h.whole(h.make(h.outer(items, 3, inner.Def)))
}

func TestAProcessThatStartsBeginsWithoutOuterShapes(t *testing.T) {
	h := houseOf(t, houseConfig{})
	inner := h.create(others, 1)
	d := h.tenant(items, 1)
	columns := func(string, string) ([]where.Column, error) { return h.tables[others].WhereColumns(), nil }
	var err error
	d.Where, err = where.CompileWith("id IN (SELECT id FROM t8 WHERE tenant = 1)", nil, h.tables[items].WhereColumns(), columns)
	require.NoError(t, err)
	handle := shape.Handle{Hash: 1, Micros: 2_000_000_000_000_000}
	log, err := h.store.Store.Create(handle, d)
	require.NoError(t, err)
	w := log.SnapshotWriter()
	require.NoError(t, w.Known(pg.Snapshot{Xmin: 1, Xmax: 1}))
	require.NoError(t, w.Finish())
	h.restart()
	_, there := h.status.ByHandle(handle)
	require.False(t, there)
	onDisk, err := h.store.Has(handle)
	require.NoError(t, err)
	require.False(t, onDisk)
	again, there := h.status.ByHandle(inner.Handle)
	require.True(t, there, "its inner shape stays")
	h.insert(others, 1)
	h.whole(again)
}

func TestRefreshKeepsOuterAndInnerShapesAndALostInnerOneTakesTheOuterOneWithIt(t *testing.T) {
	h := houseOf(t, houseConfig{})
	o := h.make(h.outer(items, 3, h.tenant(items, 1)))
	inner := h.find(h.tenant(items, 1))
	require.Equal(t, status.Refreshed{Kept: 2}, h.refresh())
	require.Equal(t, []shape.ID{inner.ID}, h.status.Dependencies(o.ID))
	require.NoError(t, h.store.Store.Remove(inner.Handle))
	require.Equal(t, []*status.Entry{inner}, h.refresh().Vanished)
	h.gone(o, inner)
}

func TestATruncatedInnerTableEndsItsOuterShapesToo(t *testing.T) {
	h := houseOf(t, houseConfig{})
	o, plain := h.make(h.outer(items, 3, h.tenant(others, 1))), h.create(items, 4)
	inner := h.find(h.tenant(others, 1))
	h.truncate(others)
	h.gone(inner, o)
	h.insert(items, 3, 4)
	h.whole(plain)
	require.Equal(t, 1, h.manager.RemoveTable(items))
}

// Whatever happens, an outer shape is there with its inner ones or not at all, and every shape that is there has all of its rows.
func TestOuterAndInnerShapesComeAndGoTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHouse(t, houseConfig{partitions: rapid.IntRange(1, 3).Draw(t, "partitions")})
		defer h.close()
		base := h.sizes()
		level := func(n int) *shape.Definition { // 0 and 1 are plain, 2 and 3 are over those, 4 and 5 over all
			switch {
			case n < 2:
				return h.tenant(others, n)
			case n < 4:
				return h.outer(items, n, h.tenant(others, n-2))
			default:
				return h.outer(items, n, h.outer(items, n-2, h.tenant(others, n-4)), h.tenant(others, 5-n))
			}
		}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"add", "add", "add", "insert", "insert", "insert", "remove", "refresh", "reconnect", "subtree", "truncate"}).Draw(t, "step") {
			case "add":
				h.make(level(rapid.IntRange(0, 5).Draw(t, "shape")))
			case "insert":
				h.insert(rapid.SampledFrom([]uint32{items, others}).Draw(t, "table"), rapid.SliceOfN(rapid.IntRange(0, 5), 1, 6).Draw(t, "tenants")...)
			case "remove":
				if all := h.status.List(); len(all) > 0 {
					e := rapid.SampledFrom(all).Draw(t, "removed")
					outer := h.status.Dependents(e.ID)
					h.manager.Remove(e)
					for _, id := range outer {
						_, there := h.status.ByID(id)
						require.False(t, there)
					}
				}
			case "refresh":
				h.settledRemovals()
				r := h.refresh()
				require.Empty(t, r.Vanished)
				require.Empty(t, r.Foreign)
			case "reconnect":
				h.reconnect()
			case "subtree":
				h.restartStreaming()
				for _, e := range h.status.List() {
					require.Empty(t, e.Def.Inner())
				}
			case "truncate":
				h.truncate(others)
				h.until(func() bool {
					return !slices.ContainsFunc(h.status.List(), func(e *status.Entry) bool { return e.Def.Table.OID == others })
				})
			}
			for _, e := range h.status.List() {
				inner := h.status.Dependencies(e.ID)
				require.Len(t, inner, len(e.Def.Inner()))
				for i, id := range inner {
					in, there := h.status.ByID(id)
					require.True(t, there)
					require.Equal(t, e.Def.Inner()[i].Identity(), in.Identity)
				}
			}
		}
		for _, e := range h.status.List() {
			h.whole(e)
		}
		for _, e := range h.status.List() {
			h.manager.Remove(e)
		}
		h.settled()
		sizes := h.sizes()
		require.Equal(t, base, sizes)
	})
}
