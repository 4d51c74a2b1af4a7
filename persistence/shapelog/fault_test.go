package shapelog_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

var errDisk = errors.New("input/output error")

func TestASyncThatFailsIsNeverTakenForDone(t *testing.T) {
	for name, use := range map[string]func(s *shapelog.Store, w *shapelog.SnapshotWriter) error{
		"sync":     func(s *shapelog.Store, _ *shapelog.SnapshotWriter) error { return s.Sync() },
		"put":      func(s *shapelog.Store, _ *shapelog.SnapshotWriter) error { return s.Put("k", nil) },
		"remove":   func(s *shapelog.Store, _ *shapelog.SnapshotWriter) error { return s.Remove(handle(1)) },
		"snapshot": func(s *shapelog.Store, w *shapelog.SnapshotWriter) error { return errors.Join(w.Finish(), s.Sync()) },
	} {
		t.Run(name, func(t *testing.T) {
			var broken atomic.Bool
			mem := vfs.NewCrashableMem()
			fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if broken.Load() && strings.HasSuffix(op.Path, ".log") && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
					return errDisk
				}
				return nil
			}))
			fatal := make(chan error, 16)
			s := open(t, fs, shapelog.Options{Fatal: func(err error) { fatal <- err }})
			l, w := create(t, s, 1)
			broken.Store(true)
			require.ErrorIs(t, use(s, w), errDisk)
			require.ErrorIs(t, <-fatal, errDisk)
			_, err := l.Head()
			require.ErrorIs(t, err, errDisk)
			require.ErrorIs(t, s.Apply([]shapelog.Batch{{Position: 9}}), errDisk)

			// What the disk has opens again.
			again := open(t, mem.CrashClone(vfs.CrashCloneCfg{}), shapelog.Options{})
			require.NoError(t, again.Verify())
			require.NoError(t, again.Load(func(r shapelog.Record) error {
				require.Equal(t, shape.Handle{Hash: 1, Micros: 1001}, r.Handle)
				require.False(t, r.Snapshot.Complete)
				return nil
			}))
			require.NoError(t, again.Close())
			require.ErrorIs(t, s.Close(), errDisk)
		})
	}
}
