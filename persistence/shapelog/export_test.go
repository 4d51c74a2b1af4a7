package shapelog

import "github.com/cockroachdb/pebble/v2"

// WithFailpoint lets tests outside the package end operations at the lines that decide about durability.
func (o Options) WithFailpoint(f func(point string) error) Options {
	o.failpoint = f
	return o
}

// WithEngine lets tests change the storage engine's options.
func (o Options) WithEngine(f func(*pebble.Options)) Options {
	o.engine = f
	return o
}

// WithSegments lets tests store small snapshots by segments, and segments of so many bytes as tables.
func (o Options) WithSegments(segment, table int) Options {
	o.segmentBytes, o.tableBytes = segment, table
	return o
}

// SegmentBytes is the size of segments now.
func (s *Store) SegmentBytes() int { return s.segmentBytes() }

// Recent is how many small snapshots are kept in memory.
func (s *Store) Recent() int {
	s.recents.mu.Lock()
	defer s.recents.mu.Unlock()
	return len(s.recents.queue)
}
