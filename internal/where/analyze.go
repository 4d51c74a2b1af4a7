package where

import (
	"fmt"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// analyzer turns the parser's tree into the typed tree: children before parents, left to right, folding constants on the way.
type analyzer struct {
	field  string
	prefix int // bytes before the client's text
	text   string

	columns map[string]*Column
	labels  map[string][]string // of enums, by name
	used    []typedColumn
	index   map[string]int // into used

	literals map[int32]*literalText // what stands for the constants at these places, if the text is not the one that was parsed

	catalog    *catalog // nil where subqueries are not allowed
	subqueries []subquery
	members    map[string]int // into subqueries, by their encoding

	given map[int32]string // params
	fixed map[int32]typ    // the types that the first uses of params have given them
	depth int
	nodes int // analyzed so far: BETWEEN and IN analyze their left side more than once, which multiplies when nested
}

// maxNodes bounds the work that a clause can ask for.
const maxNodes = 100_000

func newAnalyzer(field string, prefix int, text string, given map[int32]string, cols []Column) *analyzer {
	table := columnsOf(cols)
	return &analyzer{
		field: field, prefix: prefix, text: text, given: given,
		columns: table.columns, index: map[string]int{}, fixed: map[int32]typ{}, labels: table.labels,
	}
}

// errorf places a complaint: loc is the parser's byte offset, the client is told a character offset into its own text.
func (a *analyzer) errorf(loc int32, format string, args ...any) error {
	return a.errorAt(loc, format, args...)
}

func (a *analyzer) errorAt(loc int32, format string, args ...any) *Error {
	at := min(max(int(loc)-a.prefix, 0), len(a.text))
	return &Error{Field: a.field, Location: utf8.RuneCountInString(a.text[:at]), Reason: fmt.Sprintf(format, args...)}
}

// condition analyzes the whole clause.
func (a *analyzer) condition(n *pg.Node) (*node, error) {
	root, err := a.logical(n)
	if err != nil {
		return nil, err
	}
	if root.typ.isUnknown() {
		if root, err = a.settle(root, typeBool); err != nil {
			return nil, err
		}
	}
	if root.typ.id != tBool {
		return nil, &Error{Field: a.field, Location: -1, Reason: "WHERE clause must return a boolean"}
	}
	return root, nil
}

// enter counts an expression that is being analyzed, until leave.
func (a *analyzer) enter() error {
	a.depth++
	if a.depth > maxDepth/2 {
		return &Error{Field: a.field, Location: -1, Reason: "the expression is nested too deeply"}
	}
	if a.nodes++; a.nodes > maxNodes {
		return &Error{Field: a.field, Location: -1, Reason: "the clause is too large"}
	}
	return nil
}

func (a *analyzer) leave() { a.depth-- }

// expr analyzes an expression.
func (a *analyzer) expr(n *pg.Node) (*node, error) {
	defer a.leave()
	if err := a.enter(); err != nil {
		return nil, err
	}
	switch e := n.GetNode().(type) {
	case *pg.Node_AConst:
		return a.constant(e.AConst)
	case *pg.Node_ColumnRef:
		return a.columnRef(e.ColumnRef)
	case *pg.Node_ParamRef:
		return a.param(e.ParamRef)
	case *pg.Node_BoolExpr:
		return a.boolean(e.BoolExpr, a.expr)
	case *pg.Node_AExpr:
		return a.operator(e.AExpr)
	case *pg.Node_NullTest:
		return a.nullTest(e.NullTest)
	case *pg.Node_BooleanTest:
		return a.truthTest(e.BooleanTest)
	case *pg.Node_TypeCast:
		return a.typeCast(e.TypeCast)
	case *pg.Node_FuncCall:
		return a.function(e.FuncCall)
	case *pg.Node_CoalesceExpr:
		return a.coalesce(e.CoalesceExpr)
	case *pg.Node_CaseExpr:
		return a.caseExpr(e.CaseExpr)
	case *pg.Node_MinMaxExpr:
		return a.minMax(e.MinMaxExpr)
	case *pg.Node_AArrayExpr:
		return a.arrayExpr(e.AArrayExpr, typ{})
	case *pg.Node_AIndirection:
		return a.subscript(e.AIndirection, location(n))
	case *pg.Node_RowExpr:
		return nil, a.errorf(e.RowExpr.Location, "rows are only supported in comparisons, IN and IS NULL")
	case *pg.Node_SqlvalueFunction:
		return nil, a.sessionValue(e.SqlvalueFunction)
	case *pg.Node_SubLink:
		return nil, a.misplaced(e.SubLink)
	}
	return nil, a.errorf(location(n), "%s is not supported in this context", nodeName(n))
}

// nodeName is the parser's name of the kind of node.
func nodeName(n *pg.Node) string {
	m := n.ProtoReflect()
	if d := m.WhichOneof(m.Descriptor().Oneofs().Get(0)); d != nil {
		return string(d.Message().Name())
	}
	return "an empty expression"
}

// location is the byte offset of a node that this package does not know otherwise, 0 for none.
func location(n *pg.Node) int32 {
	m := n.ProtoReflect()
	d := m.WhichOneof(m.Descriptor().Oneofs().Get(0))
	if d == nil {
		return 0
	}
	inner := m.Get(d).Message()
	if l := inner.Descriptor().Fields().ByName("location"); l != nil && l.Kind() == protoreflect.Int32Kind {
		return int32(inner.Get(l).Int())
	}
	return 0
}

// columnRef is a column whose values are compared.
func (a *analyzer) columnRef(c *pg.ColumnRef) (*node, error) {
	n, err := a.anyColumnRef(c)
	if err == nil && a.columns[a.used[n.col].name].Nondeterministic {
		return nil, a.errorf(c.Location, "column %s has a nondeterministic collation: it can only be tested for NULL",
			identifier(a.used[n.col].name))
	}
	return n, err
}

func (a *analyzer) anyColumnRef(c *pg.ColumnRef) (*node, error) {
	parts := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		if f.GetAStar() != nil {
			return nil, a.errorf(c.Location, "A_Star is not supported in this context")
		}
		parts[i] = f.GetString_().GetSval()
	}
	if len(parts) == 1 {
		if col, ok := a.columns[parts[0]]; ok {
			return a.column(col, c.Location), nil
		}
	}
	for i := range parts {
		parts[i] = identifier(parts[i])
	}
	return nil, a.errorf(c.Location, "unknown reference %s", strings.Join(parts, "."))
}

func (a *analyzer) column(c *Column, loc int32) *node {
	i, ok := a.index[c.Name]
	if !ok {
		i = len(a.used)
		a.used = append(a.used, typedColumn{name: c.Name, typ: c.typeOf(), domain: c.Kind == Domain})
		a.index[c.Name] = i
	}
	n := &node{op: opColumn, typ: a.used[i].typ, col: i, collation: c.Collation, domain: c.Kind == Domain && (c.Dims == 0 || c.OfDomains), loc: loc}
	if n.collation == "" && n.typ.id.collatable() {
		n.collation = n.typ.ownCollation()
	}
	return n
}

// identifier renders a name as error messages do: quoted unless it is plain.
func identifier(name string) string {
	for i, r := range name {
		if r == '_' || r >= 'a' && r <= 'z' || i > 0 && r >= '0' && r <= '9' {
			continue
		}
		return quoteName(name)
	}
	if name == "" {
		return `""`
	}
	return name
}

// boolean joins conditions, each of which is analyzed by arg.
func (a *analyzer) boolean(e *pg.BoolExpr, arg func(*pg.Node) (*node, error)) (*node, error) {
	args := make([]*node, 0, len(e.Args))
	for _, x := range e.Args {
		n, err := arg(x)
		if err != nil {
			return nil, err
		}
		if n, err = a.boolArg(n); err != nil {
			return nil, err
		}
		args = append(args, n)
	}
	switch e.Boolop {
	case pg.BoolExprType_AND_EXPR:
		return conjunction(opAnd, args, e.Location), nil
	case pg.BoolExprType_OR_EXPR:
		return conjunction(opOr, args, e.Location), nil
	}
	return negation(args[0], e.Location), nil
}

func (a *analyzer) boolArg(n *node) (*node, error) {
	switch {
	case n.typ.isUnknown():
		return a.settle(n, typeBool)
	case n.typ.id == tBool:
		return n, nil
	case n.op == opColumn:
		return nil, a.errorf(n.loc, "reference %s of type %s is not castable to bool", identifier(a.used[n.col].name), n.typ)
	case n.op == opCast:
		return nil, a.errorf(n.loc, "function %s returning %s is not castable to bool", n.typ, n.typ)
	case !n.isConst():
		return nil, a.errorf(n.loc, "function %s returning %s is not castable to bool", n.title(), n.typ)
	}
	return nil, a.errorf(n.loc, "constant of type %s is not castable to bool", n.typ)
}

func (a *analyzer) nullTest(e *pg.NullTest) (*node, error) {
	test := isNull
	if e.Nulltesttype == pg.NullTestType_IS_NOT_NULL {
		test = isNotNull
	}
	if row := e.Arg.GetRowExpr(); row != nil {
		return a.rowNullTest(row, test, e.Location)
	}
	arg, err := a.nullTested(e.Arg)
	if err != nil {
		return nil, err
	}
	return testNull(arg, test, e.Location), nil
}

// nullTested analyzes what is only tested for NULL, which any column can be.
func (a *analyzer) nullTested(n *pg.Node) (*node, error) {
	if c := n.GetColumnRef(); c != nil {
		return a.anyColumnRef(c)
	}
	return a.expr(n)
}

func testNull(arg *node, test nullTest, loc int32) *node {
	if arg.isConst() {
		return boolConst((arg.op == opNull) == (test == isNull), loc)
	}
	return &node{op: opIsNull, typ: typeBool, aux: test, args: []*node{arg}, loc: loc}
}

func (a *analyzer) truthTest(e *pg.BooleanTest) (*node, error) {
	arg, err := a.expr(e.Arg)
	if err != nil {
		return nil, err
	}
	test, name := truthTestOf(e.Booltesttype)
	if arg.typ.isUnknown() {
		if arg, err = a.settle(arg, typeBool); err != nil {
			return nil, err
		}
	}
	if arg.typ.id != tBool {
		return nil, a.errorf(e.Location, "argument of %s must be bool, not %s", name, arg.typ)
	}
	return a.fold(&node{op: opIsTruth, typ: typeBool, aux: test, args: []*node{arg}, loc: e.Location})
}

func truthTestOf(t pg.BoolTestType) (truthTest, string) {
	switch t {
	case pg.BoolTestType_IS_TRUE:
		return isTrue, "IS TRUE"
	case pg.BoolTestType_IS_NOT_TRUE:
		return isNotTrue, "IS NOT TRUE"
	case pg.BoolTestType_IS_FALSE:
		return isFalse, "IS FALSE"
	case pg.BoolTestType_IS_NOT_FALSE:
		return isNotFalse, "IS NOT FALSE"
	case pg.BoolTestType_IS_UNKNOWN:
		return isUnknown, "IS UNKNOWN"
	}
	return isNotUnknown, "IS NOT UNKNOWN"
}

// lastName is the last part of a possibly qualified name.
func lastName(names []*pg.Node) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1].GetString_().GetSval()
}
