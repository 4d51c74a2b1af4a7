package where

import (
	"bytes"
	"slices"

	"leyden/internal/where/jsonb"
	"leyden/internal/where/moment"
)

// ProbeKind is what a Probe asks of its column.
type ProbeKind uint8

const (
	ProbeEqual   ProbeKind = iota // the key is one of Keys
	ProbePrefix                   // the key begins with Keys[0]
	ProbeRange                    // the key is not before Low and before High
	ProbeNull                     // the column is NULL
	ProbeNotNull                  // the column is not NULL
	ProbeElement                  // one of the array's elements has one of Keys
	ProbeMember                   // the row has a value of the result of Subquery, and no NULL there
)

// Probe is a condition on one column, or for ProbeMember several, that an index can answer. But for ProbeNull it is not met by NULL.
type Probe struct {
	Kind   ProbeKind
	Column string
	Form   Form
	Keys   [][]byte // sorted and without duplicates

	Low, High []byte
	Unbounded bool // High is after every key

	// Of a ProbeMember: the number of the subquery, the columns that are looked for in its result, and how their values become
	// canonical. It has no Column, Form or Keys.
	Subquery int
	Columns  []string
	Canon    []Canon
}

// Meets reports whether a column's text, nil for NULL, meets the condition, which is not one of ProbeMember. An error means that the
// text is not a value.
func (p *Probe) Meets(text []byte) (bool, error) {
	if text == nil || p.Kind == ProbeNull || p.Kind == ProbeNotNull {
		return (text == nil) == (p.Kind == ProbeNull), nil
	}
	if p.Kind == ProbeElement {
		var e Elements
		err := e.Read(p.Form, text)
		for key, ok := e.Next(); err == nil && ok; key, ok = e.Next() {
			if p.has(key) {
				return true, nil
			}
		}
		return false, err
	}
	key, err := p.Form.Key(nil, text)
	if err != nil {
		return false, err
	}
	switch p.Kind {
	case ProbePrefix:
		return bytes.HasPrefix(key, p.Keys[0]), nil
	case ProbeRange:
		return bytes.Compare(p.Low, key) <= 0 && (p.Unbounded || bytes.Compare(key, p.High) < 0), nil
	}
	return p.has(key), nil
}

func (p *Probe) has(key []byte) bool {
	_, found := slices.BinarySearchFunc(p.Keys, key, bytes.Compare)
	return found
}

// sortedKeys orders keys and leaves each once.
func sortedKeys(keys [][]byte) [][]byte {
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal)
}

// intersect narrows a range to what is in q too. It reports false when nothing is left.
func (p *Probe) intersect(q *Probe) bool {
	if bytes.Compare(p.Low, q.Low) < 0 {
		p.Low = q.Low
	}
	if !q.Unbounded && (p.Unbounded || bytes.Compare(q.High, p.High) < 0) {
		p.High, p.Unbounded = q.High, false
	}
	return p.Unbounded || bytes.Compare(p.Low, p.High) < 0
}

// comparison plans column = constant and the like.
func (pl *planner) comparison(rel relation, fam family, left, right *node, n *node) *Plan {
	if left.isConst() {
		left, right, rel = right, left, rel.mirrored()
	}
	switch {
	case right.op != opConst || rel == relNE:
		return pl.scan(n)
	case rel == relEQ:
		return pl.equal(left, fam, []*node{right}, n)
	}
	return pl.between(rel, fam, left, right, n)
}

func (r relation) mirrored() relation {
	switch r {
	case relLT:
		return relGT
	case relLE:
		return relGE
	case relGT:
		return relLT
	case relGE:
		return relLE
	}
	return r
}

func (r relation) negated() relation {
	switch r {
	case relEQ:
		return relNE
	case relNE:
		return relEQ
	case relLT:
		return relGE
	case relLE:
		return relGT
	case relGT:
		return relLE
	}
	return relLT
}

// equal plans that a column, or a cast of it, is one of the constants.
func (pl *planner) equal(subject *node, fam family, constants []*node, n *node) *Plan {
	column, conversion := uncast(subject)
	if column == nil {
		return pl.scan(n)
	}
	p := Probe{Kind: ProbeEqual, Column: pl.cols[column.col].name}
	for i, c := range constants {
		form, key, matches, ok := equalKey(column.typ.id, conversion, fam, &c.val)
		if !ok || i > 0 && form != p.Form {
			return pl.scan(n)
		}
		p.Form = form
		if matches {
			p.Keys = append(p.Keys, key)
		}
	}
	return pl.probe(p, true, n)
}

// uncast finds the column of which n is the value or one cast of it, nil if there is none.
func uncast(n *node) (column *node, conversion castID) {
	conversion = castRelabel
	if n.op == opCast {
		conversion, n = n.aux, n.args[0]
	}
	if n.op != opColumn {
		return nil, 0
	}
	return n, conversion
}

// equalKey is the key of the value of a column of type id that equals v once it is converted. It reports !matches when there is no
// such value and !ok when it cannot tell.
func equalKey(id typeID, conversion castID, fam family, v *value) (form Form, key []byte, matches, ok bool) {
	integer := id == tInt2 || id == tInt4 || id == tInt8
	switch {
	case conversion == castIntToNumeric && fam == famNumeric && integer:
		i, err := numericToInt(v.b, tInt8)
		if err != nil || compareNumeric(v.b, appendInt(nil, i)) != 0 {
			return FormText, nil, false, true
		}
		return FormText, appendInt(nil, i), true, true
	case conversion == castOutput && fam == famBytes && (integer || id == tUUID || id == tEnum):
		return FormText, v.b, true, true // the text of these is what the stream has
	case conversion == castRelabel && fam == famInt && integer:
		return FormText, appendInt(nil, v.i), true, true
	case conversion == castRelabel && fam == famInt && id == tBool:
		return FormText, []byte("ft"[v.i&1 : v.i&1+1]), v.i == 0 || v.i == 1, true
	case conversion == castRelabel && fam == famBytes && id == tEnum:
		return FormText, v.b, true, true
	case conversion == castRelabel && fam == famJSONB && id == tJSONB:
		return FormJSONB, jsonb.AppendKey(nil, v.b), true, true
	}
	form, ok = orderedForm(id, conversion, fam)
	if !ok {
		return 0, nil, false, false
	}
	key, ok = orderedKey(form, fam, v)
	return form, key, true, ok
}

// orderedForm is the form of a column's text whose keys are ordered as the converted values are.
func orderedForm(id typeID, conversion castID, fam family) (Form, bool) {
	integer := id == tInt2 || id == tInt4 || id == tInt8
	switch fam {
	case famInt:
		if conversion != castRelabel {
			return 0, false
		}
		switch id {
		case tInt2, tInt4, tInt8:
			return FormInt, true
		case tDate:
			return FormDate, true
		case tTime:
			return FormTime, true
		case tTimestamp:
			return FormTimestamp, true
		case tTimestamptz:
			return FormTimestamptz, true
		}
	case famFloat:
		switch {
		case id == tFloat4 && conversion == castRelabel, integer && conversion == castIntToFloat4:
			return FormFloat4, true
		case id == tFloat8 && conversion == castRelabel, integer && conversion == castIntToFloat8:
			return FormFloat8, true
		}
	case famNumeric:
		if id == tNumeric && conversion == castRelabel || integer && conversion == castIntToNumeric {
			return FormNumeric, true
		}
	case famPadded:
		if id == tBpchar && conversion == castRelabel {
			return FormPadded, true
		}
	case famBytes:
		switch id {
		case tText, tVarchar, tName, tUUID:
			return FormText, conversion == castRelabel
		case tBpchar:
			return FormPadded, conversion == castTrim
		case tBytea:
			return FormBytea, conversion == castRelabel
		}
	case famTimetz:
		return FormTimetz, id == tTimetz && conversion == castRelabel
	case famInterval:
		return FormInterval, id == tInterval && conversion == castRelabel
	}
	return 0, false
}

// orderedKey is the key of a constant in a form of its family.
func orderedKey(form Form, fam family, v *value) ([]byte, bool) {
	switch fam {
	case famInt:
		return appendIntKey(nil, v.i), true
	case famFloat:
		return appendFloatKey(nil, v.f), true
	case famNumeric:
		key, err := appendNumericKey(nil, v.b)
		return key, err == nil
	case famPadded:
		return trimBlanks(v.b), true
	case famTimetz:
		key := moment.TimeTZOf(v.b).Key()
		return key[:], true
	case famInterval:
		key := intervalOf(v).Key()
		return key[:], true
	}
	return v.b, true
}

// between plans that a column is on one side of a constant.
func (pl *planner) between(rel relation, fam family, subject, constant, n *node) *Plan {
	column, conversion := uncast(subject)
	if column == nil {
		return pl.scan(n)
	}
	form, ok := orderedForm(column.typ.id, conversion, fam)
	if !ok {
		return pl.scan(n)
	}
	key, ok := orderedKey(form, fam, &constant.val)
	if !ok {
		return pl.scan(n)
	}
	p := Probe{Kind: ProbeRange, Column: pl.cols[column.col].name, Form: form, Unbounded: true}
	after := append(bytes.Clone(key), 0)
	switch rel {
	case relLT:
		p.High, p.Unbounded = key, false
	case relLE:
		p.High, p.Unbounded = after, false
	case relGT:
		p.Low = after
	default:
		p.Low = key
	}
	return pl.probe(p, true, n)
}

// called plans the functions that indexes know.
func (pl *planner) called(n *node) *Plan {
	switch n.call.id {
	case fnStartsWith:
		return pl.startsWith(n)
	case fnArrayContains:
		return pl.contains(n.args[0], n.args[1], n)
	case fnArrayContained:
		return pl.contains(n.args[1], n.args[0], n)
	case fnArrayOverlaps:
		if n.args[0].isConst() {
			return pl.overlaps(n.args[1], n.args[0], n)
		}
		return pl.overlaps(n.args[0], n.args[1], n)
	}
	return pl.scan(n)
}

// startsWith plans that a text begins with a constant.
func (pl *planner) startsWith(n *node) *Plan {
	column, conversion := uncast(n.args[0])
	if column == nil || n.args[1].op != opConst {
		return pl.scan(n)
	}
	switch column.typ.id {
	case tText, tVarchar, tName, tBpchar:
		if conversion == castRelabel || conversion == castTrim {
			p := Probe{Kind: ProbePrefix, Column: pl.cols[column.col].name, Form: FormText, Keys: [][]byte{n.args[1].val.b}}
			return pl.probe(p, conversion == castRelabel, n)
		}
	}
	return pl.scan(n)
}

// matching plans LIKE with a constant pattern, by what it says of the beginning of the text.
func (pl *planner) matching(n *node) *Plan {
	column, conversion := uncast(n.args[0])
	pattern := n.args[1]
	if column == nil || pattern.op != opConst || n.aux&likeFold != 0 {
		return pl.scan(n)
	}
	switch column.typ.id {
	case tText, tVarchar, tName, tBpchar:
		if conversion != castRelabel && conversion != castTrim {
			return pl.scan(n)
		}
	default:
		return pl.scan(n)
	}
	prefix, rest, ok := literalPrefix(pattern.val.b)
	p := Probe{Kind: ProbePrefix, Column: pl.cols[column.col].name, Form: FormText, Keys: [][]byte{prefix}}
	switch {
	case !ok || len(prefix) == 0 && len(rest) > 0:
		return pl.scan(n)
	case len(rest) == 0 && conversion == castRelabel:
		p.Kind = ProbeEqual
	case string(rest) == "%" && conversion == castRelabel:
	default:
		return pl.probe(p, false, n)
	}
	return pl.probe(p, true, n)
}

// literalPrefix splits a pattern before its first wildcard. It reports false for one that ends in an escape character.
func literalPrefix(pattern []byte) (prefix, rest []byte, ok bool) {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '%', '_':
			return prefix, pattern[i:], true
		case '\\':
			if i++; i == len(pattern) {
				return nil, nil, false
			}
		}
		prefix = append(prefix, pattern[i])
	}
	return prefix, nil, true
}
