package where

// Functions of byte strings. The numbers are stored in compiled clauses, and begin with groupBytea | 1.

func byteaFunctions() []function {
	return []function{}
}
