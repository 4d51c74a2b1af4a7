package collector

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/work"
	"leyden/internal/pg"
	"leyden/internal/shape"
)

// next is what the partitions are sent next, of which nothing may be about the stream.
func next[M any](t *testing.T, b *bench) M {
	t.Helper()
	m, ok := (<-b.shares).(M)
	require.True(t, ok, "%T", m)
	return m
}

// settle waits until the collector has done what it was sent.
func (b *bench) settle() {
	done := make(chan struct{})
	b.send(&work.Register{Done: func() { close(done) }})
	<-done
}

func complete(s *work.Share) {
	for i := range s.Deliveries {
		s.Deliveries[i].Complete(work.Result{})
	}
}

func TestTheStreamStandsStillWhileAWorkGoesThroughItsLayers(t *testing.T) {
	b := newBench(t, nil)
	b.send(&work.AddShape{ID: 1, Def: over(7)})
	b.send(&work.AddShape{ID: 2, Def: over(7), Dependencies: []shape.ID{1}})
	b.send(&work.AddShape{ID: 3, Def: over(8)})
	b.send(&work.Await{ID: 2, LSN: 10})
	b.send(&work.Await{ID: 3, LSN: 40})
	b.send(whole(10, 7, 8))
	b.send(&work.StreamReached{LSN: 15})
	b.send(whole(20, 8))
	b.send(&work.StreamReached{LSN: 30})
	b.send(&work.StreamReached{LSN: 40})
	inner := []*work.Share{next[*work.Share](t, b)}
	require.Len(t, inner[0].Deliveries, 2, "1 and 3")
	b.settle()
	require.Empty(t, b.shares)

	// What is no part of the stream goes on.
	b.send(&work.SnapshotKnown{ID: 2, Snapshot: pg.Snapshot{Xmin: 1, Xmax: 1}})
	next[*work.SnapshotKnown](t, b)
	dropped := make(chan struct{})
	b.send(&work.Drop{IDs: []shape.ID{3}, Done: func() { close(dropped) }})
	next[*work.Drop](t, b).Done()
	<-dropped
	b.send(&work.Register{Add: []*work.AddShape{{ID: 4, Def: over(7), Done: func(error) {}}}, Done: func() {}})

	complete(inner[0])
	outer := next[*work.Share](t, b)
	require.Len(t, outer.Deliveries, 1)
	require.EqualValues(t, 2, outer.Deliveries[0].ID)
	b.settle()
	require.Empty(t, b.shares)
	complete(outer)
	require.Equal(t, &work.Reached{ID: 2, LSN: 10}, next[*work.Reached](t, b))
	require.EqualValues(t, 20, next[*work.Share](t, b).Deliveries[0].Work.Fragment.LSN)
	require.Equal(t, &work.Reached{ID: 3, LSN: 40}, next[*work.Reached](t, b))
}

func TestARegistrationWithAMissingDependencyIsRefused(t *testing.T) {
	b := newBench(t, nil)
	refused := make(chan error, 1)
	b.send(&work.AddShape{ID: 2, Def: over(7), Dependencies: []shape.ID{1}, Done: func(err error) { refused <- err }})
	require.ErrorIs(t, <-refused, work.ErrMissingDependencies)
}

func TestAPositionDoesNotOvertakeAFragmentThatWaits(t *testing.T) {
	var c collector
	for _, m := range []any{&work.StreamReached{LSN: 1}, &work.StreamReached{LSN: 2}, whole(10), &work.StreamReached{LSN: 20}, &work.Relation{}, &work.StreamReached{LSN: 30}} {
		c.later(m)
	}
	require.Len(t, c.behind, 5)
	require.Equal(t, &work.StreamReached{LSN: 2}, c.behind[0])
	require.Equal(t, &work.StreamReached{LSN: 20}, c.behind[2])
}
