package shapes

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	"leyden/actors/status"
	"leyden/internal/shape"
	storev1 "leyden/proto/leyden/store/v1"
)

// The guarantees of spec engine §2.10 about shape ids. G3 is shown in package status, where the maps are, those of dependencies
// among them; the golden tests of tags, which G1 and G8 rest on, are in package subquery, which knows no ids.
//
// The list of §2.11, and where each of it is:
//   - ids increase, both look-ups work, the text for logs after removal: package status
//   - refresh: refresh_test.go
//   - list with ids: package status (TestTheListByAge…), TestRace18…
//   - purge then create: TestG2…
//   - one definition by many: TestOneDefinitionAddedAndRemovedByManyLeavesNothing
//   - removal before registration: TestRace10…; while an event is in flight: TestRace03… to 05…
//   - an unknown id is to be started: TestADeliveryForAShapeThatIsGoneIsHeld in package partition
//   - suspend and resume: TestG5…, TestRace11…
//   - a failure after removal: TestRace14…; suspended twice: TestRace13… in package partition
//   - restore registers the same ids everywhere: TestG6… and the property; an unmapped shape: TestRace18…
//   - one id added, removed and added in the batcher: registrar_test.go
//   - handles over restarts: TestG9…
//   - the five places where a dependency may be missing: races_outer_test.go
//   - layers and their keys (G6): package collector; ids in another order at boot (G7): TestG7… here and in package status

// burn uses ids up.
func (h *house) burn(n int) {
	for i := range n {
		e, _ := h.status.Add(h.tenant(others, 1_000_000+i))
		h.status.Remove(e)
		h.status.Confirm(e.Handle)
	}
}

// story is the same in every house: what a client gets of it may not depend on ids.
func (h *house) story() string {
	e := h.create(items, 1)
	h.create(items, 2)
	h.insert(items, 1, 2)
	h.insert(items, 2, 1)
	h.settled()
	return h.bytes(e)
}

func TestG1NoIDIsOnTheWireOnDiskOrInAPersistedShape(t *testing.T) {
	h := houseOf(t, houseConfig{})
	plain := h.story()
	other := houseOf(t, houseConfig{})
	other.burn(5000)
	require.Equal(t, plain, other.story())
	e := other.status.List()[0]
	require.Greater(t, e.ID, shape.ID(5000))
	require.NotContains(t, e.Handle.String(), fmt.Sprint(e.ID))

	messages := storev1.File_leyden_store_v1_store_proto.Messages()
	for i := range messages.Len() {
		fields := messages.Get(i).Fields()
		for j := range fields.Len() {
			var f protoreflect.FieldDescriptor = fields.Get(j)
			require.NotContains(t, []string{"id", "shape_id"}, strings.ToLower(string(f.Name())), "%s", f.FullName())
		}
	}
}

func TestG2NoIDIsReusedWhileTheProcessLives(t *testing.T) {
	h := houseOf(t, houseConfig{})
	last := shape.ID(0)
	for range 20 {
		e := h.create(items, 1)
		require.Greater(t, e.ID, last)
		last = e.ID
		h.manager.Remove(e)
		h.removed(e)
	}
	var all []*status.Entry
	for i := range 5 { // a purge
		all = append(all, h.create(items, i))
	}
	last = all[4].ID
	h.manager.RemoveTable(items)
	h.removed(all...)
	require.NoError(t, h.store.RemoveAll())
	h.restartStreaming()
	require.Greater(t, h.create(items, 1).ID, last)
}

// sizes are the sizes of all tables that know shapes.
func (h *house) sizes() map[string]int {
	h.settledRemovals()
	h.barrier()
	m, t := h.manager, h.tracker
	m.mu.Lock()
	sizes := map[string]int{"making": m.making.Len(), "discarded": len(m.discarded), "ending": m.ending.Len()}
	m.mu.Unlock()
	m.registrar.mu.Lock()
	sizes["registrar"] = len(m.registrar.adds) + m.registrar.pending.Len() + len(m.registrar.removes)
	m.registrar.mu.Unlock()
	t.mu.Lock()
	sizes["tracker"] = t.shapes.Len()
	t.mu.Unlock()
	sizes["filter"] = h.filter.Len()
	sizes["consumers"] = len(h.consumers())
	sizes["status"] = h.status.Counts().Total
	on := 0
	require.NoError(h.t, h.store.Handles(func(shape.Handle) { on++ }))
	sizes["disk"] = on
	return sizes
}

// settledRemovals waits until the manager has nothing left to do, and the tracker with it.
func (h *house) settledRemovals() {
	h.until(func() bool {
		h.manager.mu.Lock()
		idle := len(h.manager.discarded) == 0 && h.manager.ending.Len() == 0 && h.manager.making.Len() == 0
		h.manager.mu.Unlock()
		h.manager.registrar.mu.Lock()
		idle = idle && h.manager.registrar.out == nil
		h.manager.registrar.mu.Unlock()
		h.tracker.mu.Lock()
		idle = idle && h.tracker.shapes.Len() == h.status.Counts().Total
		h.tracker.mu.Unlock()
		return idle
	})
}

func TestG4AfterManyCyclesEveryTableIsBackToItsSize(t *testing.T) {
	h := houseOf(t, houseConfig{})
	base := h.sizes()
	for n := range 5 {
		var all []*status.Entry
		for i := range 30 {
			all = append(all, h.create(items, i))
		}
		h.insert(items, 1, 2, 3, 4, 5)
		for _, e := range all {
			h.manager.Remove(e)
		}
		h.removed(all...)
		h.settled()
		require.Equal(t, base, h.sizes(), "cycle %d", n)
	}
}

func TestG5AnIDIsStableFromMintToRemoval(t *testing.T) {
	h := houseOf(t, houseConfig{restAfter: 1}) // consumers sleep as soon as they can
	e := h.create(items, 1)
	id := e.ID
	for name, event := range map[string]func(){
		"refresh":            func() { _, err := h.manager.Refresh(); require.NoError(t, err) },
		"disconnect":         h.reconnect,
		"suspend and resume": func() { h.asleep(e) },
		"subtree restart":    h.restartStreaming,
	} {
		t.Run(name, func(t *testing.T) {
			h.insert(items, 1)
			event()
			h.insert(items, 1)
			h.whole(e)
			again, ok := h.status.ByHandle(e.Handle)
			require.True(t, ok)
			require.Same(t, e, again)
			require.Equal(t, id, again.ID)
		})
	}
}

// asleep waits until a shape has no consumer.
func (h *house) asleep(e *status.Entry) {
	h.until(func() bool { return !h.consumers()[e.ID] })
}

func TestG6AllPartsAgreeOnTheKeyOfEachShape(t *testing.T) {
	h := houseOf(t, houseConfig{})
	entries := map[shape.ID]*status.Entry{}
	for i := range 12 {
		e := h.create(items, i)
		entries[e.ID] = e
	}
	h.manager.Remove(entries[3])
	h.removed(entries[3])
	delete(entries, 3)
	for i := range 12 {
		h.insert(items, i)
	}
	h.settled()
	h.barrier()
	require.Equal(t, len(entries), h.filter.Len())
	awake := h.consumers()
	h.tracker.mu.Lock()
	defer h.tracker.mu.Unlock()
	require.Len(t, awake, len(entries))
	for id, e := range entries {
		require.True(t, awake[id])
		require.EqualValues(t, items, h.tracker.shapes.Get(uint64(id)))
		same, ok := h.status.ByID(id)
		require.True(t, ok)
		require.Same(t, e, same)
		s, ok := h.manager.Shape(id)
		require.True(t, ok)
		require.Same(t, e.Log(), s.Log)
	}
}

func TestG7TheOrderOfIDsAtBootIsIrrelevant(t *testing.T) {
	var stories []string
	var ids []shape.ID
	for _, backwards := range []bool{false, true} {
		h := houseOf(t, houseConfig{backwards: backwards})
		h.story()
		h.restart()
		first, ok := h.status.Lookup(h.tenant(items, 1).Identity())
		require.True(t, ok)
		ids = append(ids, first.ID)
		h.insert(items, 1, 2)
		h.settled()
		stories = append(stories, h.bytes(first))
	}
	require.Equal(t, stories[0], stories[1])
	require.NotEqual(t, ids[0], ids[1])
}

func TestG8BytesAreTheSameBeforeAndAfterARestart(t *testing.T) {
	h := houseOf(t, houseConfig{})
	want := h.story()
	other := houseOf(t, houseConfig{})
	other.burn(7)
	other.story()
	other.mu.Lock()
	other.confirmed = 100 // all is sent again
	other.mu.Unlock()
	other.crash()
	other.settled()
	e, ok := other.status.Lookup(other.tenant(items, 1).Identity())
	if !ok {
		t.Fatal("the snapshot was not on disk")
	}
	require.Equal(t, want, other.bytes(e))
}

func TestG9AHandleSurvivesARestartUnchanged(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.burn(100)
	e := h.create(items, 1)
	h.insert(items, 1)
	h.settled()
	h.restart()
	again, ok := h.status.Lookup(h.tenant(items, 1).Identity())
	require.True(t, ok)
	require.Equal(t, e.Handle, again.Handle)
	require.Equal(t, e.Handle.String(), again.Handle.String())
	require.NotEqual(t, e.ID, again.ID)
	parsed, err := shape.ParseHandle(again.Handle.String())
	require.NoError(t, err)
	require.Equal(t, e.Handle, parsed)
	found, err := h.manager.Create(t.Context(), h.tenant(items, 1))
	require.NoError(t, err)
	require.Same(t, again, found)
}

// Spec engine §2.11: concurrent additions and removals of the same definition.
func TestOneDefinitionAddedAndRemovedByManyLeavesNothing(t *testing.T) {
	h := houseOf(t, houseConfig{})
	base := h.sizes()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 250 {
				e, err := h.manager.Create(t.Context(), h.tenant(items, 1))
				if err == nil {
					_ = h.manager.AwaitSnapshotStart(t.Context(), e)
					h.manager.Remove(e)
				}
			}
		})
	}
	wg.Wait()
	h.insert(items, 1)
	h.settled()
	require.Equal(t, base, h.sizes())
}
