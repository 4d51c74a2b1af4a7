package shapelog

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"sort"

	"github.com/cockroachdb/pebble/v2"
)

// chunkState is what a reader of one snapshot chunk may do next.
type chunkState struct {
	stored uint32        // the first blocks, which are in the store; allStored: all of them
	held   *heldBlock    // the next block, when it is in memory only
	absent bool          // there is no such chunk, and there will be none
	wait   chan struct{} // closed when there may be more; nil when there will not
}

const allStored = math.MaxUint32

// chunkState looks at block next of chunk n. It hands out one block of memory at a time: what a slow client keeps from being
// freed is no more.
func (l *Log) chunkState(n int, next uint32) (chunkState, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ended(); err != nil {
		return chunkState{}, err
	}
	switch {
	case n < 0:
		return chunkState{absent: true}, nil
	case l.state&stateComplete != 0 && n == 0 && l.work != nil && l.work.recent != nil:
		st := chunkState{}
		if blocks := l.work.recent.blocks; next < uint32(len(blocks)) {
			st.held = blocks[next]
		}
		return st, nil
	case l.state&stateComplete != 0:
		return chunkState{stored: allStored, absent: n > int(l.lastChunk)}, nil
	case l.work == nil || l.work.snap == nil || l.work.snap.aborted:
		return chunkState{}, ErrAborted
	}
	p := l.work.snap
	st := chunkState{}
	held := p.heldOf(n)
	switch {
	case len(held) > 0:
		st.stored = held[0].seq
		if next >= st.stored && next-st.stored < uint32(len(held)) {
			st.held = held[next-st.stored]
		}
	case n < int(p.chunk):
		st.stored = allStored
	case n == int(p.chunk):
		st.stored = p.blocks
	}
	if n >= int(p.chunk) {
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		st.wait = p.changed
	}
	return st, nil
}

// heldOf returns the blocks of chunk n that are in memory.
func (p *snapshot) heldOf(n int) []*heldBlock {
	find := func(n int) int {
		return sort.Search(len(p.held), func(i int) bool { return int(p.held[i].chunk) >= n })
	}
	return p.held[find(n):find(n+1)]
}

// AwaitSnapshotChunk waits until chunk n has something to read, or the snapshot is complete without it.
func (l *Log) AwaitSnapshotChunk(ctx context.Context, n int) (exists bool, err error) {
	for {
		st, err := l.chunkState(n, 0)
		if err != nil {
			return false, err
		}
		if st.wait == nil || st.stored > 0 || st.held != nil {
			return !st.absent, nil
		}
		if err := waitFor(ctx, st.wait); err != nil {
			return false, err
		}
	}
}

// ReadSnapshotChunk emits chunk n and follows the writer while it is being written. The last chunk ends with the snapshot-end
// message. Blocks are as for ReadLog. A chunk that does not exist, and will not, is ErrNotFound.
func (l *Log) ReadSnapshotChunk(ctx context.Context, n int, emit func(block []byte, items int) error) error {
	buf := l.store.buffers.Get().(*[]byte)
	defer l.store.buffers.Put(buf)
	next := uint32(0)
	for {
		st, err := l.chunkState(n, next)
		switch {
		case err != nil:
			return err
		case st.absent:
			return fmt.Errorf("snapshot chunk %d of shape %s: %w", n, l.handle, ErrNotFound)
		case st.held != nil:
			if err := emitRows(ctx, st.held.body, st.held.rows, emit); err != nil {
				return err
			}
			next++
		case next < st.stored:
			if next, err = l.readRows(ctx, buf, uint32(n), next, st.stored, emit); err != nil || st.stored == allStored {
				return err
			}
		case st.wait == nil:
			return nil
		default:
			if err := waitFor(ctx, st.wait); err != nil {
				return err
			}
		}
	}
}

// readRows emits the stored blocks of a chunk from block seq to block end, and returns the number of the block after them.
func (l *Log) readRows(ctx context.Context, buf *[]byte, chunk, seq, end uint32, emit func([]byte, int) error) (next uint32, err error) {
	for more := true; more; {
		var items int
		if *buf, items, seq, more, err = l.collectRows((*buf)[:0], chunk, seq, end); err != nil {
			return seq, err
		}
		if err := emitRows(ctx, *buf, items, emit); err != nil {
			return seq, err
		}
	}
	return seq, nil
}

func emitRows(ctx context.Context, body []byte, rows int, emit func([]byte, int) error) error {
	if rows > 0 {
		if err := emit(body, rows); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// collectRows copies blocks of a chunk before block end into buf, about readBytes of them but at least one, and returns the
// number of the block to go on with, and whether there may be one.
func (l *Log) collectRows(buf []byte, chunk, seq, end uint32) (_ []byte, items int, next uint32, more bool, err error) {
	s := l.store
	if err := s.enter(); err != nil {
		return buf, 0, seq, false, err
	}
	defer s.leave()
	var lo, hi keyBuf
	to := snapshotKey(&hi, l.handle, chunk, end)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: snapshotKey(&lo, l.handle, chunk, seq), UpperBound: to})
	if err != nil {
		return buf, 0, seq, false, classify(err)
	}
	defer closeIter(it, &err)
	if l.Removed() {
		return buf, 0, seq, false, ErrRemoved
	}
	for ok := it.First(); ok; ok = it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return buf, 0, seq, false, classify(err)
		}
		rows, body, err := parseSnapshotBlock(v)
		if err != nil || len(it.Key()) != snapKeySize || binary.BigEndian.Uint32(it.Key()[snapKeySize-4:]) != seq {
			return buf, 0, seq, false, corrupt("block %d of snapshot chunk %d of shape %s", seq, chunk, l.handle)
		}
		if items > 0 && len(buf)+1+len(body) > readBytes {
			return buf, items, seq, true, nil
		}
		if items > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, body...)
		items += rows
		seq++
	}
	if err := it.Error(); err != nil {
		return buf, 0, seq, false, classify(err)
	}
	if end != allStored && seq != end {
		return buf, 0, seq, false, corrupt("block %d of snapshot chunk %d of shape %s is missing", seq, chunk, l.handle)
	}
	return buf, items, seq, false, nil
}

func parseSnapshotBlock(v []byte) (rows int, body []byte, err error) {
	n, size := binary.Uvarint(v)
	if size <= 0 || n == 0 || n > uint64(len(v)) {
		return 0, nil, corrupt("snapshot block of %d rows", n)
	}
	return int(n), v[size:], nil
}

func waitFor(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
