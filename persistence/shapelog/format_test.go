package shapelog_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	storev1 "leyden/proto/leyden/store/v1"

	"leyden/persistence/shapelog"
)

// rawSet changes a closed store behind its back.
func rawSet(t *testing.T, fs vfs.FS, key, value []byte) {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{FS: fs, FormatMajorVersion: pebble.FormatTableFormatV6, Logger: silent{}})
	require.NoError(t, err)
	require.NoError(t, db.Set(key, value, pebble.Sync))
	require.NoError(t, db.Close())
}

type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(string, ...any) { panic("storage engine cannot go on") }

func TestAnotherFormatIsNotRead(t *testing.T) {
	fs := vfs.NewMem()
	s := open(t, fs, shapelog.Options{})
	created(t, s, 1)
	require.NoError(t, s.Close())
	rec, err := proto.Marshal(&storev1.FormatRecord{Version: 99})
	require.NoError(t, err)
	rawSet(t, fs, []byte("mformat"), rec)

	_, err = shapelog.Open(fs, dir, shapelog.Options{})
	require.ErrorIs(t, err, shapelog.ErrFormat)
	var fe *shapelog.FormatError
	require.ErrorAs(t, err, &fe)
	require.Equal(t, shapelog.FormatError{Dir: dir, Found: "99", Want: "1"}, *fe)
	require.EqualError(t, err, "shape store store has format 99, this version reads 1")

	// Twice, so that the second finds the first name taken.
	for _, aside := range []string{"store.old-1", "store.old-2"} {
		s, err = shapelog.Open(fs, dir, shapelog.Options{StartEmpty: true})
		require.NoError(t, err)
		require.NoError(t, s.Load(func(shapelog.Record) error { t.Error("not empty"); return nil }))
		require.NoError(t, s.Close())
		_, err = fs.Stat(aside)
		require.NoError(t, err)
		rawSet(t, fs, []byte("mformat"), rec)
	}
}

func TestADirectoryOfSomethingElseIsNotRead(t *testing.T) {
	fs := vfs.NewMem()
	rawSet(t, fs, []byte("x"), nil)
	_, err := shapelog.Open(fs, dir, shapelog.Options{})
	require.ErrorIs(t, err, shapelog.ErrFormat)
}

func TestAStoreOfANewerEngineIsNotRead(t *testing.T) {
	fs := vfs.NewMem()
	require.NoError(t, open(t, fs, shapelog.Options{}).Close())
	// The engine keeps its version in the name of a file: a generation, and the version.
	files, err := fs.List(dir)
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasPrefix(name, "marker.format-version.") {
			require.NoError(t, fs.Rename(fs.PathJoin(dir, name), fs.PathJoin(dir, "marker.format-version.999999.999")))
		}
	}
	_, err = shapelog.Open(fs, dir, shapelog.Options{})
	require.ErrorIs(t, err, shapelog.ErrFormat)
}
