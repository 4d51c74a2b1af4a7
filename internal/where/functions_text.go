package where

// Functions of texts. The numbers are stored in compiled clauses.
const (
	fnLength           callID = groupText | 1
	fnLower            callID = groupText | 2
	fnUpper            callID = groupText | 3
	fnOctetLength      callID = groupText | 4
	fnBitLength        callID = groupText | 5
	fnSubstring        callID = groupText | 6
	fnSubstringPattern callID = groupText | 7 // never called, but must be found to be refused
	fnLeft             callID = groupText | 8
	fnRight            callID = groupText | 9
	fnPosition         callID = groupText | 10
	fnStartsWith       callID = groupText | 11
	fnTrimBoth         callID = groupText | 12
	fnTrimLeft         callID = groupText | 13
	fnTrimRight        callID = groupText | 14
	fnReplace          callID = groupText | 15
	fnSplitPart        callID = groupText | 16
	fnConcatOperator   callID = groupText | 17
	fnReverse          callID = groupText | 18
	fnRepeat           callID = groupText | 19
	fnPadLeft          callID = groupText | 20
	fnPadRight         callID = groupText | 21
	fnASCII            callID = groupText | 22
	fnChr              callID = groupText | 23
	fnMD5              callID = groupText | 24
	fnTranslate        callID = groupText | 25
	fnConcat           callID = groupText | 26
	fnConcatSeparated  callID = groupText | 27 // concat_ws
)

func textFunctions() []function {
	return []function{
		{fnLength, "length", asFunction, in(tText), tInt4, strict},
		{fnLength, "length", asFunction, in(tBpchar), tInt4, strict},
		{fnLength, "char_length", asFunction, in(tText), tInt4, strict},
		{fnLength, "char_length", asFunction, in(tBpchar), tInt4, strict},
		{fnLength, "character_length", asFunction, in(tText), tInt4, strict},
		{fnLength, "character_length", asFunction, in(tBpchar), tInt4, strict},
		{fnOctetLength, "octet_length", asFunction, in(tText), tInt4, strict},
		{fnOctetLength, "octet_length", asFunction, in(tBpchar), tInt4, strict},
		{fnBitLength, "bit_length", asFunction, in(tText), tInt4, strict},
		{fnLower, "lower", asFunction, in(tText), tText, mapsCase},
		{fnUpper, "upper", asFunction, in(tText), tText, mapsCase},

		{fnSubstring, "substring", asFunction, in(tText, tInt4), tText, strict},
		{fnSubstring, "substring", asFunction, in(tText, tInt4, tInt4), tText, strict},
		{fnSubstringPattern, "substring", asFunction, in(tText, tText), tText, strict},
		{fnSubstringPattern, "substring", asFunction, in(tText, tText, tText), tText, strict},
		{fnSubstring, "substr", asFunction, in(tText, tInt4), tText, strict},
		{fnSubstring, "substr", asFunction, in(tText, tInt4, tInt4), tText, strict},
		{fnLeft, "left", asFunction, in(tText, tInt4), tText, strict},
		{fnRight, "right", asFunction, in(tText, tInt4), tText, strict},
		{fnSplitPart, "split_part", asFunction, in(tText, tText, tInt4), tText, searches},
		{fnTrimBoth, "btrim", asFunction, in(tText), tText, strict},
		{fnTrimBoth, "btrim", asFunction, in(tText, tText), tText, strict},
		{fnTrimLeft, "ltrim", asFunction, in(tText), tText, strict},
		{fnTrimLeft, "ltrim", asFunction, in(tText, tText), tText, strict},
		{fnTrimRight, "rtrim", asFunction, in(tText), tText, strict},
		{fnTrimRight, "rtrim", asFunction, in(tText, tText), tText, strict},

		{fnPosition, "position", asFunction, in(tText, tText), tInt4, searches},
		{fnPosition, "strpos", asFunction, in(tText, tText), tInt4, searches},
		{fnStartsWith, "^@", asOperator, in(tText, tText), tBool, searches},
		{fnStartsWith, "starts_with", asFunction, in(tText, tText), tBool, searches},

		{fnConcatOperator, "||", asOperator, in(tText, tText), tText, strict},
		{fnConcatOperator, "||", asOperator, in(tText, tAnyNonArray), tText, strict},
		{fnConcatOperator, "||", asOperator, in(tAnyNonArray, tText), tText, strict},
		{fnConcat, "concat", asFunction, in(tAny), tText, variadic | loose},
		{fnConcatSeparated, "concat_ws", asFunction, in(tText, tAny), tText, variadic | loose},
		{fnReplace, "replace", asFunction, in(tText, tText, tText), tText, searches},
		{fnTranslate, "translate", asFunction, in(tText, tText, tText), tText, strict},
		{fnReverse, "reverse", asFunction, in(tText), tText, strict},
		{fnRepeat, "repeat", asFunction, in(tText, tInt4), tText, strict},
		{fnPadLeft, "lpad", asFunction, in(tText, tInt4), tText, strict},
		{fnPadLeft, "lpad", asFunction, in(tText, tInt4, tText), tText, strict},
		{fnPadRight, "rpad", asFunction, in(tText, tInt4), tText, strict},
		{fnPadRight, "rpad", asFunction, in(tText, tInt4, tText), tText, strict},

		{fnASCII, "ascii", asFunction, in(tText), tInt4, strict},
		{fnChr, "chr", asFunction, in(tInt4), tText, strict},
		{fnMD5, "md5", asFunction, in(tText), tText, strict},
	}
}
