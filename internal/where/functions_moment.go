package where

// Functions of dates, times and intervals. The numbers are stored in compiled clauses, and begin with groupMoment | 1.

func momentFunctions() []function {
	return []function{}
}
