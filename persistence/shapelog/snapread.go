package shapelog

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// chunkState is what a reader of one snapshot chunk may do.
type chunkState struct {
	blocks uint32        // the first blocks that can be read; not set when closed
	closed bool          // all blocks can be read
	absent bool          // there is no such chunk, and there will be none
	wait   chan struct{} // when neither: closed when there may be more
}

// chunkState looks at chunk n.
func (l *Log) chunkState(n int) (chunkState, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ended(); err != nil {
		return chunkState{}, err
	}
	switch {
	case n < 0:
		return chunkState{absent: true}, nil
	case l.state&stateComplete != 0:
		there := n <= int(l.lastChunk)
		return chunkState{closed: there, absent: !there}, nil
	case l.work == nil || l.work.snap == nil || l.work.snap.aborted:
		return chunkState{}, ErrAborted
	}
	p := l.work.snap
	if n < int(p.chunk) {
		return chunkState{closed: true}, nil
	}
	st := chunkState{}
	if n == int(p.chunk) {
		st.blocks = p.blocks
	}
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	st.wait = p.changed
	return st, nil
}

// AwaitSnapshotChunk waits until chunk n has something to read, or the snapshot is complete without it.
func (l *Log) AwaitSnapshotChunk(ctx context.Context, n int) (exists bool, err error) {
	for {
		st, err := l.chunkState(n)
		if err != nil {
			return false, err
		}
		if st.closed || st.absent || st.blocks > 0 {
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
		st, err := l.chunkState(n)
		if err != nil {
			return err
		}
		if st.absent {
			return fmt.Errorf("snapshot chunk %d of shape %s: %w", n, l.handle, ErrNotFound)
		}
		for more := st.closed || next < st.blocks; more; more = more && (st.closed || next < st.blocks) {
			var items int
			*buf, items, next, more, err = l.collectRows((*buf)[:0], uint32(n), next, st)
			if err != nil {
				return err
			}
			if items > 0 {
				if err := emit(*buf, items); err != nil {
					return err
				}
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if st.closed {
			return nil
		}
		if err := waitFor(ctx, st.wait); err != nil {
			return err
		}
	}
}

// collectRows copies blocks of a chunk into buf, about readBytes of them but at least one, and returns the number of the
// block to go on with, and whether there may be one.
func (l *Log) collectRows(buf []byte, chunk, seq uint32, st chunkState) (_ []byte, items int, next uint32, more bool, err error) {
	s := l.store
	if err := s.enter(); err != nil {
		return buf, 0, seq, false, err
	}
	defer s.leave()
	var lo, hi keyBuf
	to := snapshotKey(&hi, l.handle, chunk, st.blocks)
	if st.closed {
		to = snapshotKey(&hi, l.handle, chunk+1, 0)
	}
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
	return buf, items, seq, false, classify(it.Error())
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
