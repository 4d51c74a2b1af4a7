package where

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"leyden/internal/where/array"
)

// arrayExpr analyzes ARRAY[...]. The elements are converted to those of target if that is an array, else to their common type.
func (a *analyzer) arrayExpr(e *pg.A_ArrayExpr, target typ) (*node, error) {
	args := make([]*node, len(e.Elements))
	nested := false
	for i, x := range e.Elements {
		var err error
		if inner := x.GetAArrayExpr(); inner != nil {
			args[i], err = a.nestedArray(inner, target)
		} else {
			args[i], err = a.expr(x)
		}
		if err != nil {
			return nil, err
		}
		nested = nested || args[i].typ.id.isArray()
	}
	element := target.elem()
	switch {
	case target.isUnknown() && len(args) == 0:
		return nil, a.errorf(e.Location, "cannot determine type of empty array")
	case !target.isUnknown():
		if nested {
			element = target
		}
		for i, n := range args {
			n, err := a.convert(n, element)
			if err != nil {
				return nil, err
			}
			args[i] = n
		}
	case allDomains(args):
		return nil, a.errorf(e.Location, "a domain in ARRAY must be cast to the type below it")
	default:
		if err := a.unite(args, "ARRAY", e.Location); err != nil {
			return nil, err
		}
		element = args[0].typ
	}
	n := &node{op: opArray, typ: element.elem().array(), args: args, loc: e.Location}
	if nested {
		n.aux = 1
	}
	return a.fold(n)
}

// nestedArray counts the depth that expr would.
func (a *analyzer) nestedArray(e *pg.A_ArrayExpr, target typ) (*node, error) {
	a.depth++
	defer func() { a.depth-- }()
	if a.depth > maxDepth/2 {
		return nil, &Error{Field: a.field, Location: -1, Reason: "the expression is nested too deeply"}
	}
	return a.arrayExpr(e, target)
}

// subscript analyzes a[i] and a[i:j], and j['key'] of a jsonb.
func (a *analyzer) subscript(e *pg.A_Indirection, loc int32) (*node, error) {
	subject, err := a.expr(e.Arg)
	if err != nil {
		return nil, err
	}
	var indices []*pg.A_Indices
	slice := false
	for _, x := range e.Indirection {
		index := x.GetAIndices()
		if index == nil {
			return nil, a.errorf(loc, "A_Indirection is not supported in this context")
		}
		indices = append(indices, index)
		slice = slice || index.IsSlice
	}
	switch {
	case subject.typ.id == tJSONB:
		return a.jsonSubscript(subject, indices, loc)
	case !subject.typ.id.isArray():
		return nil, a.errorf(loc, "cannot subscript type %s because it does not support subscripting", subject.typ)
	case len(indices) > array.MaxDims:
		return nil, a.errorf(loc, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(indices), array.MaxDims)
	}
	n := &node{op: opIndex, typ: subject.typ.elem(), args: []*node{subject}, domain: subject.domain, loc: loc}
	if slice {
		n.op, n.typ = opSlice, subject.typ
	}
	for _, index := range indices {
		if err := a.bounds(n, index, loc); err != nil {
			return nil, err
		}
	}
	return a.fold(n)
}

// Which bounds of a slice are given. The numbers are stored in compiled clauses.
const (
	hasLower uint8 = 1
	hasUpper uint8 = 2
)

// bounds adds the bounds of one subscript to n. In a slice a single subscript is the upper bound, and the lower is 1.
func (a *analyzer) bounds(n *node, index *pg.A_Indices, loc int32) error {
	lower, upper, given := index.Lidx, index.Uidx, uint8(0)
	if n.op == opSlice && !index.IsSlice {
		n.args = append(n.args, constant(typ{id: tInt4}, value{i: 1}, loc))
		given |= hasLower
	}
	if lower != nil {
		if err := a.subscriptBound(n, lower, loc); err != nil {
			return err
		}
		given |= hasLower
	}
	if upper != nil {
		if err := a.subscriptBound(n, upper, loc); err != nil {
			return err
		}
		given |= hasUpper
	}
	n.bounds = append(n.bounds, given)
	return nil
}

func (a *analyzer) subscriptBound(n *node, bound *pg.Node, loc int32) error {
	b, err := a.expr(bound)
	if err != nil {
		return err
	}
	if b.typ.isUnknown() {
		b, err = a.settle(b, typ{id: tInt4})
	} else if _, ctx := castBetween(b.typ.id, tInt4); ctx < castAssignment {
		return a.errorf(b.loc, "array subscript must have type integer")
	} else {
		b, err = a.convert(b, typ{id: tInt4})
	}
	n.args = append(n.args, b)
	return err
}

// jsonSubscript is what #> does with the subscripts as a path.
func (a *analyzer) jsonSubscript(subject *node, indices []*pg.A_Indices, loc int32) (*node, error) {
	path := &node{op: opArray, typ: typ{id: tText.array()}, loc: loc}
	for _, index := range indices {
		if index.IsSlice {
			return nil, a.errorf(loc, "jsonb subscript does not support slices")
		}
		n, err := a.expr(index.Uidx)
		if err != nil {
			return nil, err
		}
		toInt, toText := coercible(n.typ, typ{id: tInt4}), coercible(n.typ, typ{id: tText})
		switch {
		case n.typ.isUnknown() || toText && !toInt:
			n, err = a.convert(n, typ{id: tText})
		case toInt && !toText:
			if n, err = a.convert(n, typ{id: tInt4}); err == nil {
				n, err = a.convert(n, typ{id: tText})
			}
		default:
			return nil, a.errorf(n.loc, "subscript type %s is not supported", n.typ)
		}
		if err != nil {
			return nil, err
		}
		path.args = append(path.args, n)
	}
	folded, err := a.fold(path)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(path.args, func(n *node) bool { return !n.harmless() }) {
		return a.binary("#>", subject, folded, loc)
	}
	// Of a NULL the subscripts are not evaluated, and cannot fail.
	missing := testNull(subject.copied(), isNull, loc)
	found, err := a.binary("#>", subject, folded, loc)
	if err != nil {
		return nil, err
	}
	return caseOf([]*node{missing}, []*node{constant(found.typ, value{null: true}, loc)}, found, loc), nil
}

// harmless reports whether the evaluation of n cannot fail.
func (n *node) harmless() bool {
	return n.plain() || n.op == opCast && (n.aux == castRelabel || n.aux == castOutput || n.aux == castTrim) && n.args[0].harmless()
}

// allDomains reports whether every element that has a type has that of a domain.
func allDomains(args []*node) bool {
	domain := false
	for _, n := range args {
		if n.typ.isUnknown() {
			continue
		}
		if !n.domain {
			return false
		}
		domain = true
	}
	return domain
}

// someDomain reports whether some of the arguments, besides untyped NULLs, are of a domain and others are not.
func someDomain(args []*node) bool {
	domain, other := false, false
	for _, n := range args {
		domain = domain || n.domain
		other = other || !n.domain && !(n.op == opNull && n.typ.isUnknown())
	}
	return domain && other
}
