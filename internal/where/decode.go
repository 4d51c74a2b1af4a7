package where

import "errors"

// ErrCorrupt reports bytes that are not a compiled clause of this version.
var ErrCorrupt = errors.New("not a compiled where clause")

// maxDepth bounds the nesting of the tree: of clauses, so that neither this package nor Postgres runs out of stack, and of
// encoded nodes.
const maxDepth = 400

// decoder reads the encoding back and checks everything that evaluation relies on.
type decoder struct {
	b     string
	i     int
	names []string // of types
	subs  []subquery
	cols  []typedColumn
	made  []node // room for nodes to come
	// operand and element are the types that the condition of an opAny node is about, unknown outside of one.
	operand, element typ
}

func decode(b string) (*typedTree, error) { return decodeWithin(b, maxDepth) }

// decodeWithin decodes a clause that, with those of its subqueries, nests no deeper than depth.
func decodeWithin(b string, depth int) (*typedTree, error) {
	d := &decoder{b: b}
	if d.byte() != formatVersion || depth == 0 || !d.subqueries(depth) {
		return nil, ErrCorrupt
	}
	for range d.count() {
		d.names = append(d.names, d.text())
	}
	for range d.count() {
		c := typedColumn{typ: typ{id: typeID(d.byte())}}
		c.name = d.text()
		flags := d.byte()
		c.domain = flags == 1
		c.typ.name = d.named(c.typ.id)
		if flags > 1 || !c.typ.id.known() || d.i < 0 {
			return nil, ErrCorrupt
		}
		d.cols = append(d.cols, c)
	}
	t := &typedTree{columns: d.cols, subqueries: d.subs, root: d.node(depth)}
	if t.root == nil || t.root.typ.id != tBool || d.i != len(b) || len(t.subqueries) > 0 && !t.sound() {
		return nil, ErrCorrupt
	}
	return t, nil
}

// After the first failure i is -1 and every read yields zero.
func (d *decoder) fail() { d.i = -1 }

func (d *decoder) byte() byte {
	if d.i < 0 || d.i >= len(d.b) {
		d.fail()
		return 0
	}
	d.i++
	return d.b[d.i-1]
}

func (d *decoder) uvarint() uint64 {
	var n uint64
	for shift := 0; shift < 63; shift += 7 {
		c := d.byte()
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.fail()
	return 0
}

// count reads a number of things of at least one byte each.
func (d *decoder) count() int {
	n := d.uvarint()
	if d.i < 0 || n > uint64(len(d.b)-d.i) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	n := d.count()
	if d.i < 0 {
		return ""
	}
	d.i += n
	return d.b[d.i-n : d.i]
}

// make makes a node. Nodes are made by the dozen: a restart reads millions.
func (d *decoder) make(o op, t typ) *node {
	if len(d.made) == 0 {
		d.made = make([]node, min(2+(len(d.b)-max(d.i, 0))/8, 32))
	}
	n := &d.made[0]
	d.made = d.made[1:]
	n.op, n.typ = o, t
	return n
}

// node reads a node, nil when it is malformed.
func (d *decoder) node(depth int) *node {
	if depth == 0 {
		return nil
	}
	n := d.make(op(d.byte()), typeBool)
	switch n.op {
	case opConst:
		n.typ.id = typeID(d.byte())
		n.typ.name = d.named(n.typ.id)
		if !d.value(n.typ.id, &n.val) {
			return nil
		}
		return n
	case opNull:
		n.typ.id = typeID(d.byte())
		n.typ.name = d.named(n.typ.id)
		return n.orNil(n.typ.id.known() && d.i >= 0)
	case opColumn:
		return d.column(n)
	case opAnd, opOr:
		return d.list(n, depth)
	case opIn:
		return d.in(n, depth)
	case opNot:
		return n.orNil(d.args(n, 1, depth) && n.args[0].typ.id == tBool)
	case opCompare:
		n.fam, n.rel = family(d.byte()), relation(d.byte())
		return n.orNil(n.rel >= relEQ && n.rel <= relGE && d.args(n, 2, depth) && n.comparable())
	case opDistinct:
		n.fam = family(d.byte())
		return n.orNil(d.args(n, 2, depth) && n.comparable())
	case opIsNull:
		n.aux = d.byte()
		return n.orNil(n.aux <= isNotNull && d.args(n, 1, depth))
	case opIsTruth:
		n.aux = d.byte()
		return n.orNil(n.aux <= isNotUnknown && d.args(n, 1, depth) && n.args[0].typ.id == tBool)
	case opLike:
		n.aux = d.byte()
		return n.orNil(n.aux <= 15 && d.args(n, 2, depth) && n.texts() && n.shaped())
	case opCast:
		return d.cast(n, depth)
	case opCall:
		return d.call(n, depth)
	case opRank:
		return d.rank(n, depth)
	case opCase:
		return d.caseOf(n, depth)
	case opMinMax:
		n.typ.id, n.aux, n.fam = typeID(d.byte()), d.byte(), family(d.byte())
		count := d.count()
		return n.orNil(n.aux <= least && count > 0 && n.fam.takes(n.typ.id) && d.args(n, count, depth) && n.yield(n.args))
	case opAny:
		return d.any(n, depth)
	case opOperand:
		n.typ = d.operand
		return n.orNil(typeID(d.byte()) == n.typ.id && n.typ.id.known())
	case opElement:
		n.typ = d.element
		return n.orNil(typeID(d.byte()) == n.typ.id && n.typ.id.known())
	case opIndex, opSlice:
		return d.subscript(n, depth)
	case opArray:
		return d.array(n, depth)
	case opMember:
		return d.member(n, depth)
	case opCoalesce:
		n.typ.id = typeID(d.byte())
		return n.orNil(n.typ.id.known() && d.arms(n, depth) && len(n.args) > 1 && n.yield(n.args))
	}
	return nil
}

func (n *node) orNil(ok bool) *node {
	if !ok {
		return nil
	}
	return n
}

// held reports whether the arguments are held as r, which the evaluation takes for granted.
func (n *node) held(r rep) bool {
	for _, a := range n.args {
		if r == repNone || a.typ.id.rep() != r {
			return false
		}
	}
	return true
}

// shaped reports whether a LIKE node's flags are those of its pattern.
func (n *node) shaped() bool {
	p := n.args[1]
	if n.aux&likeFold != 0 {
		return n.aux&likeShape == likeGeneral
	}
	return n.aux&likeC == 0 && (n.aux&likeShape == likeGeneral || p.op == opConst && shapeOf(p.val.b) == n.aux&likeShape)
}

// texts reports whether the arguments are texts.
func (n *node) texts() bool {
	for _, a := range n.args {
		if !a.typ.id.collatable() || a.typ.id.isArray() {
			return false
		}
	}
	return true
}

// yield reports whether results are of the type of n. Types with names lose them in calls, where nothing depends on them.
func (n *node) yield(results []*node) bool {
	for _, r := range results {
		if r.typ.id != n.typ.id {
			return false
		}
		if n.typ.name == "" {
			n.typ.name = r.typ.name
		}
	}
	return true
}

// comparable reports whether the arguments are held as the family of n takes them.
func (n *node) comparable() bool {
	if n.fam == famArray && len(n.args) > 1 && n.args[0].typ.id != n.args[1].typ.id {
		return false
	}
	for _, a := range n.args {
		if !n.fam.takes(a.typ.id) {
			return false
		}
	}
	return true
}

// takes reports whether values of the type can be compared so.
func (f family) takes(id typeID) bool {
	switch f {
	case famTimetz:
		return id == tTimetz
	case famInterval:
		return id == tInterval
	case famJSONB:
		return id == tJSONB
	case famNumeric:
		return id == tNumeric
	case famArray:
		return id.isArray() && id.elem() != tJSON
	}
	return f.rep() != repNone && id.rep() == f.rep() && !id.isArray()
}

// named reads the name of a type, "" for types without one.
func (d *decoder) named(id typeID) string {
	if !id.named() {
		return ""
	}
	i := d.uvarint()
	if d.i < 0 || i >= uint64(len(d.names)) {
		d.fail()
		return ""
	}
	return d.names[i]
}

func (d *decoder) args(n *node, count, depth int) bool {
	if n.args == nil {
		n.args = make([]*node, 0, count)
	}
	for range count {
		a := d.node(depth - 1)
		if a == nil {
			return false
		}
		n.args = append(n.args, a)
	}
	return d.i >= 0
}

func (d *decoder) column(n *node) *node {
	n.typ.id = typeID(d.byte())
	col := d.uvarint()
	if d.i < 0 || col >= uint64(len(d.cols)) {
		return nil
	}
	n.col = int(col)
	if d.cols[n.col].typ.id != n.typ.id {
		return nil
	}
	n.typ = d.cols[n.col].typ
	return n
}

func (d *decoder) list(n *node, depth int) *node {
	length := d.count()
	end := d.i + length
	for d.i >= 0 && d.i < end {
		if !d.args(n, 1, depth) || n.args[len(n.args)-1].typ.id != tBool {
			return nil
		}
	}
	return n.orNil(d.i == end && len(n.args) > 1)
}

// arms reads the arguments of a node that need not evaluate all of them.
func (d *decoder) arms(n *node, depth int) bool {
	length := d.count()
	end := d.i + length
	for d.i >= 0 && d.i < end {
		if !d.args(n, 1, depth) {
			return false
		}
	}
	return d.i >= 0 && d.i == end
}

func (d *decoder) call(n *node, depth int) *node {
	id := callID(d.byte())<<8 | callID(d.byte())
	result, flags, count := typeID(d.byte()), d.byte(), int(d.byte())
	if count > maxArguments || !d.args(n, count, depth) {
		return nil
	}
	types := typesOf(n.args)
	n.call, n.aux = functionOf(id, types, result), flags&callAux
	if n.call == nil || n.callFlags() != flags || n.aux != 0 && n.call.traits&mapsCase == 0 {
		return nil
	}
	_, n.typ, _ = n.call.unify(types)
	return n
}

func (d *decoder) in(n *node, depth int) *node {
	n.fam, n.aux = family(d.byte()), d.byte()
	item := typeID(d.byte())
	if n.aux > 1 || !item.known() || !n.fam.takes(item) || !d.args(n, 1, depth) || !n.comparable() || n.fam == famArray && n.args[0].typ.id != item {
		return nil
	}
	count := d.count()
	table := d.i
	if d.i < 0 || count == 0 || count > (len(d.b)-d.i)/4 {
		return nil
	}
	d.i += 4 * count
	length := d.count()
	start := d.i
	if d.i < 0 {
		return nil
	}
	for i := range count {
		if offsetAt(d.b, table, i) != d.i-start {
			return nil
		}
		a := d.make(opConst, typ{id: item})
		if item.named() {
			a.typ.name = n.args[0].typ.name
		}
		if !d.value(item, &a.val) || d.i-start > length {
			return nil
		}
		n.args = append(n.args, a)
		if i > 0 && n.fam.compareAs(item, &n.args[i].val, &a.val) >= 0 {
			return nil
		}
	}
	return n.orNil(d.i-start == length)
}

func offsetAt(b string, table, i int) int {
	at := b[table+4*i:]
	return int(uint32(at[0]) | uint32(at[1])<<8 | uint32(at[2])<<16 | uint32(at[3])<<24)
}

func (d *decoder) cast(n *node, depth int) *node {
	n.aux, n.typ.id = d.byte(), typeID(d.byte())
	if n.aux == castLimitChars || n.aux == castTypmod {
		n.col = int(uint32(d.uvarint()))
	}
	if n.aux >= castCount || !n.typ.id.known() || n.typ.id.named() || !d.args(n, 1, depth) {
		return nil
	}
	return n.orNil(n.castFits(n.args[0].typ.id, n.typ.id))
}

// castFits reports whether the compiler could have written such a cast.
func (n *node) castFits(from, to typeID) bool {
	switch n.aux {
	case castDateLift:
		return from == tDate && to == tTimestamp
	case castLimitChars:
		return from == to && (to.elem() == tVarchar || to.elem() == tBpchar) && validTypmod(to.elem(), n.col)
	case castTypmod:
		return from == to && hasTypmod(to.elem()) && validTypmod(to.elem(), n.col)
	}
	found, ctx := castBetween(from, to)
	return ctx != castNone && found == n.aux
}
