package shapelog

import (
	"fmt"
	"sort"

	"github.com/cockroachdb/pebble/v2"

	"leyden/internal/shape"
)

// readBytes is how much a reader collects before it hands it over. While the receiver is busy with it, perhaps for as long
// as a slow client likes, nothing of the store is held but these bytes.
const readBytes = 64 << 10

// ChunkEnd finds the end of the closed chunk that holds the first item after the given offset. When that item is in the open
// chunk, or there is none, it returns the end of the log and false. The part of a chunk that is not yet visible does not
// count.
func (l *Log) ChunkEnd(after shape.Offset) (end shape.Offset, closed bool, err error) {
	s := l.store
	if err := s.enter(); err != nil {
		return end, false, err
	}
	defer s.leave()
	l.mu.Lock()
	if err := l.load(); err != nil {
		l.mu.Unlock()
		return end, false, err
	}
	latest := l.latest
	blocks, inTail := l.tailAfter(after)
	l.mu.Unlock()

	switch {
	case !after.Less(latest):
		return latest, false, nil
	case inTail:
		return tailChunkEnd(blocks, after, latest)
	}
	var lo, hi keyBuf
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound: offsetKey(&lo, l.handle, kindChunkEnd, after.Next()),
		UpperBound: shapeKey(&hi, l.handle, kindChunkEnd+1),
	})
	if err != nil {
		return end, false, classify(err)
	}
	defer closeIter(it, &err)
	if l.Removed() {
		return end, false, ErrRemoved
	}
	if !it.First() {
		return latest, false, classify(it.Error())
	}
	if end, err = logKeyOffset(it.Key()); err != nil || latest.Less(end) {
		return latest, false, err
	}
	return end, true, nil
}

// blocksAfter drops the blocks that end at or before an offset.
func blocksAfter(blocks []tailBlock, after shape.Offset) []tailBlock {
	return blocks[sort.Search(len(blocks), func(i int) bool { return after.Less(blocks[i].last) }):]
}

func tailChunkEnd(blocks []tailBlock, after, latest shape.Offset) (shape.Offset, bool, error) {
	for _, t := range blocksAfter(blocks, after) {
		if t.value[0]&flagCloses != 0 {
			return t.last, true, nil
		}
	}
	return latest, false, nil
}

// ReadLog emits the items in (after, upTo], as far as they are visible. A block is JSON objects joined by ",", without a comma
// at either end. It is valid, and must not be changed, until emit returns. An error of emit ends the reading and is returned
// as it is.
func (l *Log) ReadLog(after, upTo shape.Offset, emit func(block []byte, items int) error) error {
	s := l.store
	if err := s.enter(); err != nil {
		return err
	}
	l.mu.Lock()
	err := l.load()
	latest := l.latest
	blocks, inTail := l.tailAfter(after)
	l.mu.Unlock()
	s.leave()
	if err != nil {
		return err
	}
	if latest.Less(upTo) {
		upTo = latest
	}
	if !after.Less(upTo) {
		return nil
	}
	if inTail {
		return l.emitTail(blocks, after, upTo, emit)
	}
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	for after.Less(upTo) {
		var items int
		*buf, items, after, err = l.collect((*buf)[:0], after, upTo)
		if err != nil {
			return err
		}
		if items > 0 {
			if err := emit(*buf, items); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Log) emitTail(blocks []tailBlock, after, upTo shape.Offset, emit func([]byte, int) error) error {
	for _, t := range blocksAfter(blocks, after) {
		b, err := parseBlock(t.last, t.value)
		if err != nil {
			return fmt.Errorf("block %s of log %s: %w", t.last, l.handle, err)
		}
		if upTo.Less(b.first) {
			return nil
		}
		body, items, err := b.cut(after, upTo)
		if err != nil {
			return fmt.Errorf("block %s of log %s: %w", t.last, l.handle, err)
		}
		if items > 0 {
			if err := emit(body, items); err != nil {
				return err
			}
		}
	}
	return nil
}

// collect copies items in (after, upTo] into buf, about readBytes of them, and returns the offset up to which it has come.
func (l *Log) collect(buf []byte, after, upTo shape.Offset) (_ []byte, items int, reached shape.Offset, err error) {
	s := l.store
	if err := s.enter(); err != nil {
		return buf, 0, after, err
	}
	defer s.leave()
	var lo, hi keyBuf
	it, err := s.db.NewIter(&pebble.IterOptions{
		LowerBound: offsetKey(&lo, l.handle, kindLog, after.Next()),
		UpperBound: shapeKey(&hi, l.handle, kindLog+1),
	})
	if err != nil {
		return buf, 0, after, classify(err)
	}
	defer closeIter(it, &err)
	// A removal marks the log before it deletes. What the iterator sees is complete if the mark is not there now.
	if l.Removed() {
		return buf, 0, after, ErrRemoved
	}
	for ok := it.First(); ok; ok = it.Next() {
		b, err := blockAt(it)
		if err != nil {
			return buf, 0, after, err
		}
		if upTo.Less(b.first) {
			break
		}
		if items > 0 && len(buf)+1+len(b.body) > readBytes {
			return buf, items, after, nil
		}
		body, n, err := b.cut(after, upTo)
		if err != nil {
			return buf, 0, after, fmt.Errorf("block %s of log %s: %w", b.last, l.handle, err)
		}
		if n > 0 {
			if items > 0 {
				buf = append(buf, ',')
			}
			buf = append(buf, body...)
			items += n
		}
		after = b.last
		if !after.Less(upTo) {
			break
		}
	}
	return buf, items, upTo, classify(it.Error())
}
