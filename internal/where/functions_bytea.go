package where

// Functions of byte strings. The numbers are stored in compiled clauses.
const (
	fnByteaLength    callID = groupBytea | 1
	fnByteaBits      callID = groupBytea | 2
	fnByteaConcat    callID = groupBytea | 3
	fnByteaSubstring callID = groupBytea | 4
	fnByteaPosition  callID = groupBytea | 5
	fnByteaTrimBoth  callID = groupBytea | 6
	fnByteaTrimLeft  callID = groupBytea | 7
	fnByteaTrimRight callID = groupBytea | 8
	fnByteaMD5       callID = groupBytea | 9
	fnEncode         callID = groupBytea | 10
	fnDecode         callID = groupBytea | 11
)

func byteaFunctions() []function {
	return []function{
		{fnByteaLength, "length", asFunction, in(tBytea), tInt4, strict},
		{fnByteaLength, "octet_length", asFunction, in(tBytea), tInt4, strict},
		{fnByteaBits, "bit_length", asFunction, in(tBytea), tInt4, strict},
		{fnByteaConcat, "||", asOperator, in(tBytea, tBytea), tBytea, strict},
		{fnByteaSubstring, "substring", asFunction, in(tBytea, tInt4), tBytea, strict},
		{fnByteaSubstring, "substring", asFunction, in(tBytea, tInt4, tInt4), tBytea, strict},
		{fnByteaSubstring, "substr", asFunction, in(tBytea, tInt4), tBytea, strict},
		{fnByteaSubstring, "substr", asFunction, in(tBytea, tInt4, tInt4), tBytea, strict},
		{fnByteaPosition, "position", asFunction, in(tBytea, tBytea), tInt4, strict},
		{fnByteaTrimBoth, "btrim", asFunction, in(tBytea, tBytea), tBytea, strict},
		{fnByteaTrimLeft, "ltrim", asFunction, in(tBytea, tBytea), tBytea, strict},
		{fnByteaTrimRight, "rtrim", asFunction, in(tBytea, tBytea), tBytea, strict},
		{fnByteaMD5, "md5", asFunction, in(tBytea), tText, strict},
		{fnEncode, "encode", asFunction, in(tBytea, tText), tText, strict},
		{fnDecode, "decode", asFunction, in(tText, tText), tBytea, strict},
	}
}
