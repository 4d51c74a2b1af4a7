package where

import "errors"

// errTooLarge is an evaluation that would write more than there is room for; Postgres has room for 1 GB.
var errTooLarge = errors.New("the result is larger than an evaluation may write")

const (
	reasonPattern = "regular expressions are not supported"
	reasonAddress = "values of type macaddr are not supported"
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
	}
	return "", false
}
