package where

// Arithmetic. The numbers are stored in compiled clauses. A number stands for all overloads: the types say which it is.
const (
	fnAbs        callID = groupMath | 1
	fnAdd        callID = groupMath | 2
	fnNegate     callID = groupMath | 3
	fnSubtract   callID = groupMath | 4
	fnMultiply   callID = groupMath | 5
	fnDivide     callID = groupMath | 6
	fnModulo     callID = groupMath | 7
	fnPower      callID = groupMath | 8
	fnPlus       callID = groupMath | 9
	fnBitAnd     callID = groupMath | 10
	fnBitOr      callID = groupMath | 11
	fnBitXor     callID = groupMath | 12
	fnBitNot     callID = groupMath | 13
	fnShiftLeft  callID = groupMath | 14
	fnShiftRight callID = groupMath | 15
	fnSign       callID = groupMath | 16
	fnRound      callID = groupMath | 17
	fnTrunc      callID = groupMath | 18
	fnFloor      callID = groupMath | 19
	fnCeil       callID = groupMath | 20
	fnDivTrunc   callID = groupMath | 21 // div
	fnSqrt       callID = groupMath | 22

	fnTruncAddress callID = groupMath | 23 // never called, but makes trunc('1') ambiguous
)

func integerTypes() []typeID { return in(tInt2, tInt4, tInt8) }
func floatTypes() []typeID   { return in(tFloat4, tFloat8) }

// numberTypes are those that have an arithmetic of their own.
func numberTypes() []typeID { return append(append(integerTypes(), floatTypes()...), tNumeric) }

func mathFunctions() []function {
	var rows []function
	add := func(id callID, name string, as spelling, result typeID, args ...typeID) {
		rows = append(rows, function{id, name, as, args, result, strict})
	}
	for _, op := range []struct {
		id   callID
		name string
	}{{fnAdd, "+"}, {fnSubtract, "-"}, {fnMultiply, "*"}, {fnDivide, "/"}} {
		for _, family := range [][]typeID{integerTypes(), floatTypes(), in(tNumeric)} {
			for _, l := range family {
				for _, r := range family {
					add(op.id, op.name, asOperator, max(l, r), l, r) // their numbers are in the order of their widths
				}
			}
		}
	}
	for _, t := range numberTypes() {
		add(fnPlus, "+", asPrefix, t, t)
		add(fnNegate, "-", asPrefix, t, t)
		add(fnAbs, "@", asPrefix, t, t)
		add(fnAbs, "abs", asFunction, t, t)
	}
	for _, t := range append(integerTypes(), tNumeric) {
		add(fnModulo, "%", asOperator, t, t, t)
		add(fnModulo, "mod", asFunction, t, t, t)
	}
	for _, t := range integerTypes() {
		add(fnBitAnd, "&", asOperator, t, t, t)
		add(fnBitOr, "|", asOperator, t, t, t)
		add(fnBitXor, "#", asOperator, t, t, t)
		add(fnBitNot, "~", asPrefix, t, t)
		add(fnShiftLeft, "<<", asOperator, t, t, tInt4)
		add(fnShiftRight, ">>", asOperator, t, t, tInt4)
	}
	for _, t := range in(tFloat8, tNumeric) {
		add(fnPower, "^", asOperator, t, t, t)
		add(fnPower, "power", asFunction, t, t, t)
		add(fnPower, "pow", asFunction, t, t, t)
		add(fnSqrt, "sqrt", asFunction, t, t)
		add(fnSign, "sign", asFunction, t, t)
		add(fnRound, "round", asFunction, t, t)
		add(fnTrunc, "trunc", asFunction, t, t)
		add(fnFloor, "floor", asFunction, t, t)
		add(fnCeil, "ceil", asFunction, t, t)
		add(fnCeil, "ceiling", asFunction, t, t)
	}
	add(fnSqrt, "|/", asPrefix, tFloat8, tFloat8)
	add(fnRound, "round", asFunction, tNumeric, tNumeric, tInt4)
	add(fnTrunc, "trunc", asFunction, tNumeric, tNumeric, tInt4)
	add(fnTruncAddress, "trunc", asFunction, tOpaque, tOpaque)
	add(fnDivTrunc, "div", asFunction, tNumeric, tNumeric, tNumeric)
	return rows
}
