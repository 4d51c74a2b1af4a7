package where

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// A clause is kept and stored as one string of bytes, which is evaluated as it is:
//
//	version
//	count of subqueries, for each: schema, table, count of columns, for each of these: name, type, for a named type its name;
//	    the encoding of its clause after its length, which is 0 for none
//	count of named types, their names
//	count of columns, for each column: type, name, whether it is of a domain, of a named type (enums, composites, what is opaque) its index
//	the root node
//
// A node is its op, its attributes, and its arguments in order. Counts and lengths are uvarints. The arguments of AND and OR
// and of others that need not evaluate all are preceded by their length in bytes so that they can be skipped.

// formatVersion is the version of the encoding. Any change of a number or a layout is a new version.
const formatVersion = 4

// maxEncoded bounds the compiled form: short literals can stand for long numbers.
const maxEncoded = 1 << 20

// typedTree is a clause as it is analyzed, printed and routed.
type typedTree struct {
	columns    []typedColumn
	subqueries []subquery
	root       *node
}

func (t *typedTree) encode() string {
	var e encoder
	columns := binary.AppendUvarint(nil, uint64(len(t.columns)))
	for _, c := range t.columns {
		columns = append(columns, byte(c.typ.id))
		columns = appendText(columns, c.name)
		columns = append(columns, c.flags())
		columns = e.appendNamed(columns, c.typ)
	}
	nodes := e.appendNode(nil, t.root)
	b := binary.AppendUvarint([]byte{formatVersion}, uint64(len(t.subqueries)))
	for i := range t.subqueries {
		b = t.subqueries[i].append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(e.names)))
	for _, name := range e.names {
		b = appendText(b, name)
	}
	return string(append(append(b, columns...), nodes...))
}

// encoder collects the names of types, in the order in which they come up.
type encoder struct{ names []string }

// appendNamed writes which of the names a type has, if types of its number have one.
func (e *encoder) appendNamed(b []byte, t typ) []byte {
	if !t.id.named() {
		return b
	}
	i := slices.Index(e.names, t.name)
	if i < 0 {
		i = len(e.names)
		e.names = append(e.names, t.name)
	}
	return binary.AppendUvarint(b, uint64(i))
}

func appendText[T string | []byte](b []byte, t T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(t))), t...)
}

func (e *encoder) appendNode(b []byte, n *node) []byte {
	b = append(b, byte(n.op))
	switch n.op {
	case opConst:
		return appendValue(e.appendNamed(append(b, byte(n.typ.id)), n.typ), n.typ.id, &n.val)
	case opNull:
		return e.appendNamed(append(b, byte(n.typ.id)), n.typ)
	case opColumn:
		b = append(b, byte(n.typ.id))
		return binary.AppendUvarint(b, uint64(n.col))
	case opAnd, opOr:
		return appendText(b, e.appendNodes(nil, n.args))
	case opCoalesce:
		return appendText(append(b, byte(n.typ.id)), e.appendNodes(nil, n.args))
	case opCase:
		return appendText(append(b, byte(n.typ.id)), e.appendCase(nil, n.args))
	case opMinMax:
		b = binary.AppendUvarint(append(b, byte(n.typ.id), n.aux, byte(n.fam)), uint64(len(n.args)))
	case opAny:
		return appendText(append(b, n.aux), e.appendNodes(nil, n.args))
	case opOperand, opElement:
		return append(b, byte(n.typ.id))
	case opIndex:
		b = append(b, byte(n.typ.id), byte(len(n.args)-1))
		return e.appendSubscripts(b, n)
	case opSlice:
		b = append(append(b, byte(n.typ.id), byte(len(n.bounds))), n.bounds...)
		return e.appendSubscripts(b, n)
	case opArray:
		b = binary.AppendUvarint(append(b, byte(n.typ.id), n.aux), uint64(len(n.args)))
	case opCall:
		b = append(b, byte(n.call.id>>8), byte(n.call.id), byte(n.typ.id), n.callFlags(), byte(len(n.args)))
	case opCompare:
		b = append(b, byte(n.fam), byte(n.rel))
	case opDistinct:
		b = append(b, byte(n.fam))
	case opIsNull, opIsTruth, opLike:
		b = append(b, n.aux)
	case opCast:
		b = append(b, n.aux, byte(n.typ.id))
		if n.aux == castLimitChars || n.aux == castTypmod {
			b = binary.AppendUvarint(b, uint64(n.col))
		}
	case opIn:
		return e.appendIn(b, n)
	case opMember:
		b = binary.AppendUvarint(b, uint64(n.col))
	case opRank:
		return appendLabels(e.appendNode(append(b, byte(n.typ.id)), n.args[0]), n.labels)
	}
	return e.appendNodes(b, n.args)
}

// appendSubscripts writes an array and, to be skipped when that is NULL, its subscripts.
func (e *encoder) appendSubscripts(b []byte, n *node) []byte {
	return appendText(e.appendNode(b, n.args[0]), e.appendNodes(nil, n.args[1:]))
}

func (e *encoder) appendNodes(b []byte, nodes []*node) []byte {
	for _, n := range nodes {
		b = e.appendNode(b, n)
	}
	return b
}

// appendCase writes conditions and results, each pair after its length, then a zero and the result otherwise.
func (e *encoder) appendCase(b []byte, args []*node) []byte {
	for ; len(args) > 1; args = args[2:] {
		b = appendText(b, e.appendNodes(nil, args[:2]))
	}
	return e.appendNode(append(b, 0), args[0])
}

// callFlags are what the evaluation needs to know of the function without looking it up.
func (n *node) callFlags() uint8 {
	flags := n.aux
	if n.call.traits&loose != 0 {
		flags |= callLoose
	}
	return flags
}

// appendIn writes the tested value, then the list as a table of offsets and the values, so that it can be searched by halves.
func (e *encoder) appendIn(b []byte, n *node) []byte {
	item := n.args[1].typ.id
	b = append(b, byte(n.fam), n.aux, byte(item))
	b = e.appendNode(b, n.args[0])
	b = binary.AppendUvarint(b, uint64(len(n.args)-1))
	var values []byte
	for _, a := range n.args[1:] {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(values)))
		values = appendValue(values, item, &a.val)
	}
	return appendText(b, values)
}

func appendValue(b []byte, id typeID, v *value) []byte {
	switch id.rep() {
	case repInt:
		return binary.AppendVarint(b, v.i)
	case repFloat:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.f))
	}
	return appendText(b, v.b)
}

// typedColumn is a column that a clause refers to.
type typedColumn struct {
	name   string
	typ    typ
	domain bool // in Postgres it is of a domain over typ, or of elements of one
}

func (c *typedColumn) flags() byte {
	if c.domain {
		return 1
	}
	return 0
}

// normalize drops columns that folding has made unused and orders the rest by name, so that equal clauses have equal bytes.
func normalize(cols []typedColumn, root *node) []typedColumn {
	used := make([]bool, len(cols))
	walk(root, func(n *node) {
		if n.op == opColumn {
			used[n.col] = true
		}
	})
	order := make([]int, 0, len(cols))
	for i := range cols {
		if used[i] {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(cols[a].name, cols[b].name) })
	kept, moved := make([]typedColumn, len(order)), make([]int, len(cols))
	for to, from := range order {
		kept[to], moved[from] = cols[from], to
	}
	walk(root, func(n *node) {
		if n.op == opColumn {
			n.col = moved[n.col]
		}
	})
	return kept
}

// walk visits every node once. Nodes are not shared between parents once a tree is complete.
func walk(n *node, visit func(*node)) {
	visit(n)
	for _, a := range n.args {
		walk(a, visit)
	}
}
