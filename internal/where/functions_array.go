package where

// Functions of arrays. The numbers are stored in compiled clauses, and begin with groupArray | 1.

func arrayFunctions() []function {
	return []function{}
}
