package where

// Arithmetic. The numbers are stored in compiled clauses.
const (
	fnAbsInt4   callID = groupMath | 1
	fnAddInt4   callID = groupMath | 2
	fnMinusInt4 callID = groupMath | 3
)

func mathFunctions() []function {
	return []function{
		{fnAbsInt4, "abs", asFunction, in(tInt4), tInt4, strict},
		{fnAddInt4, "+", asOperator, in(tInt4, tInt4), tInt4, strict},
		{fnMinusInt4, "-", asPrefix, in(tInt4), tInt4, strict},
	}
}
