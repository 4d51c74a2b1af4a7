package shapeapi

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
)

// A request that names no shape has nothing to fetch anew: it is served the shape that takes the place of the one that went
// away while it waited.
func TestAFirstRequestIsServedTheShapeInPlaceOfTheOneThatWentAway(t *testing.T) {
	for name, target := range map[string]string{"from the beginning": items + "&offset=-1", "with a handle": items + "&offset=-1&handle=1-2", "from now on": items + "&offset=now"} {
		t.Run(name, func(t *testing.T) {
			timed(t, func(t *testing.T) {
				b := setup(t)
				b.engine.set(func() { b.engine.held = true })
				c := b.start("GET", target, "", nil)
				synctest.Wait()
				gone := b.engine.authority.List()[0]
				b.engine.set(func() { b.engine.held = false })
				require.NoError(t, b.engine.Remove(t.Context(), gone))
				gone.Failed(status.Rotated(nil))
				c.wait()
				require.Equal(t, 200, c.Code, c.Body)
				require.NotEmpty(t, c.Header().Get("Electric-Handle"))
				require.NotEqual(t, gone.Handle.String(), c.Header().Get("Electric-Handle"))
				require.Equal(t, 2, b.engine.creations)
			})
		})
	}
}
