package where

import pg "github.com/pganalyze/pg_query_go/v6"

func (a *analyzer) constant(c *pg.A_Const) (*node, error) {
	if c.Isnull {
		return &node{op: opNull, loc: c.Location}, nil
	}
	if l := a.literals[c.Location]; l != nil {
		l.used = true
		if l.quoted {
			return constant(typ{}, value{b: []byte(l.text)}, c.Location), nil
		}
		n, err := parseInt([]byte(l.text))
		if err != nil {
			return nil, a.errorf(c.Location, "invalid syntax for type int4: %s", l.text)
		}
		return constant(typ{id: tInt4}, value{i: n}, c.Location), nil
	}
	switch v := c.Val.(type) {
	case *pg.A_Const_Boolval:
		return boolConst(v.Boolval.GetBoolval(), c.Location), nil
	case *pg.A_Const_Ival:
		return constant(typ{id: tInt4}, value{i: int64(v.Ival.GetIval())}, c.Location), nil
	case *pg.A_Const_Fval:
		t, val, err := wideLiteral(v.Fval.GetFval())
		if err != nil {
			return nil, a.errorf(c.Location, "invalid syntax for type numeric: %s", v.Fval.GetFval())
		}
		return constant(t, val, c.Location), nil
	case *pg.A_Const_Sval:
		return constant(typ{}, value{b: []byte(v.Sval.GetSval())}, c.Location), nil
	}
	return nil, a.errorf(c.Location, "BitString values are not supported")
}

func (a *analyzer) param(p *pg.ParamRef) (*node, error) {
	text, ok := a.given[p.Number]
	if !ok {
		return nil, a.errorf(p.Location, "parameter $%d was not provided", p.Number)
	}
	if at := badCharacter(text); at >= 0 {
		return nil, a.errorf(p.Location, `invalid byte sequence for encoding "UTF8" in parameter $%d`, p.Number)
	}
	n := constant(typ{}, value{b: []byte(text)}, p.Location)
	n.param = p.Number
	if t, ok := a.fixed[p.Number]; ok {
		return a.settle(n, t)
	}
	return n, nil
}

// settle gives an untyped literal its type. A param keeps the type of its first use.
func (a *analyzer) settle(n *node, t typ) (*node, error) { return a.settleWith(n, t, noTypmod) }

// settleWith does it for a type with a modifier: the fields of an interval decide what its numbers mean.
func (a *analyzer) settleWith(n *node, t typ, mod int) (*node, error) {
	if n.op == opNull {
		return constant(t, value{null: true}, n.loc), nil
	}
	if n.param > 0 {
		if was, ok := a.fixed[n.param]; ok && was != t {
			return nil, a.errorf(n.loc, "type conflict for $%d: %s and %s", n.param, was, t)
		}
		a.fixed[n.param] = t
	}
	if t.id.opaque() {
		return nil, a.errorf(n.loc, "invalid syntax for type %s: %s", t, n.val.b)
	}
	if t.id == tEnum && !a.checkLabel(t, n.val.b) {
		return nil, a.errorf(n.loc, "invalid input value for %s: %s", t, n.val.b)
	}
	v := value{b: n.val.b}
	m := machine{s: &Scratch{}, folding: true}
	var err error
	if t.id == tInterval && mod >= 0 && mod>>16 != intervalAllFields {
		v.b, err = inputIntervalOf(v.b, mod>>16)
	} else {
		err = m.input(t.id, &v)
	}
	if err != nil {
		return nil, a.errorf(n.loc, "invalid syntax for type %s: %s", t, n.val.b)
	}
	if t.id == tEnum.array() && !a.checkLabels(t, v.b) {
		return nil, a.errorf(n.loc, "invalid input value for %s: %s", t.elem(), n.val.b)
	}
	return constant(t, v, n.loc), nil
}
