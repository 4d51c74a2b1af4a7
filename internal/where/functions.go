package where

import "sync"

// How functions and operators are added.
//
// Every function and operator besides the comparisons and LIKE (operators.go) is a row of a table. Rows come in groups; a group
// has two files of its own and touches no other:
//
//	functions_GROUP.go  the numbers of its functions, and its rows: func GROUPFunctions() []function
//	eval_GROUP.go       func (m *machine) callGROUP(c *call, out *value) error: a switch over the numbers
//
// A number is group<<8 | n. It is stored in compiled clauses: append, never change one or use it again, not even when a row
// goes. Rows are what pg_proc and pg_operator have, one for each overload that is to be accepted; an overload of Postgres that is
// missing can change which one is chosen, so a name is entered with all overloads whose types the language has. Overloads that
// do the same may share a number; the types of the arguments are in the call.
//
//	{fnLength, "length", asFunction, in(tText), tInt4, strict}
//	{fnAddInt4, "+", asOperator, in(tInt4, tInt4), tInt4, strict}
//	{fnMinusInt4, "-", asPrefix, in(tInt4), tInt4, strict}
//	{fnArrayAppend, "array_append", asFunction, in(tAnyCompatibleArray, tAnyCompatible), tAnyCompatibleArray, loose}
//	{fnConcat, "concat", asFunction, in(tText), tText, variadic | loose}
//
// A polymorphic slot (tAnyElement, tAnyCompatible, ...) is unified as Postgres does it, and so is the result. The last slot of a
// variadic row takes one argument or more. strict: the evaluation never sees a NULL argument and the result of one is NULL;
// a loose function gets NULL arguments (value.null) and sets out.null itself: out starts as not NULL. Only what is immutable
// in Postgres may be a row: a function of the session or the time has its reason in refused.go.
//
// The evaluation finds the arguments in c.args, their types in c.types, and leaves the result in *out: out.i for booleans
// (out.setBool), integers, dates and times, out.f for floats, out.b for the rest (see value). Results in out.b are parts of an
// argument, constants, or are written to the scratch memory:
//
//	m.print(out, func(b []byte) []byte { return append(b, ...) })
//
// which allocates nothing once the scratch memory has grown. Arguments must not be modified. An error is one that Postgres
// would raise; it says nothing of the values. Calls of constants are folded by the same code at compile time.
//
// A type is made whole in these places, each of which calls a file of the group: columnValue, input and output (its text forms),
// family.compare with a row in comparisons(), builtinCast with a number in castID and a case in machine.convert, defaultOrder,
// validBytes (what a stored constant must be, so that no evaluation of corrupt bytes panics).
//
// The printed form is "left op right", "op right" or pg_catalog.name(arguments). Arguments have exactly the types of the slots by
// then: implicit casts are nodes and constants are printed with their types, so Postgres resolves the same overload. A call that
// needs another spelling, or a COLLATE, gets it in printer.call.

// callID numbers a function. The numbers are stored in compiled clauses.
type callID uint16

// The groups of functions, the high byte of their numbers.
const (
	groupMath   callID = 1 << 8
	groupText   callID = 2 << 8
	groupBytea  callID = 3 << 8
	groupMoment callID = 4 << 8
	groupArray  callID = 5 << 8
	groupJSON   callID = 6 << 8
	groupCore   callID = 7 << 8

	groupMask callID = 0xff << 8
)

// spelling is how a function is called.
type spelling uint8

const (
	asFunction spelling = iota
	asOperator          // between its two arguments
	asPrefix            // before its argument
)

type traits uint8

const (
	strict   traits = 0
	loose    traits = 1 << 0 // is called with NULL arguments too
	variadic traits = 1 << 1 // the last slot stands for one argument or more
	mapsCase traits = 1 << 2 // depends on the database's mapping of letters
	equates  traits = 1 << 3 // looks for equal elements in its first argument, an array
	searches traits = 1 << 4 // looks for a text in another
)

// comparing are the traits of functions that compare texts, and so cannot do without one collation for all of them.
const comparing = equates | searches

// function is an overload of a function or operator.
type function struct {
	id     callID
	name   string
	as     spelling
	args   []typeID
	result typeID
	traits traits
}

func in(types ...typeID) []typeID { return types }

// slot is the type of the i-th argument.
func (f *function) slot(i int) typeID { return f.args[min(i, len(f.args)-1)] }

// takes reports whether f can be called with n arguments.
func (f *function) takes(n int) bool {
	return n == len(f.args) || f.traits&variadic != 0 && n >= len(f.args)
}

// functionKey is what a call is looked up by.
type functionKey struct {
	name string
	as   spelling
}

type functionIndex struct {
	byName map[functionKey][]*function
	byID   map[callID][]*function
}

// functions is the table of all groups. It is made once and never changes.
var functions = sync.OnceValue(func() functionIndex {
	index := functionIndex{map[functionKey][]*function{}, map[callID][]*function{}}
	for _, rows := range [][]function{
		mathFunctions(), textFunctions(), byteaFunctions(), momentFunctions(), arrayFunctions(), jsonFunctions(), coreFunctions(),
	} {
		for i := range rows {
			f := &rows[i]
			k := functionKey{f.name, f.as}
			index.byName[k] = append(index.byName[k], f)
			index.byID[f.id] = append(index.byID[f.id], f)
		}
	}
	return index
})

// functionsNamed are the overloads that can be called with n arguments.
func functionsNamed(name string, as spelling, n int) []*function {
	var all []*function
	for _, f := range functions().byName[functionKey{name, as}] {
		if f.takes(n) {
			all = append(all, f)
		}
	}
	return all
}

// isOperator reports whether name is an operator of that spelling.
func isOperator(name string, as spelling) bool {
	return len(functions().byName[functionKey{name, as}]) > 0
}

// functionOf is the overload with that number that takes and yields exactly these types, nil when there is none. Among overloads
// that do the same the first is as good as any.
func functionOf(id callID, args []typ, result typeID) *function {
	for _, f := range functions().byID[id] {
		if !f.takes(len(args)) {
			continue
		}
		slots, yields, ok := f.unify(args)
		if !ok || yields.id != result || f.traits&equates != 0 && slots[0].id == tJSON.array() {
			continue
		}
		same := true
		for i := range args {
			same = same && slots[i].id == args[i].id
		}
		if same {
			return f
		}
	}
	return nil
}
