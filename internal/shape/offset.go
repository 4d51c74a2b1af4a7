package shape

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"
)

// Offset is a position in a shape's log: the commit LSN of a transaction and the position of an operation in it. The zero
// Offset is `0_0`, the end of the first snapshot chunk. Offsets with Tx 0 are virtual: `0_n` ends snapshot chunk n and
// `0_inf` ends the snapshot. As a request offset it means "everything strictly after this", as a response offset
// "everything up to and including this".
type Offset struct {
	Tx uint64 // commit LSN, the whole unsigned range
	Op int64  // operation position ≥ 0; OpInf; or -1 in BeforeAll only
}

// OpInf is the operation position that is greater than every other.
const OpInf = math.MaxInt64

var (
	// BeforeAll is `-1`, before the first snapshot chunk.
	BeforeAll = Offset{Tx: 0, Op: -1}
	// FirstChunk is `0_0`, the end of the first snapshot chunk.
	FirstChunk = Offset{}
	// SnapshotEnd is `0_inf`, the end of the snapshot and the beginning of the log.
	SnapshotEnd = Offset{Tx: 0, Op: OpInf}
	// Last is greater than every offset of a log.
	Last = Offset{Tx: math.MaxUint64, Op: OpInf}
)

// ErrBadOffset reports text that is not an offset.
var ErrBadOffset = errors.New("malformed log offset")

// OffsetKeySize is the length in bytes of an offset's binary form.
const OffsetKeySize = 16

// ParseOffset reads `-1`, `<tx>_<op>` or `<tx>_inf`. Leading zeros and a plus sign are tolerated and `-1_0` is `-1`; the
// request word `now` is not an offset.
func ParseOffset(s string) (Offset, error) {
	if s == "-1" || s == "-1_0" {
		return BeforeAll, nil
	}
	tx, op, ok := strings.Cut(s, "_")
	if !ok {
		return Offset{}, ErrBadOffset
	}
	t, err := strconv.ParseUint(strings.TrimPrefix(tx, "+"), 10, 64)
	if err != nil {
		return Offset{}, ErrBadOffset
	}
	if op == "inf" {
		return Offset{Tx: t, Op: OpInf}, nil
	}
	o, err := strconv.ParseUint(strings.TrimPrefix(op, "+"), 10, 63)
	if err != nil || o == OpInf {
		return Offset{}, ErrBadOffset
	}
	return Offset{Tx: t, Op: int64(o)}, nil
}

// Compare orders by transaction, then operation.
func (o Offset) Compare(p Offset) int {
	switch {
	case o.Tx < p.Tx:
		return -1
	case o.Tx > p.Tx:
		return 1
	case o.Op < p.Op:
		return -1
	case o.Op > p.Op:
		return 1
	}
	return 0
}

// Less reports whether o comes before p.
func (o Offset) Less(p Offset) bool { return o.Compare(p) < 0 }

// Virtual reports whether o lies before the first logged change: `-1`, `0_n` or `0_inf`.
func (o Offset) Virtual() bool { return o.Tx == 0 }

// Next is the smallest offset after o that an item can be given: op+1, and `1_0` after `0_inf`. Synthetic items that have
// no operation of their own use it.
func (o Offset) Next() Offset {
	if o.Op == OpInf {
		return Offset{Tx: o.Tx + 1}
	}
	return Offset{Tx: o.Tx, Op: o.Op + 1}
}

// String prints the offset as clients see it.
func (o Offset) String() string { return string(o.AppendText(make([]byte, 0, 24))) }

// AppendText appends the printed form to b.
func (o Offset) AppendText(b []byte) []byte {
	if o == BeforeAll {
		return append(b, '-', '1')
	}
	b = strconv.AppendUint(b, o.Tx, 10)
	b = append(b, '_')
	if o.Op == OpInf {
		return append(b, "inf"...)
	}
	return strconv.AppendInt(b, o.Op, 10)
}

// AppendKey appends the binary form used in storage keys. Its byte order is the order of offsets.
func (o Offset) AppendKey(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, o.Tx)
	return binary.BigEndian.AppendUint64(b, uint64(o.Op+1))
}

// OffsetFromKey reads the first OffsetKeySize bytes of a binary form. It panics when b is shorter.
func OffsetFromKey(b []byte) Offset {
	return Offset{Tx: binary.BigEndian.Uint64(b), Op: int64(binary.BigEndian.Uint64(b[8:]) - 1)}
}
