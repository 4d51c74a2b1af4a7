package where

// Functions of json and jsonb. The numbers are stored in compiled clauses, and begin with groupJSON | 1.

func jsonFunctions() []function {
	return []function{}
}
