package where

// op is what a node does. The numbers are stored in compiled clauses.
type op uint8

const (
	opConst    op = 1
	opNull     op = 2
	opColumn   op = 3
	opAnd      op = 4
	opOr       op = 5
	opNot      op = 6
	opCompare  op = 7  // family, relation
	opDistinct op = 8  // family; true or false, never NULL
	opIsNull   op = 9  // aux: nullTest
	opIsTruth  op = 10 // aux: truthTest
	opIn       op = 11 // family; args[0] in the constants args[1:], sorted and distinct; aux 1: and a NULL
	opLike     op = 12 // aux: likeFlags
	opCast     op = 13 // aux: castID
	opCall     op = 14 // call; aux: callFlags
	opCoalesce op = 15
	opMinMax   op = 16 // family; aux: minMax; args[0] greatest or least
	opCase     op = 17 // conditions and results by turns, then the result otherwise
	opRank     op = 18 // args[0], an enum, as its position among labels
	opAny      op = 19 // aux: anyTest; whether args[2] holds for the operand args[0] and any or all elements of the array args[1]
	opOperand  op = 20 // inside args[2] of opAny: the operand
	opElement  op = 21 // inside args[2] of opAny: the element
	opIndex    op = 22 // args[0][args[1]][args[2]]...
	opSlice    op = 23 // aux: which bounds are given; args[0][args[1]:args[2]]...
	opArray    op = 24 // ARRAY[...]; aux 1: the arguments are arrays themselves
	opMember   op = 25 // whether args, columns under casts, are a row of the subquery col; only under opAnd, opOr and opNot
)

// nullTest is the kind of an opIsNull node.
type nullTest = uint8

const (
	isNull    nullTest = 0
	isNotNull nullTest = 1
)

// truthTest is the kind of an opIsTruth node.
type truthTest = uint8

const (
	isTrue       truthTest = 0
	isNotTrue    truthTest = 1
	isFalse      truthTest = 2
	isNotFalse   truthTest = 3
	isUnknown    truthTest = 4
	isNotUnknown truthTest = 5
)

// What the encoding has of a function beside its number.
const (
	callC     uint8 = 1 // its letters have no case beyond ASCII: they come from a name
	callAux   uint8 = callC
	callLoose uint8 = 128
)

// minMax is the kind of an opMinMax node.
type minMax = uint8

const (
	greatest minMax = 0
	least    minMax = 1
)

// anyTest is the kind of an opAny node.
type anyTest = uint8

const (
	testAny anyTest = 0
	testAll anyTest = 1
)

// node is one node of the typed tree. Nodes live while a clause is compiled, printed or routed; what is kept is their
// encoding.
type node struct {
	op   op
	typ  typ
	args []*node
	loc  int32 // byte offset in the parsed text, for errors

	val       value    // opConst
	col       int      // opColumn: index into the clause's columns; opMember: into its subqueries
	fam       family   // opCompare, opDistinct, opIn
	rel       relation // opCompare
	aux       uint8
	labels    []string  // opRank: in their order
	bounds    []uint8   // opSlice: which bounds each subscript has
	of        *node     // opOperand and opElement: what it is a value of, while the clause is analyzed
	collation string    // of columns with one of their own, and of constants that were made of texts; while the clause is analyzed
	domain    bool      // the value is of a domain in Postgres; while the clause is analyzed
	call      *function // opCall
	param     int32     // n for an untyped $n
}

var typeBool = typ{id: tBool}

func (n *node) isConst() bool { return n.op == opConst || n.op == opNull }

// constant makes a constant of type t out of v.
func constant(t typ, v value, loc int32) *node {
	if v.null {
		return &node{op: opNull, typ: t, loc: loc}
	}
	return &node{op: opConst, typ: t, val: v, loc: loc}
}

func boolConst(b bool, loc int32) *node {
	v := value{}
	if b {
		v.i = 1
	}
	return constant(typeBool, v, loc)
}

// isBool reports whether n is the constant b.
func (n *node) isBool(b bool) bool {
	return n.op == opConst && n.typ.id == tBool && (n.val.i != 0) == b
}

// title is what error messages call a node that is no constant and no column.
func (n *node) title() string {
	switch n.op {
	case opCall:
		return n.call.name
	case opCoalesce:
		return "coalesce"
	case opMinMax:
		return [...]string{"greatest", "least"}[n.aux]
	case opCase:
		return "case"
	case opIndex, opSlice:
		return "subscript"
	case opArray:
		return "array"
	}
	return n.typ.String()
}
