package pgoutput

import (
	"time"

	"leyden/internal/change"
)

// Kind is the first byte of a message, named as in the manual's chapter on logical replication message formats.
type Kind byte

const (
	KindBegin    Kind = 'B'
	KindCommit   Kind = 'C'
	KindOrigin   Kind = 'O'
	KindRelation Kind = 'R'
	KindType     Kind = 'Y'
	KindInsert   Kind = 'I'
	KindUpdate   Kind = 'U'
	KindDelete   Kind = 'D'
	KindTruncate Kind = 'T'
	KindMessage  Kind = 'M'
)

// CellKind says what a tuple holds for a column.
type CellKind byte

const (
	CellNull      CellKind = 'n'
	CellUnchanged CellKind = 'u' // a TOAST value that the update did not touch and the server did not send
	CellText      CellKind = 't'
)

// Cell is one column of a tuple. Text aliases the message.
type Cell struct {
	Kind CellKind
	Text []byte
}

// Message is a decoded message; which fields are set depends on the kind. It aliases the bytes it was decoded from and the
// decoder that made it, and is valid until the decoder's next message.
type Message struct {
	Kind Kind

	XID    uint32    // Begin
	LSN    uint64    // Begin: where the commit record will start. Commit: where it starts
	EndLSN uint64    // Commit: where the commit record ends
	Time   time.Time // Begin, Commit: commit time on the server

	RelationOID uint32 // Insert, Update, Delete
	OldKind     byte   // Update, Delete: 'K' key columns, 'O' whole old row, 0 none
	Old, New    []Cell
	TextBytes   int64 // Insert, Update, Delete: sum of the lengths of all text cells

	Relation  *change.Relation // Relation
	Truncated []uint32         // Truncate
}

// Decoder decodes messages one at a time. It allocates for relation messages only.
type Decoder struct {
	msg       Message
	old, new  []Cell
	truncated []uint32
}

// postgresEpoch is 2000-01-01 00:00:00 UTC in microseconds of the Unix epoch.
const postgresEpoch = 946684800 * 1e6

// Decode decodes one message, the WAL data of one XLogData.
func (d *Decoder) Decode(data []byte) (*Message, error) {
	if len(data) == 0 {
		return nil, malformed("empty")
	}
	r := reader{b: data[1:]}
	m := &d.msg
	*m = Message{Kind: Kind(data[0])}
	switch m.Kind {
	case KindBegin:
		m.LSN = r.uint64()
		m.Time = serverTime(r.uint64())
		m.XID = r.uint32()
	case KindCommit:
		r.uint8() // flags, unused
		m.LSN = r.uint64()
		m.EndLSN = r.uint64()
		m.Time = serverTime(r.uint64())
	case KindRelation:
		m.Relation = relation(&r)
	case KindInsert:
		m.RelationOID = r.uint32()
		d.newTuple(&r, r.uint8())
	case KindUpdate:
		m.RelationOID = r.uint32()
		tag := r.uint8()
		if tag == 'K' || tag == 'O' {
			d.oldTuple(&r, tag)
			tag = r.uint8()
		}
		d.newTuple(&r, tag)
	case KindDelete:
		m.RelationOID = r.uint32()
		tag := r.uint8()
		if tag != 'K' && tag != 'O' {
			return nil, malformed("delete with tuple %q", tag)
		}
		d.oldTuple(&r, tag)
	case KindTruncate:
		d.truncate(&r)
	case KindOrigin, KindType, KindMessage:
		return m, nil
	default:
		return nil, malformed("unexpected kind %q", byte(m.Kind))
	}
	if r.short {
		return nil, malformed("%q is cut short or holds what the text protocol does not have", byte(m.Kind))
	}
	if len(r.b) > 0 {
		return nil, malformed("%q has %d bytes too many", byte(m.Kind), len(r.b))
	}
	return m, nil
}

func (d *Decoder) newTuple(r *reader, tag byte) {
	if tag != 'N' {
		r.short = true
		return
	}
	d.new = d.tuple(r, d.new[:0])
	d.msg.New = d.new
}

func (d *Decoder) oldTuple(r *reader, tag byte) {
	d.msg.OldKind = tag
	d.old = d.tuple(r, d.old[:0])
	d.msg.Old = d.old
}

func (d *Decoder) tuple(r *reader, cells []Cell) []Cell {
	for n := r.uint16(); n > 0; n-- {
		switch kind := CellKind(r.uint8()); kind {
		case CellNull, CellUnchanged:
			cells = append(cells, Cell{Kind: kind})
		case CellText:
			text := r.take(int(int32(r.uint32())))
			if r.short {
				return cells
			}
			d.msg.TextBytes += int64(len(text))
			cells = append(cells, Cell{Kind: kind, Text: text})
		default: // 'b', which is never asked for, and the end of the bytes
			r.short = true
			return cells
		}
	}
	return cells
}

func (d *Decoder) truncate(r *reader) {
	n := r.uint32()
	r.uint8() // CASCADE and RESTART IDENTITY: the tables they reach are listed
	if int64(n)*4 > int64(len(r.b)) {
		r.short = true
		return
	}
	d.truncated = d.truncated[:0]
	for ; n > 0; n-- {
		d.truncated = append(d.truncated, r.uint32())
	}
	d.msg.Truncated = d.truncated
}

func relation(r *reader) *change.Relation {
	rel := &change.Relation{OID: r.uint32(), Schema: r.text(), Name: r.text(), ReplicaIdentity: r.uint8()}
	if rel.Schema == "" {
		rel.Schema = "pg_catalog" // the protocol's shorthand
	}
	n := int(r.uint16())
	const smallest = 1 + 1 + 4 + 4 // flags, empty name, type, modifier
	if n*smallest > len(r.b) {
		r.short = true
		return nil
	}
	rel.Columns = make([]change.Column, n)
	for i := range rel.Columns {
		flags := r.uint8()
		rel.Columns[i] = change.Column{Name: r.text(), TypeOID: r.uint32(), TypeMod: int32(r.uint32()), Key: flags&1 != 0}
	}
	return rel
}

func serverTime(microseconds uint64) time.Time {
	return time.UnixMicro(int64(microseconds) + postgresEpoch).UTC()
}
