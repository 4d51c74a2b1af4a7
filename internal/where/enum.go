package where

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// maxLabels bounds the labels of an enum whose order a clause depends on: the clause carries them.
const maxLabels = 1000

var errLabel = errors.New("not a label that the enum had when the clause was compiled")

// rank turns an enum, as an ordered comparison takes it, into the position of its label in the catalogue's order.
func (a *analyzer) rank(n *node, loc int32) (*node, error) {
	labels := a.labels[n.typ.name]
	if len(labels) == 0 || len(labels) > maxLabels {
		return nil, a.errorf(loc, "the order of the labels of %s is not known", n.typ)
	}
	return &node{op: opRank, typ: typ{id: tInt4}, labels: labels, args: []*node{n}, loc: n.loc}, nil
}

// checkLabel reports whether text may be a label of the enum.
func (a *analyzer) checkLabel(t typ, text []byte) bool {
	labels, known := a.labels[t.name]
	return !known || slices.Contains(labels, string(text))
}

// enumLabels are the labels of the enums among the columns.
func enumLabels(cols []Column) map[string][]string {
	all := map[string][]string{}
	for i := range cols {
		if cols[i].kind() == Enum && cols[i].Labels != "" {
			all[cols[i].qualified()] = strings.Split(cols[i].Labels, "\x00")
		}
	}
	return all
}

// enumNamed finds the enum of a column by the name of its type, with or without the schema.
func (a *analyzer) enumNamed(parts []string) (typ, bool) {
	var found typ
	for _, c := range a.columns {
		t := c.typeOf().elem()
		if t.id != tEnum {
			continue
		}
		schema, name, _ := t.nameParts()
		if parts[len(parts)-1] != name || len(parts) > 2 || len(parts) == 2 && parts[0] != schema {
			continue
		}
		if !found.isUnknown() && found != t {
			return typ{}, false // of several schemas
		}
		found = t
	}
	_, builtin := named(parts[0])
	return found, !found.isUnknown() && !(len(parts) == 1 && builtin)
}

// appendLabels writes the labels in byte order, each with its position: a table of offsets, then the labels.
func appendLabels(b []byte, labels []string) []byte {
	order := make([]int, len(labels))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return strings.Compare(labels[x], labels[y]) })
	b = binary.AppendUvarint(b, uint64(len(labels)))
	var texts []byte
	for _, i := range order {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(texts)))
		texts = appendText(binary.AppendUvarint(texts, uint64(i)), labels[i])
	}
	return appendText(b, texts)
}

func (d *decoder) rank(n *node, depth int) *node {
	n.typ.id = typeID(d.byte())
	if n.typ.id != tInt4 || !d.args(n, 1, depth) || n.args[0].typ.id != tEnum {
		return nil
	}
	count := d.count()
	table := d.i
	if d.i < 0 || count == 0 || count > maxLabels || count > (len(d.b)-d.i)/4 {
		return nil
	}
	d.i += 4 * count
	length := d.count()
	start := d.i
	if d.i < 0 {
		return nil
	}
	n.labels = make([]string, count)
	seen := make([]bool, count)
	before := ""
	for i := range count {
		if offsetAt(d.b, table, i) != d.i-start {
			return nil
		}
		rank := d.uvarint()
		label := d.text()
		if d.i < 0 || d.i-start > length || rank >= uint64(count) || seen[rank] || i > 0 && label <= before {
			return nil
		}
		n.labels[rank], seen[rank], before = label, true, label
	}
	return n.orNil(d.i-start == length)
}

func (m *machine) rank(i int, out *value) (int, error) {
	i, err := m.eval(i+1, out)
	if err != nil {
		return i, err
	}
	n, table := m.uvarint(i)
	length, start := m.uvarint(table + 4*int(n))
	end := start + int(length)
	if out.null {
		return end, nil
	}
	low, high := 0, int(n)
	for low < high {
		mid := int(uint(low+high) >> 1)
		rank, at := m.uvarint(start + offsetAt(m.code, table, mid))
		size, at := m.uvarint(at)
		switch c := strings.Compare(asString(out.b), m.code[at:at+int(size)]); {
		case c == 0:
			out.i = int64(rank)
			return end, nil
		case c < 0:
			high = mid
		default:
			low = mid + 1
		}
	}
	return end, errLabel
}
