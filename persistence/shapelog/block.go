package shapelog

import (
	"encoding/binary"
	"math"

	"leyden/internal/change"
	"leyden/internal/shape"
)

// A log block holds consecutive items of one transaction. Its key carries the offset of the last one. The value:
//
//	flags    1 byte, flagCloses
//	count    uvarint ≥ 1, items
//	open     uvarint, JSON bytes in the open chunk after the block; 0 when the block closes its chunk
//	span     uvarint, operation position of the last item minus that of the first
//	index    uvarint length, then for each item but the last: uvarint JSON length, uvarint step to the next operation position
//	body     the JSON objects, joined by ","
const flagCloses = 1

// maxBlockBytes bounds the JSON of a log block, unless one item alone is larger. A slow reader pins about this much.
const maxBlockBytes = 64 << 10

type block struct {
	first, last shape.Offset
	count       int
	open        uint32
	closes      bool // the chunk ends with this block
	index, body []byte
}

// parseBlock reads the head of a block. The index is read, and checked, by cut and check.
func parseBlock(last shape.Offset, v []byte) (block, error) {
	b := block{last: last}
	if len(v) == 0 || v[0]&^flagCloses != 0 {
		return b, corrupt("flags")
	}
	b.closes = v[0]&flagCloses != 0
	v = v[1:]
	var head [4]uint64
	for i := range head {
		n, size := binary.Uvarint(v)
		if size <= 0 {
			return b, corrupt("head field %d", i)
		}
		head[i], v = n, v[size:]
	}
	count, open, span, index := head[0], head[1], head[2], head[3]
	switch {
	case count == 0 || count > uint64(len(v))+1: // an item has at least one byte of index, but for the last
		return b, corrupt("%d items", count)
	case open > math.MaxUint32 || b.closes && open != 0:
		return b, corrupt("%d bytes in the open chunk", open)
	case last.Op < 0 || span > uint64(last.Op):
		return b, corrupt("span %d", span)
	case index > uint64(len(v)):
		return b, corrupt("index of %d bytes", index)
	}
	b.count, b.open = int(count), uint32(open)
	b.first = shape.Offset{Tx: last.Tx, Op: last.Op - int64(span)}
	b.index, b.body = v[:index], v[index:]
	return b, nil
}

// each calls f with the offset of every item and where its JSON is in the body.
func (b *block) each(f func(o shape.Offset, from, to int) bool) error {
	index, o, from := b.index, b.first, 0
	for i := range b.count {
		if i == b.count-1 {
			if o != b.last || len(index) != 0 || from > len(b.body) {
				return corrupt("index does not end with the block")
			}
			f(o, from, len(b.body))
			return nil
		}
		size, n := binary.Uvarint(index)
		if n <= 0 {
			return corrupt("length of item %d", i)
		}
		index = index[n:]
		step, n := binary.Uvarint(index)
		if n <= 0 || step == 0 || step > uint64(b.last.Op-o.Op) {
			return corrupt("step after item %d", i)
		}
		index = index[n:]
		if size >= uint64(len(b.body)-from) || b.body[from+int(size)] != ',' {
			return corrupt("length of item %d", i)
		}
		to := from + int(size)
		if !f(o, from, to) {
			return nil
		}
		o.Op += int64(step)
		from = to + 1
	}
	return nil
}

// cut returns the part of the body with the items in (after, upTo].
func (b *block) cut(after, upTo shape.Offset) (body []byte, items int, err error) {
	if after.Less(b.first) && !upTo.Less(b.last) {
		return b.body, b.count, nil
	}
	start, end := -1, 0
	err = b.each(func(o shape.Offset, from, to int) bool {
		if upTo.Less(o) {
			return false
		}
		if after.Less(o) {
			if start < 0 {
				start = from
			}
			end = to
			items++
		}
		return true
	})
	if err != nil || start < 0 {
		return nil, 0, err
	}
	return b.body[start:end], items, nil
}

// blockExtent says how many of items go into the next block, and what it leaves in the open chunk.
func blockExtent(items []change.Item, open uint32, chunkBytes uint32) (n int, after uint32, closes bool) {
	bytes := 0
	for i := range items {
		size := items[i].Len()
		if i > 0 && (items[i].Offset.Tx != items[0].Offset.Tx || bytes+size > maxBlockBytes) {
			return i, open, false
		}
		bytes += size
		if uint64(open)+uint64(size) >= uint64(chunkBytes) {
			return i + 1, 0, true
		}
		open += uint32(size)
	}
	return len(items), open, false
}

// blockSize is the exact number of bytes that appendBlock adds.
func blockSize(items []change.Item, open uint32) int {
	last := len(items) - 1
	index, body := blockIndexSize(items), last // commas
	for i := range items {
		body += items[i].Len()
	}
	span := items[last].Offset.Op - items[0].Offset.Op
	return 1 + uvarintSize(uint64(len(items))) + uvarintSize(uint64(open)) + uvarintSize(uint64(span)) +
		uvarintSize(uint64(index)) + index + body
}

func blockIndexSize(items []change.Item) int {
	n := 0
	for i := range len(items) - 1 {
		n += uvarintSize(uint64(items[i].Len())) + uvarintSize(uint64(items[i+1].Offset.Op-items[i].Offset.Op))
	}
	return n
}

// appendBlock encodes items, which are of one transaction, ascending and not empty.
func appendBlock(v []byte, items []change.Item, open uint32, closes bool) []byte {
	last := len(items) - 1
	flags := byte(0)
	if closes {
		flags = flagCloses
	}
	v = append(v, flags)
	v = binary.AppendUvarint(v, uint64(len(items)))
	v = binary.AppendUvarint(v, uint64(open))
	v = binary.AppendUvarint(v, uint64(items[last].Offset.Op-items[0].Offset.Op))
	v = binary.AppendUvarint(v, uint64(blockIndexSize(items)))
	for i := range last {
		v = binary.AppendUvarint(v, uint64(items[i].Len()))
		v = binary.AppendUvarint(v, uint64(items[i+1].Offset.Op-items[i].Offset.Op))
	}
	for i := range items {
		if i > 0 {
			v = append(v, ',')
		}
		v = items[i].AppendTo(v)
	}
	return v
}

func uvarintSize(n uint64) int {
	size := 1
	for n >= 0x80 {
		n >>= 7
		size++
	}
	return size
}
