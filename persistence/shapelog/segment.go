package shapelog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// A snapshot is stored by segments of so many bytes. Of each snapshot that is being read in, two are in memory: one is
	// being filled and one stored.
	snapSegmentBytes = 8 << 20
	// snapMemoryBytes bounds the segments of all snapshots together; those of many at a time are smaller.
	snapMemoryBytes = 48 << 20
	// snapTableBytes is the size from which a segment becomes a table of its own. That saves to write it three times, for
	// the log of the engine, out of its memory, and by compactions, but costs syncs.
	snapTableBytes = 1 << 20
)

// tablesDir is where tables are before the engine takes them in.
const tablesDir = "incoming"

// segmentBytes is the size at which a writer stores what it has.
func (s *Store) segmentBytes() int {
	share := snapMemoryBytes / 2 / max(1, int(s.snapshots.Load()))
	return min(s.opts.segmentBytes, max(share, snapTableBytes/2))
}

// storeBlocks stores consecutive blocks of a snapshot, unless the shape has been removed.
func (l *Log) storeBlocks(blocks []*heldBlock) error {
	s := l.store
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	size := 0
	for _, b := range blocks {
		size += len(b.body)
	}
	if size >= s.opts.tableBytes {
		return l.storeTable(blocks)
	}
	b := s.db.NewBatchWithSize(size + size/16 + 1<<10)
	defer b.Close()
	if err := l.addBlocks(b, blocks); err != nil {
		return err
	}
	return l.unlessRemoved(func() error { return s.db.Apply(b, pebble.NoSync) })
}

// completeSnapshot stores the last blocks and the record of the snapshot, in this order or none.
func (l *Log) completeSnapshot(blocks []*heldBlock, record []byte) error {
	last := len(blocks) - 1
	size := 0
	for _, b := range blocks[:last] {
		size += len(b.body)
	}
	if size >= l.store.opts.tableBytes {
		if err := l.storeBlocks(blocks[:last]); err != nil {
			return err
		}
		blocks = blocks[last:]
	}
	s := l.store
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	b := s.db.NewBatch()
	defer b.Close()
	if err := l.addBlocks(b, blocks); err != nil {
		return err
	}
	var key keyBuf
	if err := b.Set(catalogueKey(&key, l.handle, partSnapshot), record, nil); err != nil {
		return l.failed(err)
	}
	if err := s.failpoint("snapshot.before-complete"); err != nil {
		return err
	}
	return l.unlessRemoved(func() error { return s.db.Apply(b, pebble.NoSync) })
}

// addBlocks adds blocks to a batch.
func (l *Log) addBlocks(b *pebble.Batch, blocks []*heldBlock) error {
	var key keyBuf
	for _, block := range blocks {
		k := snapshotKey(&key, l.handle, block.chunk, block.seq)
		op := b.SetDeferred(len(k), uvarintSize(uint64(block.rows))+len(block.body))
		copy(op.Key, k)
		copy(op.Value[binary.PutUvarint(op.Value, uint64(block.rows)):], block.body)
		if err := op.Finish(); err != nil {
			return l.failed(err)
		}
	}
	return nil
}

// storeTable writes blocks as a table and has the engine take it in. They are durable then. So that a crash never leaves
// blocks whose shape, or whose predecessors, it has lost, all that was written before is made durable first.
func (l *Log) storeTable(blocks []*heldBlock) (err error) {
	s := l.store
	if err := s.written(s.db.LogData(nil, pebble.Sync)); err != nil {
		return l.failed(err)
	}
	if err := s.failpoint("snapshot.before-table"); err != nil {
		return err
	}
	path := s.fs.PathJoin(s.dir, tablesDir, fmt.Sprintf("%s-%d-%d", l.handle, blocks[0].chunk, blocks[0].seq))
	if err := l.writeTable(path, blocks); err != nil {
		return l.failed(err)
	}
	if err := s.failpoint("snapshot.before-ingest"); err != nil {
		return err
	}
	if err := l.unlessRemoved(func() error { return s.db.Ingest(context.Background(), []string{path}) }); err != nil {
		_ = s.fs.Remove(path) // Open does it, at the latest
		return err
	}
	return s.failpoint("snapshot.after-ingest")
}

// writeTable writes blocks as a table, durably.
func (l *Log) writeTable(path string, blocks []*heldBlock) error {
	s := l.store
	file, err := s.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	// The lowest level is where the engine puts a table that nothing overlaps.
	lowest := len(s.engine.Levels) - 1
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(file), s.engine.MakeWriterOptions(lowest, s.db.TableFormat()))
	var key keyBuf
	var value []byte
	for _, b := range blocks {
		value = append(binary.AppendUvarint(value[:0], uint64(b.rows)), b.body...)
		if err := w.Set(snapshotKey(&key, l.handle, b.chunk, b.seq), value); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// unlessRemoved runs a write of blocks, unless the shape has been removed.
func (l *Log) unlessRemoved(write func() error) error {
	s := l.store
	s.gate.RLock()
	defer s.gate.RUnlock()
	if l.Removed() {
		return ErrRemoved
	}
	if err := s.written(write()); err != nil {
		return l.failed(err)
	}
	return nil
}

// failed ends the store: what it has of the snapshot is not known.
func (l *Log) failed(err error) error {
	return l.store.fail(fmt.Errorf("write snapshot of shape %s: %w", l.handle, classify(err)))
}

// clearTables makes the place for tables, and removes those that a crash has left there.
func (s *Store) clearTables() error {
	dir := s.fs.PathJoin(s.dir, tablesDir)
	if err := s.fs.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	if err := s.fs.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return nil
}
