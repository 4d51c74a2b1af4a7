package status

import (
	"encoding/binary"

	"leyden/internal/shape"
)

// interner lets equal layouts be one. A layout goes when its last definition goes.
type interner struct {
	equal map[string]*layout
	// shared has the same by the layout that all use, which spares those that come from one catalogue the comparison.
	shared map[*shape.Layout]*layout
}

type layout struct {
	shared *shape.Layout
	key    string
	users  int
}

func newInterner() interner {
	return interner{equal: map[string]*layout{}, shared: map[*shape.Layout]*layout{}}
}

// take returns a definition equal to d whose layout is shared.
func (in interner) take(d *shape.Definition) *shape.Definition {
	l := in.shared[d.Layout]
	if l == nil {
		key := layoutKey(d.Layout)
		if l = in.equal[string(key)]; l == nil {
			l = &layout{shared: d.Layout, key: string(key)}
			in.equal[l.key], in.shared[l.shared] = l, l
		}
	}
	l.users++
	if d.Layout == l.shared {
		return d
	}
	shared := *d
	shared.Layout = l.shared
	return &shared
}

// release gives back what take returned.
func (in interner) release(d *shape.Definition) {
	l := in.shared[d.Layout]
	if l.users--; l.users == 0 {
		delete(in.equal, l.key)
		delete(in.shared, l.shared)
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
