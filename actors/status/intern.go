package status

import (
	"encoding/binary"

	"leyden/internal/shape"
)

// interner lets equal layouts be one. A layout goes when its last definition goes.
type interner map[string]*layout

type layout struct {
	shared *shape.Layout
	users  int
}

// take returns a definition equal to d whose layout is shared.
func (in interner) take(d *shape.Definition) *shape.Definition {
	k := layoutKey(d.Layout)
	l := in[string(k)]
	if l == nil {
		l = &layout{shared: d.Layout}
		in[string(k)] = l
	}
	l.users++
	shared := *d
	shared.Layout = l.shared
	return &shared
}

func (in interner) release(d *shape.Definition) {
	k := layoutKey(d.Layout)
	l := in[string(k)]
	if l.users--; l.users == 0 {
		delete(in, string(k))
	}
}

func layoutKey(l *shape.Layout) []byte {
	b := make([]byte, 0, 256)
	b = binary.BigEndian.AppendUint32(b, l.Table.OID)
	b = appendNames(b, l.Table.Schema, l.Table.Name)
	for _, flag := range []bool{l.NoPrimaryKey, l.SelectsAll, l.SelectsGenerated} {
		if flag {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	for _, list := range [][]string{l.Key, l.Selected, l.Explicit} {
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
