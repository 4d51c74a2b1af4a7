package shapelog

import (
	"encoding/binary"

	"leyden/internal/shape"
)

// The first byte of a key names its space. README.md has the layout byte for byte.
const (
	spaceCatalogue = 'c' // handle, part → record
	spaceKV        = 'k' // name → value of the caller
	spaceMeta      = 'm' // name → record about the store itself
	spacePending   = 'p' // handle → offset at which the log really ends
	spaceShape     = 's' // handle, kind, … → blocks
)

// Parts of a catalogue entry.
const (
	partShape      = 0x00 // ShapeRecord
	partSnapshot   = 0x01 // SnapshotRecord, present when the snapshot is complete
	partUnfiltered = 0x02 // present when transactions are no longer compared with the snapshot
)

// Kinds of keys under a shape.
const (
	kindChunkEnd = 'c' // offset → nothing: a closed chunk of the log ends here
	kindLog      = 'l' // offset of the last item → block
	kindSnapshot = 's' // chunk, sequence number → block
)

const (
	handleEnd   = 1 + shape.HandleKeySize // space and handle
	shapeKeyMin = handleEnd + 1           // and kind
	logKeySize  = shapeKeyMin + shape.OffsetKeySize
	snapKeySize = shapeKeyMin + 8
	maxKeySize  = logKeySize
)

var (
	keyFormat       = []byte("mformat")
	keyPosition     = []byte("mposition")
	keyAcknowledged = []byte("macknowledged")
)

// keyBuf is room for one key on the stack of its builder.
type keyBuf [maxKeySize]byte

func catalogueKey(b *keyBuf, h shape.Handle, part byte) []byte {
	return append(h.AppendKey(append(b[:0], spaceCatalogue)), part)
}

func pendingKey(b *keyBuf, h shape.Handle) []byte {
	return h.AppendKey(append(b[:0], spacePending))
}

func shapeKey(b *keyBuf, h shape.Handle, kind byte) []byte {
	return append(h.AppendKey(append(b[:0], spaceShape)), kind)
}

// offsetKey is the key of a log block or of a chunk end.
func offsetKey(b *keyBuf, h shape.Handle, kind byte, o shape.Offset) []byte {
	return o.AppendKey(shapeKey(b, h, kind))
}

func snapshotKey(b *keyBuf, h shape.Handle, chunk, seq uint32) []byte {
	k := binary.BigEndian.AppendUint32(shapeKey(b, h, kindSnapshot), chunk)
	return binary.BigEndian.AppendUint32(k, seq)
}

// handleRange is every key of a space that belongs to one handle. Handles have a fixed size, so no handle is a prefix of another.
func handleRange(lo, hi *keyBuf, space byte, h shape.Handle) (from, to []byte) {
	from = h.AppendKey(append(lo[:0], space))
	to = append(h.AppendKey(append(hi[:0], space)), 0xff)
	return from, to
}
