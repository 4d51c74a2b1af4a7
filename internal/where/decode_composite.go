package where

import "leyden/internal/where/array"

func (d *decoder) caseOf(n *node, depth int) *node {
	n.typ.id = typeID(d.byte())
	length := d.count()
	end := d.i + length
	for d.i >= 0 && d.i < end {
		pair := d.count()
		start := d.i
		if d.i < 0 {
			return nil
		}
		if pair == 0 {
			break
		}
		if !d.args(n, 2, depth) || d.i-start != pair || n.args[len(n.args)-2].typ.id != tBool {
			return nil
		}
	}
	if len(n.args) == 0 || !n.typ.id.known() || !d.args(n, 1, depth) || d.i != end {
		return nil
	}
	for i := 1; i < len(n.args); i += 2 {
		if !n.yield(n.args[i : i+1]) {
			return nil
		}
	}
	return n.orNil(n.yield(n.args[len(n.args)-1:]))
}

// any reads the operand and the array, and then the condition over them, which has no other of its kind inside.
func (d *decoder) any(n *node, depth int) *node {
	n.aux = d.byte()
	length := d.count()
	end := d.i + length
	if n.aux > testAll || d.i < 0 || !d.operand.isUnknown() || !d.args(n, 2, depth) || !n.args[1].typ.id.isArray() {
		return nil
	}
	d.operand, d.element = n.args[0].typ, n.args[1].typ.elem()
	ok := !d.operand.isUnknown() && d.args(n, 1, depth)
	d.operand, d.element = typ{}, typ{}
	return n.orNil(ok && d.i == end && n.args[2].typ.id == tBool && printableAny(n.args[2]))
}

func (d *decoder) subscript(n *node, depth int) *node {
	n.typ.id = typeID(d.byte())
	dims := int(d.byte())
	if dims == 0 || dims > array.MaxDims || d.i < 0 {
		return nil
	}
	bounds := dims
	if n.op == opSlice {
		bounds = 0
		for range dims {
			given := d.byte()
			if given > hasLower|hasUpper {
				return nil
			}
			n.bounds = append(n.bounds, given)
			bounds += int(given&1 + given>>1)
		}
	}
	if !d.args(n, 1, depth) {
		return nil
	}
	length := d.count()
	end := d.i + length
	if !d.args(n, bounds, depth) || d.i != end {
		return nil
	}
	subject := n.args[0].typ
	for _, b := range n.args[1:] {
		if b.typ.id != tInt4 {
			return nil
		}
	}
	if n.op == opSlice {
		n.typ.name = subject.name
		return n.orNil(subject.id.isArray() && n.typ.id == subject.id)
	}
	n.typ.name = subject.name
	return n.orNil(subject.id.isArray() && n.typ.id == subject.id.elem())
}

func (d *decoder) array(n *node, depth int) *node {
	n.typ.id, n.aux = typeID(d.byte()), d.byte()
	count := d.count()
	if !n.typ.id.isArray() || !n.typ.id.known() || n.aux > 1 || d.i < 0 || !d.args(n, count, depth) {
		return nil
	}
	for _, a := range n.args {
		if n.aux == 1 && a.typ.id != n.typ.id || n.aux == 0 && a.typ.id != n.typ.id.elem() {
			return nil
		}
		if n.typ.name == "" {
			n.typ.name = a.typ.name
		}
	}
	return n
}
