package where

import (
	"errors"

	"leyden/internal/where/decimal"
)

// errTooLarge is an evaluation that would write more than there is room for; Postgres has room for 1 GB.
var errTooLarge = errors.New("the result is larger than an evaluation may write")

const (
	reasonPattern  = "regular expressions are not supported"
	reasonAddress  = "values of type macaddr are not supported"
	reasonExponent = "powers of numerics are supported for whole constants and integers as exponents only: cast to float8 for others"
)

// refusedCall says why a call that Postgres knows cannot be evaluated exactly here. Its overload is known so that another is not
// chosen in its place.
func refusedCall(f *function, args []*node) (why string, ok bool) {
	switch f.id {
	case fnSubstringPattern:
		return reasonPattern, true
	case fnTruncAddress:
		return reasonAddress, true
	case fnConcatOperator, fnConcat, fnConcatSeparated:
		for _, arg := range args {
			if in := arg.typ.id.info(); in.category == catDateTime || in.category == catTimeSpan || in.category == catArray {
				return "the text of a value of type " + arg.typ.String() + " depends on the settings of a session: cast it to text", true
			}
		}
	case fnPower:
		return reasonExponent, f.result == tNumeric && !wholeExponent(args[1])
	}
	return "", false
}

// wholeExponent reports whether the numeric can be an exponent whatever the row.
func wholeExponent(n *node) bool {
	switch {
	case n.op == opNull:
		return true
	case n.op == opConst:
		_, err := decimal.Power(nil, []byte{'2'}, n.val.b)
		return !errors.Is(err, decimal.ErrInexact)
	}
	return n.op == opCast && n.aux == castIntToNumeric && n.args[0].typ.id != tInt8
}
