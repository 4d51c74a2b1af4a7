package stack_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
)

// A query that goes on for long must not keep the pools from being opened anew: they are restarted within the time of a stop,
// and the one snapshot that was under way is made again for whoever asks again.
func TestARestartOfThePoolsWaitsForNoQuery(t *testing.T) {
	db := newDatabase(t)
	e := start(t, config(t, db.url, t.TempDir())).ready()
	defer e.stop()
	kept := e.create("tenant = 0")
	release := slowItems(t, db, 10)
	entry, err := e.Create(t.Context(), e.items("tenant = 1"))
	require.NoError(t, err)
	asked(t, db, 1)
	waits := make(chan error, 1)
	go func() { waits <- e.AwaitSnapshotStart(context.Background(), entry) }()
	require.NoError(t, e.Tree().Restart(t.Context(), "leyden/pools"))
	var told *status.SnapshotError
	require.ErrorAs(t, <-waits, &told)
	require.Equal(t, 503, told.Status)
	release()
	e.ready()
	require.NotEqual(t, entry.Handle, e.create("tenant = 1").Handle)
	db.exec(t, `INSERT INTO items VALUES (1000, 0, 'after')`)
	e.logged(kept, `"after"`)
}
