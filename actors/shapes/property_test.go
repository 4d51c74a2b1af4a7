package shapes

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/actors/status"
	"leyden/internal/shape"
)

// agrees checks at rest that every part of the engine knows the same shapes by the same ids, and that nothing is left of
// those that are gone.
func (h *house) agrees(t require.TestingT, live map[shape.Identity]*status.Entry) {
	sizes := h.sizes()
	for _, part := range []string{"status", "filter", "tracker", "disk"} {
		require.Equal(t, len(live), sizes[part], "%s: %v", part, sizes)
	}
	for _, part := range []string{"making", "discarded", "ending", "registrar"} {
		require.Zero(t, sizes[part], "%s: %v", part, sizes)
	}
	byAge := h.status.ListByAge()
	require.Len(t, byAge, len(live))
	for i, e := range byAge {
		require.True(t, i == 0 || byAge[i-1].Handle.Micros < e.Handle.Micros)
		byID, ok := h.status.ByID(e.ID)
		require.True(t, ok)
		require.Same(t, e, byID)
		byHandle, ok := h.status.ByHandle(e.Handle)
		require.True(t, ok)
		require.Same(t, e, byHandle)
		require.Same(t, e, live[e.Identity])
		_, dying := h.status.Tombstone(e.Handle)
		require.False(t, dying)
		on, err := h.store.Has(e.Handle)
		require.NoError(t, err)
		require.True(t, on)
	}
	for id := range h.consumers() {
		_, ok := h.status.ByID(id)
		require.True(t, ok, "the consumer of %d has no shape", id)
	}
}

// Spec engine §2.10: whatever happens in whatever order, ids are stable from mint to removal and never come back, all parts
// agree on them, and no shape loses a row.
func TestShapesLiveThroughAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHouse(t, houseConfig{partitions: rapid.IntRange(1, 4).Draw(t, "partitions"), restAfter: 1, grace: 1})
		defer h.close()
		live := map[shape.Identity]*status.Entry{}
		var lastID shape.ID // of this process
		ids := map[shape.Handle]shape.ID{}
		pick := func() *status.Entry {
			all := h.status.ListByAge()
			if len(all) == 0 {
				return nil
			}
			return all[rapid.IntRange(0, len(all)-1).Draw(t, "which")]
		}
		reborn := func() { // a new process: other ids, the same handles
			lastID = 0
			clear(ids)
			restored := map[shape.Identity]*status.Entry{}
			for _, e := range h.status.List() {
				if old := live[e.Identity]; old != nil {
					require.Equal(t, old.Handle, e.Handle)
				}
				restored[e.Identity] = e
				ids[e.Handle] = e.ID
				lastID = max(lastID, e.ID)
			}
			live = restored
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			table := rapid.SampledFrom([]uint32{items, others}).Draw(t, "table")
			switch rapid.SampledFrom([]string{"add", "add", "insert", "insert", "insert", "remove", "refresh", "reconnect", "subtree", "restart", "crash", "suspend", "truncate", "lost", "table"}).Draw(t, "step") {
			case "add":
				e := h.create(table, rapid.IntRange(0, 3).Draw(t, "tenant"))
				if old := live[e.Identity]; old != nil {
					require.Same(t, old, e)
				} else {
					require.Greater(t, e.ID, lastID)
					lastID = e.ID
					live[e.Identity], ids[e.Handle] = e, e.ID
				}
			case "insert":
				h.insert(table, rapid.SliceOfN(rapid.IntRange(0, 3), 1, 4).Draw(t, "tenants")...)
			case "remove":
				if e := pick(); e != nil {
					h.manager.Remove(e)
					delete(live, e.Identity)
					if rapid.Bool().Draw(t, "wait") {
						h.removed(e)
					}
				}
			case "refresh":
				r := h.refresh()
				require.Empty(t, r.Vanished)
				require.Empty(t, r.Foreign)
			case "reconnect":
				h.reconnect()
			case "subtree":
				h.restartStreaming()
			case "restart":
				h.restart()
				reborn()
			case "crash":
				before := len(live)
				h.crash()
				reborn() // a shape that was not synced is lost, one that was removed is not back
				require.LessOrEqual(t, len(live), before)
			case "suspend":
				if e := pick(); e != nil {
					h.asleep(e)
				}
			case "truncate":
				h.truncate(table)
				for identity, e := range live {
					if e.Def.Table.OID == table {
						h.removed(e)
						delete(live, identity)
					}
				}
			case "lost":
				if e := pick(); e != nil {
					require.NoError(t, h.store.Store.Remove(e.Handle))
					require.Equal(t, []*status.Entry{e}, h.refresh().Vanished)
					delete(live, e.Identity)
				}
			case "table":
				h.manager.RemoveTable(table)
				for identity, e := range live {
					if e.Def.Table.OID == table {
						delete(live, identity)
					}
				}
			}
			h.settled()
			h.agrees(t, live)
			for handle, id := range ids {
				if e, ok := h.status.ByHandle(handle); ok {
					require.Equal(t, id, e.ID)
				}
			}
		}
		for _, e := range live {
			h.whole(e)
		}
	})
}
