package where

// Functions of texts. The numbers are stored in compiled clauses.
const (
	fnLength callID = groupText | 1
	fnLower  callID = groupText | 2
	fnUpper  callID = groupText | 3
)

func textFunctions() []function {
	return []function{
		{fnLength, "length", asFunction, in(tText), tInt4, strict},
		{fnLength, "length", asFunction, in(tBpchar), tInt4, strict},
		{fnLength, "char_length", asFunction, in(tText), tInt4, strict},
		{fnLength, "char_length", asFunction, in(tBpchar), tInt4, strict},
		{fnLower, "lower", asFunction, in(tText), tText, mapsCase},
		{fnUpper, "upper", asFunction, in(tText), tText, mapsCase},
	}
}
