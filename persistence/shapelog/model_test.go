package shapelog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/change"
	"leyden/internal/pg"
	"leyden/internal/shape"
	"leyden/persistence/shapelog"
)

// modelShape is what a shape must look like from outside, computed in the most naive way.
type modelShape struct {
	n         int
	log       *shapelog.Log
	items     []change.Item // of complete transactions
	pending   []change.Item
	snapshot  [][]string // chunks
	filtering bool
}

func (m *modelShape) latest() shape.Offset {
	if len(m.items) == 0 {
		return shape.SnapshotEnd
	}
	return m.items[len(m.items)-1].Offset
}

// chunkEnds are the ends of closed chunks that are visible.
func (m *modelShape) chunkEnds(threshold int) []shape.Offset {
	var ends []shape.Offset
	sum := 0
	for i := range m.items {
		if sum += m.items[i].Len(); sum >= threshold {
			ends = append(ends, m.items[i].Offset)
			sum = 0
		}
	}
	return ends
}

func (m *modelShape) between(after, upTo shape.Offset) []change.Item {
	var out []change.Item
	for _, it := range m.items {
		if after.Less(it.Offset) && !upTo.Less(it.Offset) {
			out = append(out, it)
		}
	}
	return out
}

// storeModel drives a store and a model of it with the same calls.
type storeModel struct {
	fs       vfs.FS
	opts     shapelog.Options
	store    *shapelog.Store
	shapes   []*modelShape
	created  int
	tx       uint64
	position uint64
	open     bool // a transaction has begun
	op       int64
}

func (m *storeModel) pick(t *rapid.T) *modelShape {
	if len(m.shapes) == 0 {
		t.Skip("no shapes")
	}
	return m.shapes[rapid.IntRange(0, len(m.shapes)-1).Draw(t, "shape")]
}

func (m *storeModel) create(t *rapid.T) {
	m.created++
	s := &modelShape{n: m.created, snapshot: [][]string{nil}, filtering: true}
	l, err := m.store.Create(handle(s.n), definition())
	require.NoError(t, err)
	s.log = l
	w := l.SnapshotWriter()
	info := pg.Snapshot{Xmin: uint64(s.n), Xmax: uint64(s.n) + 2}
	require.NoError(t, w.Known(info))
	size := 0
	for i := range rapid.IntRange(0, 8).Draw(t, "rows") {
		row := item(uint64(s.n), int64(i), rapid.IntRange(10, 60).Draw(t, "size")).JSON
		require.NoError(t, w.Row(row))
		last := len(s.snapshot) - 1
		s.snapshot[last] = append(s.snapshot[last], string(row))
		if size += len(row) + 1; size >= m.opts.ChunkBytes {
			s.snapshot = append(s.snapshot, nil)
			size = 0
		}
		if rapid.IntRange(0, 4).Draw(t, "flush") == 0 {
			require.NoError(t, w.Flush())
		}
	}
	end := fmt.Sprintf(`{"headers":{"control":"snapshot-end","xmin":"%d","xmax":"%d","xip_list":[]}}`, info.Xmin, info.Xmax)
	last := len(s.snapshot) - 1
	s.snapshot[last] = append(s.snapshot[last], end)
	require.NoError(t, w.Finish())
	m.shapes = append(m.shapes, s)
}

// fragment appends a part of a transaction to several shapes, and perhaps ends it.
func (m *storeModel) fragment(t *rapid.T) {
	if len(m.shapes) == 0 {
		t.Skip("no shapes")
	}
	var batches []shapelog.Batch
	for range rapid.IntRange(1, 3).Draw(t, "fragments") {
		if !m.open {
			m.tx += rapid.Uint64Range(1, 3).Draw(t, "gap")
			m.open, m.op = true, 0
		}
		ends := rapid.Bool().Draw(t, "ends")
		var b shapelog.Batch
		for _, s := range m.shapes {
			var items []change.Item
			if rapid.IntRange(0, 2).Draw(t, "hit") > 0 {
				items = m.draw(t)
			}
			s.pending = append(s.pending, items...)
			if ends {
				s.items = append(s.items, s.pending...)
				s.pending = nil
			}
			if len(items) > 0 || ends {
				done := rapid.IntRange(0, 9).Draw(t, "filtered") == 0
				if done {
					s.filtering = false
				}
				b.Appends = append(b.Appends, shapelog.Append{Log: s.log, Items: m.again(t, s, items), Commit: ends, FilteringDone: done})
			}
		}
		if ends {
			b.Position, m.position, m.open = m.tx, m.tx, false
		}
		batches = append(batches, b)
	}
	require.NoError(t, m.store.Apply(batches))
}

// again puts items in front that the log holds already, as a restarted stream does.
func (m *storeModel) again(t *rapid.T, s *modelShape, items []change.Item) []change.Item {
	stored := len(s.items)
	if m.open && len(s.pending) > len(items) || stored == 0 || rapid.IntRange(0, 4).Draw(t, "again") > 0 {
		return items
	}
	var old []change.Item
	for _, it := range s.items {
		if len(items) == 0 || it.Offset.Less(items[0].Offset) {
			old = append(old, it)
		}
	}
	return append(old[len(old)-min(len(old), 3):], items...)
}

func (m *storeModel) draw(t *rapid.T) []change.Item {
	items := make([]change.Item, rapid.IntRange(1, 4).Draw(t, "items"))
	for i := range items {
		m.op += rapid.Int64Range(1, 4).Draw(t, "step")
		size := rapid.IntRange(30, 60).Draw(t, "size")
		if rapid.IntRange(0, 30).Draw(t, "large") == 0 {
			size = rapid.IntRange(30_000, 80_000).Draw(t, "bytes")
		}
		items[i] = item(m.tx, m.op, size)
	}
	return items
}

func (m *storeModel) rollback(t *rapid.T) {
	require.NoError(t, m.store.Rollback())
	m.forgetPending()
}

// forgetPending does what a stream does that begins again: the transaction comes once more, under the same offsets.
func (m *storeModel) forgetPending() {
	for _, s := range m.shapes {
		s.pending = nil
	}
	m.open, m.op = false, 0
	if m.tx > m.position {
		m.tx = m.position
	}
}

func (m *storeModel) remove(t *rapid.T) {
	s := m.pick(t)
	changed := s.log.Changed()
	require.NoError(t, m.store.Remove(handle(s.n)))
	<-changed
	_, err := s.log.Head()
	require.ErrorIs(t, err, shapelog.ErrRemoved)
	_, _, err = readLog(s.log, shape.BeforeAll, shape.Last)
	require.ErrorIs(t, err, shapelog.ErrRemoved)
	require.NoError(t, m.store.Apply([]shapelog.Batch{{Appends: []shapelog.Append{{Log: s.log, Items: []change.Item{item(m.tx+1, 0, 30)}}}}}))
	for i := range m.shapes {
		if m.shapes[i] == s {
			m.shapes = append(m.shapes[:i], m.shapes[i+1:]...)
			break
		}
	}
}

func (m *storeModel) removeAll(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
		t.Skip("rare")
	}
	require.NoError(t, m.store.RemoveAll())
	m.shapes, m.position, m.open = nil, 0, false
}

func (m *storeModel) reopen(t *rapid.T) {
	require.NoError(t, m.store.Close())
	m.load(t)
	m.forgetPending()
}

// load opens the store again and takes its logs into the model.
func (m *storeModel) load(t *rapid.T) {
	s, err := shapelog.Open(m.fs, dir, m.opts)
	require.NoError(t, err)
	m.store = s
	recs := map[shape.Handle]shapelog.Record{}
	require.NoError(t, s.Load(func(r shapelog.Record) error { recs[r.Handle] = r; return nil }))
	require.Len(t, recs, len(m.shapes))
	for _, ms := range m.shapes {
		rec, ok := recs[handle(ms.n)]
		require.True(t, ok)
		require.Equal(t, definition(), rec.Def)
		require.True(t, rec.Snapshot.Complete)
		require.Equal(t, uint64(ms.n), rec.Snapshot.Xmin)
		require.Equal(t, ms.filtering, rec.Snapshot.Filtering)
		ms.log = s.Log(rec)
	}
}

func (m *storeModel) read(t *rapid.T) {
	s := m.pick(t)
	edge := func(name string) shape.Offset {
		switch rapid.IntRange(0, 3).Draw(t, name) {
		case 0:
			return shape.BeforeAll
		case 1:
			return shape.Last
		}
		return at(rapid.Uint64Range(0, m.tx+1).Draw(t, name+" tx"), rapid.Int64Range(0, 20).Draw(t, name+" op"))
	}
	after, upTo := edge("after"), edge("up to")
	want := s.between(after, upTo)
	got, n, err := readLog(s.log, after, upTo)
	require.NoError(t, err)
	require.Equal(t, joined(want...), got, "(%s, %s]", after, upTo)
	require.Equal(t, len(want), n)
	m.checkChunkEnd(t, s, after)
}

func (m *storeModel) checkChunkEnd(t *rapid.T, s *modelShape, after shape.Offset) {
	wantEnd, wantClosed := s.latest(), false
	for _, end := range s.chunkEnds(m.opts.ChunkBytes) {
		if after.Less(end) {
			wantEnd, wantClosed = end, true
			break
		}
	}
	end, closed, err := s.log.ChunkEnd(after)
	require.NoError(t, err)
	require.Equal(t, wantClosed, closed, "chunk after %s", after)
	require.Equal(t, wantEnd, end, "chunk after %s", after)
}

func (m *storeModel) readSnapshot(t *rapid.T) {
	s := m.pick(t)
	for n, rows := range s.snapshot {
		exists, err := s.log.AwaitSnapshotChunk(context.Background(), n)
		require.NoError(t, err)
		require.True(t, exists)
		got, items, err := readSnapshot(context.Background(), s.log, n)
		require.NoError(t, err)
		require.Equal(t, strings.Join(rows, ","), got)
		require.Equal(t, len(rows), items)
	}
	exists, err := s.log.AwaitSnapshotChunk(context.Background(), len(s.snapshot))
	require.NoError(t, err)
	require.False(t, exists)
	_, _, err = readSnapshot(context.Background(), s.log, len(s.snapshot))
	require.ErrorIs(t, err, shapelog.ErrNotFound)
}

// follow makes the store keep the next blocks for live readers.
func (m *storeModel) follow(t *rapid.T) { m.pick(t).log.Changed() }

func (m *storeModel) check(t *rapid.T) {
	require.Equal(t, m.position, m.store.Position())
	for _, s := range m.shapes {
		head, err := s.log.Head()
		require.NoError(t, err)
		require.Equal(t, shapelog.Head{
			Latest: s.latest(), SnapshotStarted: true, SnapshotComplete: true, LastSnapshotChunk: len(s.snapshot) - 1,
		}, head)
	}
	require.NoError(t, m.store.Verify())
}

func TestStoreBehavesAsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &storeModel{fs: vfs.NewMem(), opts: shapelog.Options{
			ChunkBytes: rapid.SampledFrom([]int{1, 70, 150, 100_000}).Draw(t, "chunk bytes"),
			TailBytes:  rapid.SampledFrom([]int{-1, 300, 0}).Draw(t, "tail bytes"),
		}.WithSegments(rapid.SampledFrom([]int{1, 100, 100_000}).Draw(t, "segment bytes"), 100)}
		s, err := shapelog.Open(m.fs, dir, m.opts)
		require.NoError(t, err)
		m.store = s
		defer func() { m.store.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"create": m.create, "fragment": m.fragment, "fragment 2": m.fragment, "rollback": m.rollback, "remove": m.remove,
			"remove all": m.removeAll, "reopen": m.reopen, "read": m.read, "read 2": m.read, "snapshot": m.readSnapshot,
			"follow": m.follow, "": m.check,
		})
	})
}
