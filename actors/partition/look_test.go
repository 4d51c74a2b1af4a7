package partition

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/pg"
	"leyden/internal/shape"
)

func (b *bench) look(m *Look) (awake Awake) {
	answered := false
	m.Answer = func(a Awake) { awake, answered = a, true }
	b.tell(m)
	require.True(b.t, answered)
	return awake
}

func (b *bench) renew(id shape.ID) (err error) {
	b.tell(&Renew{ID: id, Done: func(e error) { err = e }})
	return err
}

func TestALookTellsWhatIsAwakeAndWakesNobody(t *testing.T) {
	b := newBench(t)
	for _, id := range []shape.ID{1, 5, 9} {
		b.create(id)
	}
	require.Equal(t, Awake{Consumers: []Seen{}}, b.look(&Look{Each: true}))
	b.tell(b.share(5, 1))
	require.Equal(t, Awake{Count: 2}, b.look(&Look{}))
	all := b.look(&Look{Each: true}).Consumers
	require.Len(t, all, 2)
	require.EqualValues(t, 1, all[0].ID)
	require.EqualValues(t, 5, all[1].ID)
	require.False(t, all[0].Since.IsZero())
	require.Len(t, b.look(&Look{Each: true, Only: 5}).Consumers, 1)
	require.Empty(t, b.look(&Look{Each: true, Only: 9}).Consumers)

	bad := b.share(1)
	bad.Deliveries[0].Work.Changes[0].New = nil // no values
	b.tell(bad)
	require.Error(t, b.look(&Look{Each: true, Only: 1}).Consumers[0].Ended)
}

func TestARenewedConsumerGoesOnFromWhatIsStored(t *testing.T) {
	b := newBench(t)
	b.create(1)
	b.create(5)
	b.tell(b.share(1))
	require.NoError(t, b.renew(1))
	require.NoError(t, b.renew(5), "one that is asleep is woken")
	require.EqualValues(t, 3, b.host.Metrics.Spawned.Load())
	require.EqualValues(t, 2, b.host.Metrics.Awake.Load())
	require.ErrorIs(t, b.renew(9), ErrNoShape)
	b.tell(b.share(1))
	require.True(t, b.done[1].Deliveries[0].Result.Commit)
}

func TestAConsumerThatHoldsSomethingIsNotRenewed(t *testing.T) {
	b := newBench(t)
	b.create(5)
	log, err := b.store.Create(shape.Handle{Hash: 1, Micros: 1}, b.shapes[5].Def)
	require.NoError(t, err)
	s := b.shapes[5]
	s.ID, s.Log = 1, log
	b.shapes[1] = s
	b.tell(b.share(1)) // it waits for its snapshot
	require.ErrorIs(t, b.renew(1), ErrBusy)
	require.Positive(t, b.look(&Look{Each: true}).Consumers[0].Held)
	require.NoError(t, log.SnapshotWriter().Known(pg.Snapshot{Xmin: 3, Xmax: 3}))
}
