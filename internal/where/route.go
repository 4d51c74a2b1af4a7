package where

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// Form is how the replicated text of a column becomes key bytes: equal values have equal bytes, others do not.
type Form uint8

const (
	FormText        Form = iota // the text itself
	FormPadded                  // bpchar: without trailing blanks
	FormNumeric                 // without a scale
	FormFloat4                  // the bits of the value as a float8, one zero
	FormFloat8                  // the same
	FormDate                    // days
	FormTime                    // microseconds
	FormTimestamp               // microseconds
	FormTimestamptz             // microseconds
)

func formOf(id typeID) Form {
	switch id {
	case tBpchar:
		return FormPadded
	case tNumeric:
		return FormNumeric
	case tFloat4:
		return FormFloat4
	case tFloat8:
		return FormFloat8
	case tDate:
		return FormDate
	case tTime:
		return FormTime
	case tTimestamp:
		return FormTimestamp
	case tTimestamptz:
		return FormTimestamptz
	}
	return FormText
}

// Append appends the key bytes of a value's text. FormText and FormPadded cannot fail.
func (f Form) Append(dst, text []byte) ([]byte, error) {
	var v value
	var err error
	switch f {
	case FormText:
		return append(dst, text...), nil
	case FormPadded:
		return append(dst, trimBlanks(text)...), nil
	case FormNumeric:
		return appendNumericKey(dst, text)
	case FormFloat4, FormFloat8:
		bits := 64
		if f == FormFloat4 {
			bits = 32
		}
		if v.f, err = inputFloat(text, bits); err != nil {
			return dst, err
		}
		return appendFloatKey(dst, v.f), nil
	case FormDate:
		v.i, err = inputDate(text)
	case FormTime:
		v.i, err = inputTime(text)
	case FormTimestamp:
		v.i, err = inputTimestamp(text, false)
	case FormTimestamptz:
		v.i, err = inputTimestamp(text, true)
	}
	if err != nil {
		return dst, err
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v.i)), nil
}

// Key gives the key bytes of a value's text without copying when it can, else in buf.
func (f Form) Key(buf, text []byte) ([]byte, error) {
	switch f {
	case FormText:
		return text, nil
	case FormPadded:
		return trimBlanks(text), nil
	}
	return f.Append(buf[:0], text)
}

func appendFloatKey(dst []byte, f float64) []byte {
	switch {
	case f == 0:
		f = 0 // of either sign
	case f != f:
		f = math.NaN()
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}

// Route gives the best indexable equalities of the clause: those with the fewest keys.
func (c *Clause) Route() Route {
	var best Route
	for i, r := range c.Routes() {
		if i == 0 || len(r.Keys) < len(best.Keys) {
			best = r
		}
	}
	return best
}

// Routes gives every conjunct of the clause that is indexable. Any one of them finds all rows for which the clause is true.
func (c *Clause) Routes() []Route {
	cols, root := c.tree()
	conjuncts := []*node{root}
	if root.op == opAnd {
		conjuncts = root.args
	}
	var routes []Route
	for _, n := range conjuncts {
		col, keys, ok := equalities(n)
		if !ok {
			continue
		}
		slices.SortFunc(keys, bytes.Compare)
		keys = slices.CompactFunc(keys, bytes.Equal)
		routes = append(routes, Route{
			Column: cols[col].name, Form: formOf(cols[col].typ.id), Keys: keys, Exact: len(conjuncts) == 1,
		})
	}
	return routes
}

// Canonical returns what maps the replicated text of a referenced column to key bytes, nil when the text is the key.
func (c *Clause) Canonical(column string) func(dst, text []byte) ([]byte, error) {
	cols, _ := c.tree()
	for _, col := range cols {
		if f := formOf(col.typ.id); col.name == column && f != FormText {
			return f.Append
		}
	}
	return nil
}

// equalities recognises a condition that is true exactly for certain values of one column.
func equalities(n *node) (col int, keys [][]byte, ok bool) {
	switch {
	case n.op == opCompare && n.rel == relEQ, n.op == opNot && n.args[0].op == opDistinct:
		if n.op == opNot {
			n = n.args[0]
		}
		subject, c := n.args[0], n.args[1]
		if subject.isConst() {
			subject, c = c, subject
		}
		if c.op != opConst {
			return 0, nil, false
		}
		return keysOf(subject, n.fam, []*node{c})
	case n.op == opIn:
		return keysOf(n.args[0], n.fam, n.args[1:])
	case n.op == opColumn && n.typ.id == tBool:
		return n.col, [][]byte{[]byte("t")}, true
	case n.op == opNot && n.args[0].op == opColumn:
		return n.args[0].col, [][]byte{[]byte("f")}, true
	case n.op == opOr:
		for i, a := range n.args {
			c, k, ok := equalities(a)
			if !ok || i > 0 && c != col {
				return 0, nil, false
			}
			col, keys = c, append(keys, k...)
		}
		return col, keys, true
	}
	return 0, nil, false
}

// keysOf turns the constants that a column, or a cast of it, is equal to into key bytes of the column.
func keysOf(subject *node, fam family, constants []*node) (col int, keys [][]byte, ok bool) {
	conversion := castRelabel
	column := subject
	if subject.op == opCast {
		conversion, column = subject.aux, subject.args[0]
	}
	if column.op != opColumn {
		return 0, nil, false
	}
	for _, c := range constants {
		key, matches, ok := keyOf(column.typ.id, conversion, fam, &c.val)
		if !ok {
			return 0, nil, false
		}
		if matches {
			keys = append(keys, key)
		}
	}
	return column.col, keys, true
}

// keyOf is the key of the value of a column of type id that equals v once it is converted. It reports !matches when there is
// no such value and !ok when several values may be equal or it cannot tell.
func keyOf(id typeID, conversion castID, fam family, v *value) (key []byte, matches, ok bool) {
	switch conversion {
	case castRelabel, castTrim:
	case castIntToNumeric:
		n, err := numericToInt(v.b, tInt8)
		if err != nil || compareNumeric(v.b, appendInt(nil, n)) != 0 {
			return nil, false, true
		}
		return appendInt(nil, n), true, true
	case castOutput:
		// The text of these is what the stream has.
		whole := id == tInt2 || id == tInt4 || id == tInt8 || id == tUUID || id == tEnum
		return v.b, true, whole && fam == famBytes
	default:
		return nil, false, false
	}
	switch fam {
	case famInt:
		switch {
		case formOf(id) != FormText:
			return binary.BigEndian.AppendUint64(nil, uint64(v.i)), true, true
		case id == tBool:
			return []byte("ft"[v.i&1 : v.i&1+1]), v.i == 0 || v.i == 1, true
		}
		return appendInt(nil, v.i), true, true
	case famFloat:
		return appendFloatKey(nil, v.f), true, true
	case famNumeric:
		key, err := appendNumericKey(nil, v.b)
		return key, true, err == nil
	case famPadded:
		return trimBlanks(v.b), true, id == tBpchar
	}
	return v.b, true, id != tBpchar || conversion == castTrim
}
