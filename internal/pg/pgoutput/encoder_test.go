package pgoutput_test

import (
	"encoding/binary"

	"leyden/internal/change"
)

// The encoder writes messages as the server does.

const unchanged = "\x00unchanged" // stands for an unchanged TOAST value in rows given to encoders

func row(values ...any) []any { return values }

func tuple(b []byte, tag byte, values []any) []byte {
	b = append(b, tag)
	b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
	for _, v := range values {
		switch text, isText := v.(string); {
		case !isText:
			b = append(b, 'n')
		case text == unchanged:
			b = append(b, 'u')
		default:
			b = append(b, 't')
			b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
			b = append(b, text...)
		}
	}
	return b
}

func begin(lsn uint64, xid uint32) []byte {
	b := binary.BigEndian.AppendUint64([]byte{'B'}, lsn)
	b = binary.BigEndian.AppendUint64(b, 1e6)
	return binary.BigEndian.AppendUint32(b, xid)
}

func commit(lsn uint64) []byte {
	b := binary.BigEndian.AppendUint64([]byte{'C', 0}, lsn)
	b = binary.BigEndian.AppendUint64(b, lsn+40)
	return binary.BigEndian.AppendUint64(b, 1e6)
}

func relation(r *change.Relation) []byte {
	b := binary.BigEndian.AppendUint32([]byte{'R'}, r.OID)
	schema := r.Schema
	if schema == "pg_catalog" {
		schema = ""
	}
	b = append(append(b, schema...), 0)
	b = append(append(b, r.Name...), 0, r.ReplicaIdentity)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.Columns)))
	for _, c := range r.Columns {
		flags := byte(0)
		if c.Key {
			flags = 1
		}
		b = append(append(append(b, flags), c.Name...), 0)
		b = binary.BigEndian.AppendUint32(b, c.TypeOID)
		b = binary.BigEndian.AppendUint32(b, uint32(c.TypeMod))
	}
	return b
}

func insert(oid uint32, values ...any) []byte {
	return tuple(binary.BigEndian.AppendUint32([]byte{'I'}, oid), 'N', values)
}

// update takes the tag 0 for no old row.
func update(oid uint32, tag byte, old, new []any) []byte {
	b := binary.BigEndian.AppendUint32([]byte{'U'}, oid)
	if tag != 0 {
		b = tuple(b, tag, old)
	}
	return tuple(b, 'N', new)
}

func remove(oid uint32, tag byte, old ...any) []byte {
	return tuple(binary.BigEndian.AppendUint32([]byte{'D'}, oid), tag, old)
}

func truncate(oids ...uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{'T'}, uint32(len(oids)))
	b = append(b, 0)
	for _, oid := range oids {
		b = binary.BigEndian.AppendUint32(b, oid)
	}
	return b
}

func items() *change.Relation {
	return &change.Relation{OID: 100, Schema: "public", Name: "items", ReplicaIdentity: 'f', Columns: []change.Column{
		{Name: "id", TypeOID: 23, TypeMod: -1, Key: true},
		{Name: "title", TypeOID: 25, TypeMod: -1, Key: true},
	}}
}

func tags() *change.Relation {
	return &change.Relation{OID: 200, Schema: "public", Name: "tags", ReplicaIdentity: 'f', Columns: []change.Column{
		{Name: "tag", TypeOID: 1043, TypeMod: 24},
	}}
}
