package shapelog

import (
	"fmt"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"
	"google.golang.org/protobuf/proto"

	storev1 "leyden/proto/leyden/store/v1"
)

// formatVersion names the layout of keys, records and blocks, the binary form of where clauses included. It is raised by
// every change that an older or newer program would misread. There is no migration: what the store holds can be fetched again.
const formatVersion = 1

// engineFormat is the format of the storage engine's own files.
const engineFormat = pebble.FormatTableFormatV6

// openEngine opens or creates the storage engine's directory and checks that it is of our format.
func (s *Store) openEngine() (*pebble.DB, error) {
	dir := s.dir
	if err := checkEngineFormat(s.fs, dir); err != nil {
		return nil, err
	}
	s.engine = s.engineOptions()
	s.engine.EnsureDefaults()
	db, err := pebble.Open(dir, s.engine)
	if err != nil {
		return nil, fmt.Errorf("open shape store %s: %w", dir, classify(err))
	}
	if err := checkFormat(db, dir); err != nil {
		return nil, joinClose(err, db)
	}
	return db, nil
}

// checkEngineFormat finds directories that the storage engine of this program is too old for.
func checkEngineFormat(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if err != nil {
		return nil // the engine creates it, or says why not
	}
	marker, value, err := atomicfs.LocateMarkerInListing(fs, dir, "format-version", names)
	if err != nil {
		return fmt.Errorf("look into shape store %s: %w", dir, err)
	}
	if err := marker.Close(); err != nil {
		return fmt.Errorf("look into shape store %s: %w", dir, err)
	}
	if value == "" {
		return nil // there is no store
	}
	if n, err := strconv.ParseUint(value, 10, 64); err != nil || pebble.FormatMajorVersion(n) > pebble.FormatNewest {
		return &FormatError{
			Dir:   dir,
			Found: "of storage engine " + value,
			Want:  fmt.Sprintf("of storage engine %d and older", pebble.FormatNewest),
		}
	}
	return nil
}

// checkFormat reads the format record, and writes it into a store that has nothing in it.
func checkFormat(db *pebble.DB, dir string) error {
	v, closer, err := db.Get(keyFormat)
	if err == nil {
		var rec storev1.FormatRecord
		err := proto.Unmarshal(v, &rec)
		closer.Close()
		switch {
		case err != nil:
			return corrupt("format record of %s: %v", dir, err)
		case rec.Version != formatVersion:
			return &FormatError{Dir: dir, Found: fmt.Sprint(rec.Version), Want: fmt.Sprint(formatVersion)}
		}
		return nil
	}
	if err = classify(err); err != ErrNotFound {
		return fmt.Errorf("read the format of %s: %w", dir, err)
	}
	it, err := db.NewIter(nil)
	if err != nil {
		return fmt.Errorf("read the format of %s: %w", dir, classify(err))
	}
	empty := !it.First()
	if err := it.Close(); err != nil {
		return fmt.Errorf("read the format of %s: %w", dir, classify(err))
	}
	if !empty {
		return &FormatError{Dir: dir, Found: "none", Want: fmt.Sprint(formatVersion)}
	}
	rec, err := proto.Marshal(&storev1.FormatRecord{Version: formatVersion})
	if err != nil {
		return fmt.Errorf("encode the format of %s: %w", dir, err)
	}
	if err := db.Set(keyFormat, rec, pebble.Sync); err != nil {
		return fmt.Errorf("write the format of %s: %w", dir, classify(err))
	}
	return nil
}

// moveAside renames dir to a name that is free and returns it.
func moveAside(fs vfs.FS, dir string) (string, error) {
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.old-%d", dir, n)
		if _, err := fs.Stat(aside); err == nil {
			continue
		}
		if err := fs.Rename(dir, aside); err != nil {
			return "", fmt.Errorf("move shape store aside: %w", err)
		}
		parent, err := fs.OpenDir(fs.PathDir(dir))
		if err != nil {
			return "", fmt.Errorf("move shape store aside: %w", err)
		}
		err = parent.Sync()
		if cerr := parent.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return "", fmt.Errorf("move shape store aside: %w", err)
		}
		return aside, nil
	}
}
