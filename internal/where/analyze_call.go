package where

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// maxArguments is the most that Postgres gives a function.
const maxArguments = 100

// function analyzes a function call.
func (a *analyzer) function(e *pg.FuncCall) (*node, error) {
	switch {
	case e.AggStar || e.AggDistinct || len(e.AggOrder) > 0 || e.AggFilter != nil || e.Over != nil || e.AggWithinGroup:
		return nil, a.errorf(e.Location, "aggregation is not supported in this context")
	case e.FuncVariadic:
		return nil, a.errorf(e.Location, "explicit VARIADIC function calls are not currently supported")
	}
	args := make([]*node, len(e.Args))
	for i, x := range e.Args {
		if x.GetNamedArgExpr() != nil {
			return nil, a.errorf(e.Location, "named arguments are not supported")
		}
		n, err := a.expr(x)
		if err != nil {
			return nil, err
		}
		args[i] = n
	}
	name := lastName(e.Funcname)
	if len(e.Funcname) > 2 || len(e.Funcname) == 2 && e.Funcname[0].GetString_().GetSval() != "pg_catalog" {
		name = "" // a function of the user's own
	}
	if n, err := a.namedCall(name, args, e.Location); n != nil || err != nil {
		return n, err
	}
	if why, ok := refused(lastName(e.Funcname)); ok {
		return nil, a.errorf(e.Location, "function %s is not supported: %s", identifier(lastName(e.Funcname)), why)
	}
	return nil, a.errorf(e.Location, "unknown or unsupported function %s/%d", lastName(e.Funcname), len(e.Args))
}

// namedCall is a call of one of the functions of the language; nil when there is none of that name for so many arguments.
func (a *analyzer) namedCall(name string, args []*node, loc int32) (*node, error) {
	all := functionsNamed(name, asFunction, len(args))
	types := typesOf(args)
	if len(args) == 1 && exact(all, types) < 0 {
		if n, err := a.castCall(name, args[0], loc); n != nil || err != nil {
			return n, err
		}
	}
	switch {
	case (name == "like" || name == "notlike") && len(args) == 2:
		if args[0].typ.id == tBpchar { // the operator takes one as it is, the function only as a text
			text, err := a.convert(args[0], typ{id: tText})
			if err != nil {
				return nil, err
			}
			args[0] = text
		}
		return a.binary(strings.Replace(strings.Replace(name, "notlike", "!~~", 1), "like", "~~", 1), args[0], args[1], loc)
	case name == "ilike" && len(args) == 2:
		return a.binary("~~*", args[0], args[1], loc)
	case len(all) == 0 || len(args) > maxArguments:
		return nil, nil
	}
	i := choose(all, types, false)
	if i < 0 {
		return nil, a.errorf(loc, "Could not select a function overload for %s(%s)", name, typeList(types))
	}
	return a.callOf(all[i], args, loc)
}

// castCall is a cast that is written as a call, such as int4('5'), or a call of an output function, such as int4out(5). It gives
// nil when name is neither.
func (a *analyzer) castCall(name string, arg *node, loc int32) (*node, error) {
	if id, ok := named(name); ok {
		if arg.typ.isUnknown() {
			return a.settle(arg, typ{id: id})
		}
		if _, ctx := castBetween(arg.typ.id, id); ctx != castNone && !castsOtherwise(arg.typ.id, id) {
			return a.convert(arg, typ{id: id})
		}
		return nil, nil
	}
	of, ok := strings.CutSuffix(name, "out")
	if id, known := named(strings.TrimSuffix(of, "_")); ok && known {
		if arg.typ.isUnknown() {
			n, err := a.settle(arg, typ{id: id})
			if err != nil {
				return nil, err
			}
			arg = n
		}
		if arg.typ.id == id {
			text, err := a.convert(arg, typ{id: tText})
			if err == nil && id == tBool { // its output is one letter, the text that it is cast to a word
				return a.namedCall("left", []*node{text, constant(typ{id: tInt4}, value{i: 1}, loc)}, loc)
			}
			return text, err
		}
	}
	return nil, nil
}

// castsOtherwise reports whether the function that casts does not have the name of the target in Postgres, or takes another type,
// so that a call of that name is no cast.
func castsOtherwise(from, to typeID) bool {
	return (to == tVarchar || to == tBpchar) && (from == tBool || from == tChar) || from == tBpchar && (to == tVarchar || to == tChar)
}

func typesOf(args []*node) []typ {
	types := make([]typ, len(args))
	for i, n := range args {
		types[i] = n.typ
	}
	return types
}

func typeList(types []typ) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

// callOf converts the arguments to what f takes.
func (a *analyzer) callOf(f *function, args []*node, loc int32) (*node, error) {
	slots, result, ok := f.unify(typesOf(args))
	if !ok {
		return nil, a.errorf(loc, "Could not select a function overload for %s(%s)", f.name, typeList(typesOf(args)))
	}
	switch {
	case f.ofDomains(args):
		return nil, a.errorf(loc, "a domain in %s must be cast to the type below it", f.name)
	case f.mixesDomains(args):
		return nil, a.errorf(loc, "an array of domains must be cast to an array of the type below it")
	case f.undetermined(typesOf(args)) && f.id != fnArrayNdims:
		return nil, a.errorf(loc, "could not determine polymorphic type because input has type unknown")
	}
	n := &node{op: opCall, typ: result, call: f, loc: loc}
	for i, arg := range args {
		arg, err := a.convert(arg, slots[i])
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, arg)
	}
	if err := a.checkMoment(f, n.args, loc); err != nil {
		return nil, err
	}
	if why, ok := refusedCall(f, n.args); ok {
		return nil, a.errorf(loc, "%s", why)
	}
	if f.traits&equates != 0 && slots[0].id == tJSON.array() {
		return nil, a.errorf(loc, "could not identify an equality operator for type json")
	}
	if f.traits&mapsCase != 0 {
		c, err := a.lettersOf(loc, n.args...)
		if err != nil {
			return nil, err
		}
		if c {
			n.aux = callC
		}
	} else if f.traits&comparing != 0 {
		if err := a.checkCollations(loc, n.args...); err != nil {
			return nil, err
		}
	}
	n, err := a.fold(n)
	if err == nil && len(n.val.b) > maxText {
		return nil, a.errorf(loc, "a constant is bigger than maximum size of %d bytes", maxText)
	}
	return n, err
}

// coalesce and its arguments have one common type.
func (a *analyzer) coalesce(e *pg.CoalesceExpr) (*node, error) {
	args, err := a.commonArgs(e.Args, "COALESCE", e.Location)
	if err != nil {
		return nil, err
	}
	return coalesceOf(args, e.Location), nil
}

// coalesceOf drops what can never be the result.
func coalesceOf(args []*node, loc int32) *node {
	n := &node{op: opCoalesce, typ: args[0].typ, domain: allDomains(args), loc: loc}
	for _, arg := range args {
		if arg.op == opNull {
			continue
		}
		n.args = append(n.args, arg)
		if arg.op == opConst {
			break
		}
	}
	switch len(n.args) {
	case 0:
		return constant(n.typ, value{null: true}, loc).collatedAs(args)
	case 1:
		return n.args[0].collatedAs(args)
	}
	return n.collatedAs(args)
}

// commonArgs analyzes expressions that become one of them, and converts them to their common type.
func (a *analyzer) commonArgs(list []*pg.Node, what string, loc int32) ([]*node, error) {
	args := make([]*node, len(list))
	for i, x := range list {
		n, err := a.expr(x)
		if err != nil {
			return nil, err
		}
		args[i] = n
	}
	return args, a.unite(args, what, loc)
}

// unite converts the arguments to their common type.
func (a *analyzer) unite(args []*node, what string, loc int32) error {
	types := typesOf(args)
	common, ok := commonType(types)
	domains := allDomains(args)
	if !ok || common.id.opaque() {
		return a.errorf(loc, "%s types %s cannot be matched", what, strings.ReplaceAll(typeList(types), ", ", " and "))
	}
	if common.id.isArray() && someDomain(args) {
		return a.errorf(loc, "an array of domains must be cast to an array of the type below it")
	}
	for i, n := range args {
		n, err := a.convert(n, common)
		if err != nil {
			return err
		}
		if n.isConst() && domains {
			n.domain = true
		}
		args[i] = n
	}
	return nil
}
