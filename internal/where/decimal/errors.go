package decimal

import "errors"

// The errors that Postgres reports for the same operands.
var (
	ErrSyntax       = errors.New("not a numeric")
	ErrOverflow     = errors.New("value overflows numeric format")
	ErrDivision     = errors.New("division by zero")
	ErrNegativeRoot = errors.New("cannot take square root of a negative number")
	ErrZeroPower    = errors.New("zero raised to a negative power is undefined")
	ErrComplexPower = errors.New("a negative number raised to a non-integer power yields a complex result")
)
