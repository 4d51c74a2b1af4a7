package where

import (
	"errors"

	"leyden/internal/where/array"
)

// formElements marks the form of an array: it has a key for each of its elements, whatever its dimensions, and none for a NULL.
const formElements Form = 0x80

var errNoElements = errors.New("the column has no elements")

// Elements reads the keys of the elements of arrays. The zero value is ready; it is used by one goroutine.
type Elements struct {
	typ   *array.Type
	value []byte
	key   []byte
	walk  array.Walker
}

// Read begins with the text of an array.
func (e *Elements) Read(f Form, text []byte) (err error) {
	if f&formElements == 0 {
		return errNoElements
	}
	e.typ = arrayType(typeID(f &^ formElements))
	if e.value, err = array.Input(e.value[:0], text, e.typ); err != nil {
		return err
	}
	e.walk = array.Value(e.value).Walk()
	return nil
}

// Next gives the key of the next element, which is valid until the next call. The keys come in no order, and may be repeated.
func (e *Elements) Next() (key []byte, ok bool) {
	for {
		element, null, ok := e.walk.Next()
		if !ok {
			return nil, false
		}
		if !null {
			e.key = e.typ.Key(e.key[:0], element)
			return e.key, true
		}
	}
}

// elementsForm is the form of an array column's elements, if they have keys.
func elementsForm(id typeID) (Form, family, bool) {
	if !id.isArray() {
		return 0, 0, false
	}
	fam, ok := orderOf(typ{id: id.elem()})
	return formElements | Form(id.elem()), fam, ok && arrayType(id.elem()).Key != nil
}

// contains plans that an array column has all elements of a constant: the row is found by any one of them.
func (pl *planner) contains(subject, constant, n *node) *Plan {
	form, _, ok := pl.elementsOf(subject)
	if !ok || constant.op != opConst {
		return pl.scan(n)
	}
	keys, null := elementKeys(constant)
	column := pl.cols[subject.col].name
	switch {
	case null:
		return &Plan{op: planNever, nodes: []*node{n}} // no element equals NULL
	case len(keys) == 0:
		return pl.probe(Probe{Kind: ProbeNotNull, Column: column}, true, n)
	}
	out := &Plan{op: planAll, nodes: []*node{n}}
	for _, key := range keys[:min(len(keys), maxChoices)] {
		out.args = append(out.args, pl.probe(Probe{Kind: ProbeElement, Column: column, Form: form, Keys: [][]byte{key}}, len(keys) == 1, n))
	}
	return out
}

// overlaps plans that an array column has some element of a constant.
func (pl *planner) overlaps(subject, constant, n *node) *Plan {
	form, _, ok := pl.elementsOf(subject)
	if !ok || constant.op != opConst {
		return pl.scan(n)
	}
	keys, _ := elementKeys(constant)
	return pl.probe(Probe{Kind: ProbeElement, Column: pl.cols[subject.col].name, Form: form, Keys: keys}, true, n)
}

// anyElement plans constant = ANY (column).
func (pl *planner) anyElement(n *node) *Plan {
	operand, subject, body := n.args[0], n.args[1], n.args[2]
	form, fam, ok := pl.elementsOf(subject)
	if !ok || operand.op != opConst || n.aux != testAny || body.op != opCompare || body.rel != relEQ || body.fam != fam || body.args[0].op == body.args[1].op {
		return pl.scan(n)
	}
	for _, a := range body.args {
		if a.op != opOperand && a.op != opElement {
			return pl.scan(n)
		}
	}
	id := subject.typ.id.elem()
	if operand.typ.id.rep() != id.rep() {
		return pl.scan(n)
	}
	key := appendElementKey(nil, id, fam, appendElement(nil, id, &operand.val))
	return pl.probe(Probe{Kind: ProbeElement, Column: pl.cols[subject.col].name, Form: form, Keys: [][]byte{key}}, true, n)
}

// elementsOf is the form of the elements of a column, and how they are compared.
func (pl *planner) elementsOf(subject *node) (Form, family, bool) {
	if subject.op != opColumn {
		return 0, 0, false
	}
	return elementsForm(subject.typ.id)
}

// elementKeys are the keys of a constant array, and whether it has a NULL.
func elementKeys(constant *node) (keys [][]byte, null bool) {
	t := arrayType(constant.typ.id.elem())
	for w := array.Value(constant.val.b).Walk(); ; {
		element, isNull, ok := w.Next()
		switch {
		case !ok:
			return sortedKeys(keys), null
		case isNull:
			null = true
		default:
			keys = append(keys, t.Key(nil, element))
		}
	}
}
