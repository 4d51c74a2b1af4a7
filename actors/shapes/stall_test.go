package shapes

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"leyden/actors/partition"
	"leyden/actors/status"
	"leyden/internal/shape"
)

func TestAShapeThatWaitsForItsSnapshotMayHoldThePositionForLongerThanTheGracePeriod(t *testing.T) {
	h := houseOf(t, houseConfig{grace: time.Millisecond, period: 100 * time.Millisecond})
	query := newStop()
	h.hooks.set(func(k *hooks) { k.beforeQuery = func(*shape.Definition) error { query.hold(); return nil } })
	e, err := h.manager.Create(t.Context(), h.tenant(items, 1))
	require.NoError(t, err)
	<-query.entered
	lsn := h.insert(items, 1)
	looked := make(chan struct{})
	time.AfterFunc(500*time.Millisecond, func() { close(looked) }) // some five looks
	<-looked
	h.mu.Lock()
	require.Less(t, h.confirmed, lsn)
	h.mu.Unlock()
	require.False(t, e.Removed())
	query.letGo()
	h.complete(e)
	h.whole(e)
	require.Zero(t, h.metrics.Stalled.Load())
}

func TestAShapeThatHoldsThePositionWithoutAReasonIsRemoved(t *testing.T) {
	h := houseOf(t, houseConfig{grace: time.Millisecond})
	query := newStop()
	h.hooks.set(func(k *hooks) { k.beforeQuery = func(*shape.Definition) error { query.hold(); return nil } })
	e, err := h.manager.Create(t.Context(), h.tenant(items, 1))
	require.NoError(t, err)
	<-query.entered
	h.insert(items, 1)
	h.barrier()
	h.manager.mu.Lock()
	h.manager.making.Delete(e.ID) // its maker is lost
	h.manager.mu.Unlock()
	h.removed(e)
	h.settled()
	require.Positive(t, h.metrics.Stalled.Load())
	query.letGo()
}

func TestAConsumerThatPanicsCostsItsShapeAndNothingElse(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e, other := h.create(items, 1), h.create(others, 1)
	var once sync.Once
	h.hooks.set(func(k *hooks) {
		k.inConsumer = func(shape.ID) { once.Do(func() { panic("test") }) }
	})
	run := h.collector.Load()
	h.truncate(items) // the consumer says that its shape ends
	h.insert(others, 1)
	h.removed(e)
	h.whole(other)
	require.Same(t, run, h.collector.Load())
	require.EqualValues(t, 2, h.metrics.Invalidated.Load(), "truncated, then crashed")
}

func TestAConsumerThatDoesNotReturnCostsItsShapeAndARestartOfTheSubtree(t *testing.T) {
	h := houseOf(t, houseConfig{partitionsStallGrace: time.Millisecond, partitions: 2})
	e, other, neighbour := h.create(items, 1), h.create(others, 1), h.create(others, 2)
	require.NotEqual(t, e.ID%2, other.ID%2)
	require.Equal(t, e.ID%2, neighbour.ID%2)
	wedge := newStop()
	defer wedge.letGo()
	var held atomic.Bool
	h.hooks.set(func(k *hooks) {
		k.inConsumer = func(shape.ID) {
			if !held.Swap(true) {
				wedge.hold()
			}
		}
	})
	failed := make(chan *actor.SupervisorEvent, 10)
	sub := h.system.EventStream.Subscribe(func(e any) {
		if failure, ok := e.(*actor.SupervisorEvent); ok {
			failed <- failure
		}
	})
	defer h.system.EventStream.Unsubscribe(sub)
	h.truncate(items)
	<-wedge.entered
	h.insert(others, 1, 2)
	wedged := (<-failed).Reason.(*partition.Wedged)
	require.Equal(t, e.ID, wedged.ID)
	require.True(t, e.Removed())
	h.restartStreaming()
	h.removed(e)
	h.insert(others, 1, 2)
	h.whole(neighbour)
	h.whole(other)
	require.Positive(t, h.metrics.Stalled.Load())
}

func TestARemovalThatFailedIsTakenUpAgain(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e := h.create(items, 1)
	var once sync.Once
	h.hooks.set(func(k *hooks) {
		k.beforeRemove = func([]shape.Handle) (err error) {
			once.Do(func() { err = errors.New("the disk is full") })
			return err
		}
	})
	h.manager.Remove(e)
	h.removed(e)
}

func TestExpiryRemovesTheExcessLeastRecentlyReadFirst(t *testing.T) {
	h := houseOf(t, houseConfig{})
	var all []*status.Entry
	for i := range 6 {
		e := h.create(items, i)
		all = append(all, e)
		if i != 2 { // nobody has read it yet
			h.status.Touch(e)
		}
	}
	h.status.Touch(all[0])
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.manager.Expire(ctx, 3, time.Millisecond)
	}()
	h.removed(all[1], all[3], all[4])
	cancel()
	<-ended
	require.Equal(t, []*status.Entry{all[0], all[2], all[5]}, h.status.List())
}

// Removing the shapes of a dropped table does not stop the stream: what it says of other tables is delivered between the
// batches.
func TestShapesOfADroppedTableGoWhileOthersGetTheirChanges(t *testing.T) {
	h := houseOf(t, houseConfig{})
	const many = 4 * registrationBatch
	for i := range many {
		e, _ := h.status.Add(h.tenant(items, i))
		log, err := h.store.Create(e.Handle, e.Def)
		require.NoError(t, err)
		e.SetLog(log)
		e.Started()
		h.tracker.Restore(e.ID, e.Def.Table)
	}
	other := h.create(others, 1)
	h.restartStreaming()
	h.barrier()
	require.Equal(t, many+1, h.filter.Len())
	var batches int
	h.hooks.set(func(k *hooks) {
		k.beforeRemove = func(handles []shape.Handle) error {
			batches++
			require.LessOrEqual(t, len(handles), registrationBatch)
			h.insert(others, 1)
			h.settled() // is delivered and durable although thousands of removals are to come
			return nil
		}
	})
	require.Equal(t, many, h.manager.RemoveTable(items))
	h.settledRemovals()
	h.barrier()
	require.GreaterOrEqual(t, batches, 4)
	require.Equal(t, 1, h.filter.Len())
	h.whole(other)
}

func TestATruncationEndsTheShapesOfItsTable(t *testing.T) {
	h := houseOf(t, houseConfig{})
	e, again, other := h.create(items, 1), h.create(items, 2), h.create(others, 1)
	h.insert(items, 1)
	h.truncate(items)
	h.removed(e, again)
	h.insert(others, 1)
	h.whole(other)
	require.ErrorContains(t, func() error { _, err := e.Log().Head(); return err }(), "removed")
	fresh := h.create(items, 1)
	h.insert(items, 1)
	h.whole(fresh)
}
