package shapelog_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"leyden/persistence/shapelog"
)

func TestWhatIsAcknowledgedIsRememberedOverACrash(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := open(t, fs, shapelog.Options{})
	defer s.Close()
	require.Zero(t, s.Acknowledged())
	l := created(t, s, 1)
	commit(t, s, l, item(5, 0, 20))
	require.NoError(t, s.Acknowledge(90))
	require.NoError(t, s.Acknowledge(40), "what is lower is known already")
	require.EqualValues(t, 90, s.Acknowledged())

	crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 0})
	again := open(t, crashed, shapelog.Options{})
	defer again.Close()
	require.EqualValues(t, 90, again.Acknowledged())
	require.EqualValues(t, 5, again.Position(), "with all that was applied before")
	require.NoError(t, again.Verify())
	require.NoError(t, again.RemoveAll())
	require.Zero(t, again.Acknowledged(), "another stream may begin at a lower position")
	require.NoError(t, again.Acknowledge(7))
	require.EqualValues(t, 7, again.Acknowledged())
}
