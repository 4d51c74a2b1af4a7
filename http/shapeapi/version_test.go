package shapeapi

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// So that a later look at the table knows what the shape was made from.
func TestAShapeRemembersTheTableThatItWasMadeFrom(t *testing.T) {
	b := setup(t)
	require.Equal(t, 200, b.get("/v1/shape?table=items&offset=-1").Code)
	table, err := b.engine.Table(t.Context(), "public", "items")
	require.NoError(t, err)
	shapes := b.engine.authority.List()
	require.Len(t, shapes, 1)
	require.NotZero(t, table.Version())
	require.Equal(t, table.Version(), shapes[0].Def.TableVersion)
}
