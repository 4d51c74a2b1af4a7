package shapelog

import (
	"log/slog"
	"math"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// DefaultChunkBytes is the chunk threshold of the protocol.
const DefaultChunkBytes = 10 << 20

// Options of a Store. The zero value is ready.
type Options struct {
	// ChunkBytes is the size in bytes at which chunks of snapshots and logs close. 0 means DefaultChunkBytes. It may change
	// between runs: chunks that are closed stay as they are.
	ChunkBytes int
	// Logger receives what the storage engine reports. nil discards it.
	Logger *slog.Logger
	// Fatal is called, from any goroutine, when the storage engine cannot go on, for example when the disk refuses a write.
	// It must not call the store. From then on every use of the store fails; what is on the disk is known only after the next Open. nil panics.
	Fatal func(error)
	// StartEmpty says what to do with a directory of another format: move it aside and start with an empty store, instead
	// of returning a *FormatError.
	StartEmpty bool
	// TailBytes bounds the memory, over all logs, of recently committed blocks that live readers find without a search.
	// 0 means 4 MiB, negative means none.
	TailBytes int
	// CacheBytes is the size of the block cache. 0 means 8 MiB.
	CacheBytes int64

	// failpoint, when set by a test, is called at the lines that decide about durability. An error ends the operation as if
	// the process had died there.
	failpoint func(point string) error
	// engine, when set by a test, changes the storage engine's options.
	engine func(*pebble.Options)
	// segmentBytes and tableBytes are snapSegmentBytes and snapTableBytes but in tests.
	segmentBytes, tableBytes int
}

func (o *Options) setDefaults() {
	if o.ChunkBytes <= 0 {
		o.ChunkBytes = DefaultChunkBytes
	}
	o.ChunkBytes = min(o.ChunkBytes, math.MaxUint32)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) { panic(err) }
	}
	if o.segmentBytes == 0 {
		o.segmentBytes, o.tableBytes = snapSegmentBytes, snapTableBytes
	}
	if o.TailBytes == 0 {
		o.TailBytes = 4 << 20
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 8 << 20
	}
}

// engineOptions sets Pebble up for large values that are written once, read in order, and deleted by range; and for a
// small footprint at rest: memtables, which are kept when idle, are the largest part of it.
func (s *Store) engineOptions() *pebble.Options {
	p := &pebble.Options{
		FS:                 s.fs,
		FormatMajorVersion: engineFormat,
		Logger:             engineLogger{s.opts.Logger, s.fail},
		CacheSize:          s.opts.CacheBytes,
		MemTableSize:       4 << 20,
		// Bursts of snapshots queue up to 32 MiB of memtables; at rest there are one or two.
		MemTableStopWritesThreshold: 8,
		L0CompactionThreshold:       4,
		// Readers of a log touch few tables, so a deep L0 costs less than a writer that stands still.
		L0StopWritesThreshold: 64,
		LBaseMaxBytes:         64 << 20,
		MaxOpenFiles:          512,
		// Removed shapes give their disk space back even when nothing else is written.
		FlushDelayDeleteRange: 10 * time.Second,
	}
	for i := range p.TargetFileSizes {
		p.TargetFileSizes[i] = 16 << 20
	}
	for i := range p.Levels {
		p.Levels[i].BlockSize = 32 << 10
		p.Levels[i].IndexBlockSize = 64 << 10
		p.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.FastestCompression }
	}
	if s.opts.engine != nil {
		s.opts.engine(p)
	}
	return p
}
