package shapes

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/pg"
	"leyden/internal/shape"
)

func (h *house) refresh() status.Refreshed {
	r, err := h.manager.Refresh()
	require.NoError(h.t, err)
	return r
}

// The bug of the reference: fresh ids for every row, while the stream went by the old ones.
func TestRefreshKeepsIDsAndConsumersOfLiveShapes(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e := h.create(items, 1)
	h.insert(items, 1)
	h.settled()
	require.Equal(t, status.Refreshed{Kept: 1}, h.refresh())
	h.reconnect()
	h.insert(items, 1)
	h.whole(e)
	same, ok := h.status.ByHandle(e.Handle)
	require.True(t, ok)
	require.Same(t, e, same)
	require.EqualValues(t, 1, h.metrics.Spawned.Load(), "the same consumer")
}

func TestRefreshLeavesAShapeAloneWhoseSnapshotIsBeingMade(t *testing.T) {
	h := houseOf(t, houseConfig{})
	for name, where := range map[string]func(*hooks, func(*shape.Definition) error){
		"before it is known": func(k *hooks, f func(*shape.Definition) error) { k.beforeQuery = f },
		"after it is known":  func(k *hooks, f func(*shape.Definition) error) { k.afterKnown = f },
	} {
		t.Run(name, func(t *testing.T) {
			query := newStop()
			h.hooks.set(func(k *hooks) { where(k, func(*shape.Definition) error { query.hold(); return nil }) })
			e, err := h.manager.Create(t.Context(), h.tenant(items, 1))
			require.NoError(t, err)
			<-query.entered
			h.insert(items, 1)
			require.Equal(t, status.Refreshed{Kept: 1}, h.refresh())
			query.letGo()
			require.NoError(t, h.manager.AwaitSnapshotStart(t.Context(), e))
			h.complete(e)
			h.whole(e)
			h.manager.Remove(e)
			h.removed(e)
		})
	}
}

func TestRefreshRemovesWhatIsGoneFromTheDiskInBothDirections(t *testing.T) {
	h := houseOf(t, houseConfig{})
	gone, stays := h.create(items, 1), h.create(items, 2)
	h.insert(items, 1, 2)
	h.settled()
	require.NoError(t, h.store.Store.Remove(gone.Handle))
	require.Equal(t, status.Refreshed{Kept: 1, Vanished: []*status.Entry{gone}}, h.refresh())
	h.removed(gone)
	_, ok := h.status.ByHandle(gone.Handle)
	require.False(t, ok)
	_, ok = h.status.ByID(gone.ID)
	require.False(t, ok)
	h.insert(items, 1, 2)
	h.whole(stays)
	h.barrier()
	require.Equal(t, 1, h.filter.Len())
	require.False(t, h.consumers()[gone.ID])
}

func TestRefreshTakesOffTheDiskWhatNobodyHereHasMade(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e := h.create(items, 1)
	d := h.tenant(items, 2)
	foreign := shape.Handle{Hash: d.Identity().Hash(), Micros: 5}
	log, err := h.store.Create(foreign, d)
	require.NoError(t, err)
	w := log.SnapshotWriter()
	require.NoError(t, w.Known(pg.Snapshot{Xmin: 3, Xmax: 3}))
	require.NoError(t, w.Finish())

	require.Equal(t, status.Refreshed{Kept: 1, Foreign: []shape.Handle{foreign}}, h.refresh())
	there, err := h.store.Has(foreign)
	require.NoError(t, err)
	require.False(t, there)
	made := h.create(items, 2)
	require.NotEqual(t, foreign, made.Handle, "whoever knows the handle fetches anew")
	h.insert(items, 1, 2)
	h.whole(e)
	h.whole(made)
	require.Equal(t, status.Refreshed{Kept: 2}, h.refresh())
}

func TestRefreshDoesNotMindRemovalsThatAreUnderWay(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e := h.create(items, 1)
	removals := h.holdRemovals()
	h.manager.Remove(e)
	<-removals.entered
	require.Equal(t, status.Refreshed{}, h.refresh(), "neither vanished nor foreign")
	removals.letGo()
	h.removed(e)
	require.Equal(t, status.Refreshed{}, h.refresh())
}

// The reference sweeps a shape that is added while it refreshes.
func TestAShapeIsAddedBeforeOrAfterARefreshAndNeverSwept(t *testing.T) {
	h := houseOf(t, houseConfig{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100 {
			h.create(items, i)
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		r := h.refresh()
		require.Empty(t, r.Vanished)
		require.Empty(t, r.Foreign)
	}
	require.Equal(t, 100, h.status.Counts().Total)
}

// A removal was under way when the process ended, and the shape had been made anew by then.
func TestOfTwoThatAreTheSameTheNewerIsRestored(t *testing.T) {
	h := houseOf(t, houseConfig{})
	older := h.create(items, 1)
	removals := h.holdRemovals()
	h.manager.Remove(older)
	<-removals.entered
	newer := h.create(items, 1)
	require.NotEqual(t, older.Handle, newer.Handle)
	require.NoError(t, h.store.Sync())
	fs := h.fs.CrashClone(vfs.CrashCloneCfg{})
	removals.letGo()
	h.stopProcess()
	h.fs = fs
	h.startProcess()
	_, ok := h.status.ByHandle(older.Handle)
	require.False(t, ok, "clients have been told that it is gone")
	e, ok := h.status.ByHandle(newer.Handle)
	require.True(t, ok)
	require.Equal(t, status.Refreshed{Kept: 1}, h.refresh())
	h.insert(items, 1)
	h.whole(e)
}
