package stack

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/actors/status"
)

func TestTheFirstUnmetConditionIsNamed(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	message := func(r *readiness) string {
		err := r.wait(ended)
		var notReady *status.NotReady
		require.ErrorAs(t, err, &notReady)
		return notReady.Message
	}
	r := newReadiness()
	for _, step := range []struct {
		met  condition
		text string
	}{
		{lockAcquired, "Timeout waiting for Postgres lock acquisition"},
		{clientReady, "Timeout waiting for replication client to be ready. Check that you don't have pending transactions in the database. Electric has to wait for all pending transactions to commit or rollback before it can create the replication slot."},
		{adminPoolReady, "Timeout waiting for database connection pool (metadata) to be ready"},
		{snapshotPoolReady, "Timeout waiting for database connection pool (snapshot) to be ready"},
		{metadataLoaded, "Timeout waiting for shape metadata to be loaded"},
		{collectorReady, "Timeout waiting for shape data to be loaded"},
		{subtreesUp, "Timeout waiting for stack restart"},
		{integrityChecked, "Timeout waiting for integrety checks"},
	} {
		require.Equal(t, step.text, message(r))
		r.clear(errors.New("refused"), step.met)
		if step.met == clientReady {
			require.Equal(t, "Timeout waiting for replication client to be ready: refused", message(r))
		} else {
			require.Equal(t, step.text+": refused", message(r))
		}
		require.Equal(t, status.Starting, r.status())
		r.set(step.met)
	}
	require.NoError(t, r.wait(ended), "ready is ready, whatever the context")
	require.Equal(t, status.Active, r.status())
}

func TestAnInstanceThatWaitsForItsFirstLockIsWaiting(t *testing.T) {
	r := newReadiness()
	r.waitForLock(true)
	require.Equal(t, status.Starting, r.status(), "nothing can be read yet")
	r.set(metadataLoaded)
	require.Equal(t, status.Waiting, r.status())
	for c := range conditions {
		r.set(c)
	}
	r.clear(nil, lockAcquired)
	require.Equal(t, status.Starting, r.status(), "one that reconnects is starting")
}

// A pool that cannot be opened says why nothing else gets on, and takes nothing back that is there.
func TestBlameTakesNoConditionBack(t *testing.T) {
	r := newReadiness()
	r.set(lockAcquired)
	r.blame(errors.New("refused"), lockAcquired, clientReady)
	require.True(t, r.isMet(lockAcquired))
	var told status.Report
	r.report(&told)
	require.Equal(t, "replication client to be ready: refused", told.WaitsFor)
	require.Len(t, told.Conditions, int(conditions))
	require.Equal(t, status.Condition{Name: "Postgres lock acquisition", Met: true}, told.Conditions[0])
	require.Equal(t, status.Condition{Name: "replication client to be ready", Error: "refused"}, told.Conditions[1])
}
