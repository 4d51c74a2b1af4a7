package shapes

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/actors/work"
	"leyden/internal/pg/publication"
	"leyden/internal/shape"
)

// The races of spec engine §2.8, in its order. 13 and 17 are in package partition, which is alone with them; 6 to 9, and what 15 says of
// dependencies, are in races_outer_test.go. Nothing here waits for luck: hooks hold the engine where the race is.

// stop holds a hook until it is let go. Entered is closed when somebody is held.
type stop struct {
	entered, release chan struct{}
	once             sync.Once
}

func newStop() *stop { return &stop{entered: make(chan struct{}), release: make(chan struct{})} }

func (s *stop) hold() {
	s.once.Do(func() { close(s.entered) })
	<-s.release
}

func (s *stop) letGo() { close(s.release) }

// holdRemovals holds the next removal from the disk, and those behind it.
func (h *house) holdRemovals() *stop {
	s := newStop()
	h.hooks.set(func(k *hooks) { k.beforeRemove = func([]shape.Handle) error { s.hold(); return nil } })
	return s
}

func TestRace01ASecondRemovalChangesNothingAndALostOneIsToldAgain(t *testing.T) {
	h := houseOf(t, houseConfig{grace: 1})
	e := h.create(items, 1)
	removals := h.holdRemovals()
	h.manager.Remove(e)
	h.manager.Remove(e)
	<-removals.entered
	h.manager.Remove(e)
	h.withhold()
	removals.letGo()
	h.await(func() bool { return len(h.withheld) == 1 })
	h.mu.Lock()
	require.Len(t, h.withheld[0].Remove, 1)
	h.withheld = []*work.Register{} // the message is lost
	h.mu.Unlock()
	h.manager.registrar.mu.Lock()
	h.manager.registrar.out = nil
	h.manager.registrar.mu.Unlock()

	// What comes for the shape is held, which nothing else would ever end.
	h.insert(items, 1)
	h.await(func() bool { return len(h.withheld) == 1 })
	h.let()
	h.settled()
	h.barrier()
	require.Zero(t, h.filter.Len())
	require.Positive(t, h.metrics.Stalled.Load())
}

// A handle without an id is excluded: an entry is both, and who has one of them has the entry.
func TestRace02AHandleIsNeverKnownWithoutItsID(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e := h.create(items, 1)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if found, ok := h.status.ByHandle(e.Handle); ok {
				byID, ok := h.status.ByID(found.ID)
				if !ok {
					require.True(t, found.Removed())
				} else {
					require.Same(t, found, byID)
				}
			}
		}
	})
	h.manager.Remove(e)
	h.removed(e)
	close(stop)
	wg.Wait()
	require.NoError(t, h.store.Remove(e.Handle), "storage that is gone is success")
}

func TestRace03AnEventForARemovedShapeWithoutAConsumerIsHeldUntilItIsForgotten(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e, other := h.create(items, 1), h.create(items, 2)
	removals := h.holdRemovals()
	h.manager.Remove(e)
	<-removals.entered
	lsn := h.insert(items, 1, 2)
	h.until(func() bool { return h.metrics.Batches.Load() > 0 })
	h.barrier()
	require.Equal(t, map[shape.ID]bool{other.ID: true}, h.consumers(), "no consumer for a dying shape")
	h.mu.Lock()
	require.Less(t, h.confirmed, lsn, "it is not stored")
	h.mu.Unlock()
	removals.letGo()
	h.settled()
	h.whole(other)
}

func TestRace04AnEventForARemovedShapeWithAConsumerIsHarmless(t *testing.T) {
	h := houseOf(t, houseConfig{})
	busy, e, other := h.create(items, 1), h.create(items, 2), h.create(items, 3)
	h.insert(items, 2, 3)
	h.settled()
	removals := h.holdRemovals()
	h.manager.Remove(busy)
	<-removals.entered
	h.manager.Remove(e) // its consumer is told when busy is gone
	h.insert(items, 2, 3)
	h.settled()
	require.True(t, h.consumers()[e.ID])
	removals.letGo()
	h.removed(busy, e)
	h.barrier()
	require.False(t, h.consumers()[e.ID])
	h.insert(items, 2, 3)
	h.whole(other)
}

func TestRace05AShapeThatVanishesWhileItsConsumerStartsIsAsGoodAsNone(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e, other := h.create(items, 1), h.create(items, 2)
	var once sync.Once
	h.hooks.set(func(k *hooks) {
		k.consumer = func(id shape.ID) {
			if id == e.ID {
				once.Do(func() { // between the look-up and the start
					h.manager.Remove(e)
					require.NoError(t, h.store.Store.Remove(e.Handle))
				})
			}
		}
	})
	run := h.collector.Load()
	h.insert(items, 1, 2)
	h.removed(e)
	h.settled()
	require.Same(t, run, h.collector.Load(), "nothing has restarted")
	h.insert(items, 2)
	h.whole(other)
}

func TestRace10ARemovalIsFasterThanTheRegistration(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.withhold()
	first, err := h.manager.Create(t.Context(), h.tenant(items, 1)) // its registration is under way
	require.NoError(t, err)
	h.await(func() bool { return len(h.withheld) == 1 })
	second, err := h.manager.Create(t.Context(), h.tenant(items, 2))
	require.NoError(t, err)
	h.until(func() bool { // and this one's is queued
		h.manager.registrar.mu.Lock()
		defer h.manager.registrar.mu.Unlock()
		return h.manager.registrar.pending.Get(second.ID) != nil
	})
	h.manager.Remove(second)
	var told *status.SnapshotError
	require.ErrorAs(t, h.manager.AwaitSnapshotStart(t.Context(), second), &told)
	require.True(t, told.Rotated)
	h.let()
	h.removed(second)
	h.complete(first)
	h.insert(items, 1, 2)
	h.whole(first)
	require.Equal(t, 1, h.filter.Len())
}

func TestRace11AConsumerThatSleepsIsStartedByTheNextEvent(t *testing.T) {
	h := houseOf(t, houseConfig{restAfter: 1})
	e := h.create(items, 1)
	for range 5 {
		h.insert(items, 1)
		h.settled()
		h.asleep(e)
		require.Zero(t, h.metrics.Awake.Load())
	}
	require.GreaterOrEqual(t, h.metrics.Spawned.Load(), uint64(5))
	h.whole(e)
}

func TestRace12AConsumerThatSleepsAfterItsShapeIsRemovedIsNotStartedAgain(t *testing.T) {
	h := houseOf(t, houseConfig{restAfter: 1})
	busy, e := h.create(items, 1), h.create(items, 2)
	h.insert(items, 2)
	removals := h.holdRemovals()
	h.manager.Remove(busy)
	<-removals.entered
	h.manager.Remove(e)
	h.asleep(e)
	h.insert(items, 2)
	h.barrier()
	require.Empty(t, h.consumers())
	removals.letGo()
	h.settled()
	require.Empty(t, h.consumers())
}

func TestRace14AFailureIsToldAlthoughItHasRemovedTheShape(t *testing.T) {
	missing := &publication.Error{Kind: publication.RelationMissing, Table: table(items), Message: "Database table is missing from the publication"}
	for range 30 {
		h := newHouse(t, houseConfig{})
		h.failure = missing
		e, err := h.manager.Create(t.Context(), h.tenant(items, 1))
		require.NoError(t, err)
		var told *status.SnapshotError
		require.ErrorAs(t, h.manager.AwaitSnapshotStart(t.Context(), e), &told)
		require.False(t, told.Rotated)
		require.Equal(t, missing.Message, told.Message)
		h.removed(e)
		h.close()
	}
}

// Requests wait for the beginning of a shape and not for a consumer: a shape that is there and has none is read at once.
func TestRace15ARequestDoesNotNeedAConsumer(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e := h.create(items, 1)
	h.restart()
	again, ok := h.status.ByHandle(e.Handle)
	require.True(t, ok)
	require.NoError(t, h.manager.AwaitSnapshotStart(t.Context(), again))
	require.Empty(t, h.consumers())

	query := newStop()
	h.hooks.set(func(k *hooks) { k.beforeQuery = func(*shape.Definition) error { query.hold(); return nil } })
	made, err := h.manager.Create(t.Context(), h.tenant(items, 2))
	require.NoError(t, err)
	<-query.entered
	waited := make(chan error)
	go func() { waited <- h.manager.AwaitSnapshotStart(context.Background(), made) }()
	h.manager.Remove(made)
	query.letGo()
	var told *status.SnapshotError
	require.ErrorAs(t, <-waited, &told)
	require.True(t, told.Rotated, "the client fetches anew")
}

// Shapes do not report flushes; what is reported is a run's, and of shapes only who they are that hold. A removal of an id
// that nobody knows stands for it.
func TestRace16WhatIsSaidOfAnUnknownIDIsIgnored(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e := h.create(items, 1)
	h.system.Root.Send(h.collector.Load(), &work.RemoveShape{ID: 999})
	h.system.Root.Send(h.collector.Load(), &work.Durable{Run: &work.Run{}, Seq: 1 << 40})
	h.system.Root.Send(h.writer, &work.Forget{Run: &work.Run{}, ID: e.ID, Seq: 1 << 40})
	h.manager.Invalidate(999, errors.New("a late word"))
	h.insert(items, 1)
	h.whole(e)
	require.False(t, e.Removed())
}

func TestRace18AShapeThatCannotBeFollowedIsSkippedByRestore(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e := h.create(items, 1)
	unmade, created := h.status.Add(h.tenant(items, 2)) // no log: its maker has not come to it
	require.True(t, created)
	h.restartStreaming()
	h.barrier()
	require.Equal(t, 1, h.filter.Len())
	h.insert(items, 1, 2)
	h.whole(e)
	h.status.Remove(unmade)
	h.status.Confirm(unmade.Handle)
}

func TestRace19AShapeThatIsRegisteredAfterItsEndIsForgottenWithItsRemoval(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.withhold()
	e, err := h.manager.Create(t.Context(), h.tenant(items, 1))
	require.NoError(t, err)
	h.await(func() bool { return len(h.withheld) == 1 })
	removals := h.holdRemovals()
	h.manager.Remove(e)
	<-removals.entered
	h.let() // the collector learns of a shape that is gone
	h.barrier()
	require.Equal(t, 1, h.filter.Len())
	lsn := h.insert(items, 1)
	h.barrier()
	h.mu.Lock()
	require.Less(t, h.confirmed, lsn)
	h.mu.Unlock()
	removals.letGo()
	h.removed(e)
	h.barrier()
	require.Zero(t, h.filter.Len())
	h.settled()
}
