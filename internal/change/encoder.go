package change

import (
	"strconv"
	"sync/atomic"

	"leyden/internal/shape"
	"leyden/internal/where"
)

// chunkBytes is what an encoder takes from the heap at once: items are written one behind the other into it.
const chunkBytes = 16 << 10

// Encoder writes items. It is not safe for concurrent use; the items are.
type Encoder struct {
	// Where is for whoever has the encoder, to evaluate clauses with.
	Where where.Scratch

	chunk []byte // the free rest
	count *atomic.Uint64
	fails *atomic.Uint64
}

// Unevaluated counts a clause that could not be evaluated over a row.
func (e *Encoder) Unevaluated() { e.fails.Add(1) }

// begin returns where an item of about n bytes can be appended to.
func (e *Encoder) begin(n int) []byte {
	if cap(e.chunk) < n {
		e.chunk = make([]byte, 0, max(chunkBytes, n))
	}
	return e.chunk[:0]
}

// end takes the item's bytes out of the chunk, unless it outgrew it and lies elsewhere.
func (e *Encoder) end(item []byte) []byte {
	e.count.Add(1)
	if n := len(item); n <= cap(e.chunk) && &item[0] == &e.chunk[:1][0] {
		e.chunk = e.chunk[n:n:cap(e.chunk)]
	}
	return item[:len(item):len(item)]
}

// place is where an item belongs: its transaction and its position in it.
type place struct {
	xid uint32
	lsn uint64
	pos int64
}

// overhead bounds the bytes of an item besides its names and values.
const overhead = 160

// size estimates an item's bytes, exactly enough that most items fit where they begin.
func (p *Projection) size(l *layout, row Tuple) int {
	n := overhead + len(p.keyPrefix) + len(p.relation)
	for i, c := range l.columns {
		n += len(p.names[i]) + len(row[c]) + 8
	}
	for _, c := range l.key {
		n += len(row[c]) + 8
	}
	return n
}

func (p *Projection) appendKey(dst []byte, l *layout, row Tuple) []byte {
	dst = append(dst, '"')
	dst = append(dst, p.keyPrefix...)
	for _, c := range l.key {
		dst = AppendKeyPart(dst, row[c])
	}
	return append(dst, '"')
}

func appendValue(dst, v []byte) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	return AppendJSONString(dst, v)
}

// appendRow appends the object with the selected columns that take says.
func (p *Projection) appendRow(dst []byte, l *layout, row Tuple, take func(i, column int) bool) []byte {
	dst = append(dst, '{')
	first := true
	for i, c := range l.columns {
		if take != nil && !take(i, c) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, p.names[i]...)
		dst = appendValue(dst, row[c])
	}
	return append(dst, '}')
}

// appendHeaders appends `,"headers":{…` up to where further headers can follow.
func (p *Projection) appendHeaders(dst []byte, operation string, at place) []byte {
	dst = append(dst, `,"headers":{"operation":"`...)
	dst = append(dst, operation...)
	dst = append(dst, p.relation...)
	dst = strconv.AppendUint(dst, uint64(at.xid), 10)
	dst = append(dst, `],"lsn":"`...)
	dst = strconv.AppendUint(dst, at.lsn, 10)
	dst = append(dst, `","op_position":`...)
	return strconv.AppendInt(dst, at.pos, 10)
}

// insert encodes the coming of a row. A non-nil from is the row that it was under another key.
func (e *Encoder) insert(p *Projection, l *layout, at place, row, from Tuple) []byte {
	dst := e.begin(p.size(l, row))
	dst = append(dst, `{"key":`...)
	dst = p.appendKey(dst, l, row)
	dst = append(dst, `,"value":`...)
	dst = p.appendRow(dst, l, row, nil)
	dst = p.appendHeaders(dst, "insert", at)
	if from != nil {
		dst = append(dst, `,"key_change_from":`...)
		dst = p.appendKey(dst, l, from)
	}
	return e.end(append(dst, '}', '}'))
}

// delete encodes the going of a row. A non-nil to is the row that it becomes under another key.
func (e *Encoder) delete(p *Projection, l *layout, at place, row, to Tuple) []byte {
	dst := e.begin(p.size(l, row))
	dst = append(dst, `{"key":`...)
	dst = p.appendKey(dst, l, row)
	dst = append(dst, `,"value":`...)
	dst = p.appendRow(dst, l, row, p.taken(func(i, _ int) bool { return l.isKey[i] }))
	dst = p.appendHeaders(dst, "delete", at)
	if to != nil {
		dst = append(dst, `,"key_change_to":`...)
		dst = p.appendKey(dst, l, to)
	}
	return e.end(append(dst, '}', '}'))
}

// update encodes the change of a row that keeps its key.
func (e *Encoder) update(p *Projection, l *layout, at place, old, row Tuple) []byte {
	differs := func(_, c int) bool { return !same(old[c], row[c]) }
	dst := e.begin(p.size(l, row))
	dst = append(dst, `{"key":`...)
	dst = p.appendKey(dst, l, row)
	dst = append(dst, `,"value":`...)
	dst = p.appendRow(dst, l, row, p.taken(func(i, c int) bool { return l.isKey[i] || differs(i, c) }))
	if p.whole() {
		dst = append(dst, `,"old_value":`...)
		dst = p.appendRow(dst, l, old, differs)
	}
	dst = p.appendHeaders(dst, "update", at)
	return e.end(append(dst, '}', '}'))
}

// whole reports whether updates and deletes carry whole rows.
func (p *Projection) whole() bool { return p.replica == shape.ReplicaFull }

// taken is the choice of columns outside of the full replica mode.
func (p *Projection) taken(choice func(i, column int) bool) func(i, column int) bool {
	if p.whole() {
		return nil
	}
	return choice
}
