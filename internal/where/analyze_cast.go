package where

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// maxChars is the largest n of varchar(n) and char(n).
const maxChars = 10_485_760

func (a *analyzer) typeCast(e *pg.TypeCast) (*node, error) {
	var n *node
	var err error
	list := e.Arg.GetAArrayExpr()
	if list == nil {
		if n, err = a.expr(e.Arg); err != nil {
			return nil, err
		}
	}
	t, limit, err := a.typeName(e.TypeName)
	if err != nil {
		return nil, err
	}
	if list != nil {
		// The elements are converted one by one.
		target := t
		if !t.id.isArray() {
			target = typ{}
		}
		if n, err = a.nestedArray(list, target); err != nil {
			return nil, err
		}
	}
	loc := e.Location
	if loc < 0 {
		loc = e.TypeName.GetLocation()
	}
	if n.typ.isUnknown() {
		n, err = a.settleWith(n, t, limit)
	} else if n.typ != t {
		n, err = a.cast(n, t, loc)
	} else if n.domain {
		based := *n
		based.domain = false
		n = &based
	}
	if err != nil || limit < 0 {
		return n, err
	}
	n = &node{op: opCast, typ: t, aux: castTypmod, col: limit, args: []*node{n}, loc: loc}
	if t.id.elem() == tVarchar || t.id.elem() == tBpchar {
		n.aux = castLimitChars
	}
	return a.fold(n)
}

// cast converts n, explicitly or implicitly.
func (a *analyzer) cast(n *node, t typ, loc int32) (*node, error) {
	id, ctx := castBetween(n.typ.id, t.id)
	if ctx == castNone || n.typ.id.elem() == tEnum && t.id.elem() == tEnum {
		return nil, a.errorf(loc, "unknown cast from type %s to type %s", n.typ, t)
	}
	if n.op == opArray && id == castArray {
		return a.castElements(n, t)
	}
	return a.fold(&node{op: opCast, typ: t, aux: id, args: []*node{n}, loc: loc})
}

// castElements converts ARRAY[...] element by element, as Postgres reads a cast of it.
func (a *analyzer) castElements(n *node, t typ) (*node, error) {
	c := *n
	c.typ, c.args = t, make([]*node, len(n.args))
	element := t.elem()
	if n.aux == 1 {
		element = t
	}
	for i, arg := range n.args {
		var err error
		if c.args[i], err = a.convert(arg, element); err != nil {
			return nil, err
		}
	}
	return a.fold(&c)
}

// typeName resolves the name of a type. The limit is its modifier, -1 for none.
func (a *analyzer) typeName(t *pg.TypeName) (typ, int, error) {
	parts := make([]string, len(t.GetNames()))
	for i, n := range t.GetNames() {
		parts[i] = n.GetString_().GetSval()
	}
	unsupported := func() (typ, int, error) {
		for i := range parts {
			parts[i] = identifier(parts[i])
		}
		name := strings.TrimPrefix(strings.Join(parts, "."), "pg_catalog.") + strings.Repeat("[]", len(t.GetArrayBounds()))
		return typ{}, -1, a.errorf(t.GetLocation(), "unsupported type %s", name)
	}
	if enum, ok := a.enumNamed(parts); ok && len(t.GetTypmods()) == 0 && !t.GetSetof() && !t.GetPctType() {
		if len(t.GetArrayBounds()) > 0 {
			enum = enum.array()
		}
		return enum, -1, nil
	}
	if len(parts) == 2 && parts[0] == "pg_catalog" {
		parts = parts[1:]
	}
	if len(parts) != 1 || t.GetSetof() || t.GetPctType() {
		return unsupported()
	}
	id, ok := named(parts[0])
	if !ok {
		return unsupported()
	}
	if len(t.GetArrayBounds()) > 0 {
		id = id.array()
	}
	if len(t.GetTypmods()) == 0 {
		return typ{id: id}, -1, nil
	}
	mod, err := a.typmod(id.elem(), t)
	return typ{id: id}, mod, err
}
