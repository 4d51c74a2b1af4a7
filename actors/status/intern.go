package status

import (
	"encoding/binary"

	"leyden/internal/shape"
)

// interner lets definitions over the same table and columns share one set of names. A set goes when its last definition
// goes.
type interner map[string]*names

type names struct {
	table                   shape.Table
	key, selected, explicit []string
	users                   int
}

// take returns a definition equal to d whose names are shared.
func (in interner) take(d *shape.Definition) *shape.Definition {
	k := namesKey(d)
	n := in[string(k)]
	if n == nil {
		n = &names{table: d.Table, key: d.Key, selected: d.Selected, explicit: d.Explicit}
		in[string(k)] = n
	}
	n.users++
	shared := *d
	shared.Table, shared.Key, shared.Selected, shared.Explicit = n.table, n.key, n.selected, n.explicit
	return &shared
}

func (in interner) release(d *shape.Definition) {
	k := namesKey(d)
	n := in[string(k)]
	if n.users--; n.users == 0 {
		delete(in, string(k))
	}
}

func namesKey(d *shape.Definition) []byte {
	b := make([]byte, 0, 256)
	b = binary.BigEndian.AppendUint32(b, d.Table.OID)
	b = appendNames(b, d.Table.Schema, d.Table.Name)
	for _, list := range [][]string{d.Key, d.Selected, d.Explicit} {
		if list == nil {
			b = append(b, 0)
			continue
		}
		b = binary.AppendUvarint(append(b, 1), uint64(len(list)))
		b = appendNames(b, list...)
	}
	return b
}

func appendNames(b []byte, list ...string) []byte {
	for _, s := range list {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}
