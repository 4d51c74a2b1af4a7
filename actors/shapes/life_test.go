package shapes

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAShapeIsMadeFollowedAndRemoved(t *testing.T) {
	h := houseOf(t, houseConfig{})
	h.insert(items, 1, 2, 1)
	e := h.create(items, 1)
	h.insert(items, 1)
	h.insert(items, 2)
	h.whole(e)
	require.Equal(t, []string{"1", "3", "4"}, h.read(e))
	h.restartStreaming()
	h.insert(items, 1)
	h.whole(e)
	h.restart()
	again, ok := h.status.ByHandle(e.Handle)
	require.True(t, ok)
	h.insert(items, 1)
	h.whole(again)
	h.manager.Remove(again)
	h.removed(again)
	h.insert(items, 1)
	h.settled()
}
