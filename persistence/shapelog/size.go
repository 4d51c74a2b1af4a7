package shapelog

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Size is how much a shape has stored.
type Size struct {
	Rows  int64 // of its snapshot
	Items int64 // of its log
	Bytes int64 // JSON of both, as clients get it
}

// Add adds another size.
func (s *Size) Add(o Size) {
	s.Rows, s.Items, s.Bytes = s.Rows+o.Rows, s.Items+o.Items, s.Bytes+o.Bytes
}

// Size counts what is stored of the shape, by reading the heads of its blocks: it takes the longer the longer the log is,
// and waits for nobody. What is not in the store yet of a snapshot that is being made does not count.
func (l *Log) Size(ctx context.Context) (size Size, err error) {
	s := l.store
	if err := s.enter(); err != nil {
		return size, err
	}
	defer s.leave()
	l.mu.Lock()
	complete := l.state&stateComplete != 0
	l.mu.Unlock()
	var lo, hi keyBuf
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: shapeKey(&lo, l.handle, kindLog), UpperBound: shapeKey(&hi, l.handle, kindSnapshot+1)})
	if err != nil {
		return size, classify(err)
	}
	defer closeIter(it, &err)
	if l.Removed() {
		return size, ErrRemoved
	}
	for n, ok := 0, it.First(); ok; n, ok = n+1, it.Next() {
		if n%256 == 255 && ctx.Err() != nil {
			return size, ctx.Err()
		}
		block, err := sizeOf(it)
		if err != nil {
			return size, fmt.Errorf("measure shape %s: %w", l.handle, err)
		}
		size.Add(block)
	}
	if complete {
		size.Rows-- // the snapshot-end message, which is stored like a row
	}
	return size, classify(it.Error())
}

// sizeOf measures the block that it points at.
func sizeOf(it *pebble.Iterator) (Size, error) {
	if it.Key()[shapeKeyMin-1] == kindLog {
		b, err := blockAt(it)
		return Size{Items: int64(b.count), Bytes: int64(len(b.body))}, err
	}
	v, err := it.ValueAndErr()
	if err != nil {
		return Size{}, classify(err)
	}
	rows, body, err := parseSnapshotBlock(v)
	return Size{Rows: int64(rows), Bytes: int64(len(body))}, err
}
