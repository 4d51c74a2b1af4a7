package shapes

import (
	"encoding/binary"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"leyden/actors/status"
	"leyden/internal/pg/snapshot"
	"leyden/internal/shape"
)

// Spec engine §6.2: a client that reads a snapshot which then fails is told to fetch anew. When it does so it is told why.
func TestASnapshotThatFailsInItsReadersHandsFailsNextTimeWithItsReason(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.insert(items, 1)
	h.settled()
	rows := newStop()
	fails := func(*shape.Definition) error {
		return snapshot.Classify(&pgconn.PgError{Code: "22012", Message: "division by zero"}, false)
	}
	h.hooks.set(func(k *hooks) { k.afterRows = func(d *shape.Definition) error { rows.hold(); return fails(d) } })
	d := h.tenant(items, 1)
	first, err := h.manager.Create(t.Context(), d)
	require.NoError(t, err)
	<-rows.entered
	require.NoError(t, h.manager.AwaitSnapshotStart(t.Context(), first), "it can be read from its first row on")
	rows.letGo()
	h.removed(first)
	var told *status.SnapshotError
	require.ErrorAs(t, h.manager.AwaitSnapshotStart(t.Context(), first), &told)
	require.True(t, told.Rotated)

	h.hooks.set(func(k *hooks) { k.afterRows = fails })
	for range 2 {
		again, err := h.manager.Create(t.Context(), d)
		require.NoError(t, err)
		require.ErrorAs(t, h.manager.AwaitSnapshotStart(t.Context(), again), &told)
		require.Equal(t, 500, told.Status)
		require.False(t, told.Rotated)
		require.Equal(t, "Unexpected error while creating snapshot: division by zero", told.Message)
		h.removed(again)
	}

	h.hooks.set(func(k *hooks) { k.afterRows = nil })
	e, err := h.manager.Create(t.Context(), d)
	require.NoError(t, err)
	h.complete(e)
	require.False(t, h.manager.doubtful.has(d.Identity()), "it is as good as any other")
}

func TestOnlySoManyDoubtfulShapesAreRemembered(t *testing.T) {
	var d doubtful
	name := func(i int) (id shape.Identity) {
		binary.BigEndian.PutUint32(id[:], uint32(i))
		return id
	}
	for i := range 3 * mostDoubtful {
		d.add(name(i))
		require.True(t, d.has(name(i)))
		require.LessOrEqual(t, len(d.shapes), mostDoubtful)
	}
	for i := range 3 * mostDoubtful {
		d.drop(name(i))
	}
	require.Nil(t, d.shapes)
}
