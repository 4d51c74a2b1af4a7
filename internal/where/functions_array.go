package where

// Functions of arrays. The numbers are stored in compiled clauses.
const (
	fnArrayAppend       callID = groupArray | 1
	fnArrayPrepend      callID = groupArray | 2
	fnArrayCat          callID = groupArray | 3
	fnArrayNdims        callID = groupArray | 4
	fnArrayDims         callID = groupArray | 5
	fnArrayLength       callID = groupArray | 6
	fnArrayLower        callID = groupArray | 7
	fnArrayUpper        callID = groupArray | 8
	fnCardinality       callID = groupArray | 9
	fnArrayPosition     callID = groupArray | 10
	fnArrayPositionFrom callID = groupArray | 11
	fnArrayPositions    callID = groupArray | 12
	fnArrayRemove       callID = groupArray | 13
	fnArrayReplace      callID = groupArray | 14
	fnArrayToString     callID = groupArray | 15
	fnStringToArray     callID = groupArray | 16
	fnTrimArray         callID = groupArray | 17
	fnArrayContains     callID = groupArray | 18
	fnArrayContained    callID = groupArray | 19
	fnArrayOverlaps     callID = groupArray | 20
)

func arrayFunctions() []function {
	texts := tText.array()
	return []function{
		{fnArrayAppend, "array_append", asFunction, in(tAnyCompatibleArray, tAnyCompatible), tAnyCompatibleArray, loose},
		{fnArrayAppend, "||", asOperator, in(tAnyCompatibleArray, tAnyCompatible), tAnyCompatibleArray, loose},
		{fnArrayPrepend, "array_prepend", asFunction, in(tAnyCompatible, tAnyCompatibleArray), tAnyCompatibleArray, loose},
		{fnArrayPrepend, "||", asOperator, in(tAnyCompatible, tAnyCompatibleArray), tAnyCompatibleArray, loose},
		{fnArrayCat, "array_cat", asFunction, in(tAnyCompatibleArray, tAnyCompatibleArray), tAnyCompatibleArray, loose},
		{fnArrayCat, "||", asOperator, in(tAnyCompatibleArray, tAnyCompatibleArray), tAnyCompatibleArray, loose},
		{fnArrayNdims, "array_ndims", asFunction, in(tAnyArray), tInt4, strict},
		{fnArrayDims, "array_dims", asFunction, in(tAnyArray), tText, strict},
		{fnArrayLength, "array_length", asFunction, in(tAnyArray, tInt4), tInt4, strict},
		{fnArrayLower, "array_lower", asFunction, in(tAnyArray, tInt4), tInt4, strict},
		{fnArrayUpper, "array_upper", asFunction, in(tAnyArray, tInt4), tInt4, strict},
		{fnCardinality, "cardinality", asFunction, in(tAnyArray), tInt4, strict},
		{fnArrayPosition, "array_position", asFunction, in(tAnyCompatibleArray, tAnyCompatible), tInt4, loose | equates},
		{fnArrayPositionFrom, "array_position", asFunction, in(tAnyCompatibleArray, tAnyCompatible, tInt4), tInt4, loose | equates},
		{fnArrayPositions, "array_positions", asFunction, in(tAnyCompatibleArray, tAnyCompatible), tInt4.array(), loose | equates},
		{fnArrayRemove, "array_remove", asFunction, in(tAnyCompatibleArray, tAnyCompatible), tAnyCompatibleArray, loose | equates},
		{fnArrayReplace, "array_replace", asFunction, in(tAnyCompatibleArray, tAnyCompatible, tAnyCompatible), tAnyCompatibleArray, loose | equates},
		// In Postgres it is stable for the sake of settings that the language fixes.
		{fnArrayToString, "array_to_string", asFunction, in(tAnyArray, tText), tText, strict},
		{fnArrayToString, "array_to_string", asFunction, in(tAnyArray, tText, tText), tText, loose},
		{fnStringToArray, "string_to_array", asFunction, in(tText, tText), texts, loose | searches},
		{fnStringToArray, "string_to_array", asFunction, in(tText, tText, tText), texts, loose | searches},
		{fnTrimArray, "trim_array", asFunction, in(tAnyArray, tInt4), tAnyArray, strict},
		{fnArrayContains, "@>", asOperator, in(tAnyArray, tAnyArray), tBool, equates},
		{fnArrayContains, "arraycontains", asFunction, in(tAnyArray, tAnyArray), tBool, equates},
		{fnArrayContained, "<@", asOperator, in(tAnyArray, tAnyArray), tBool, equates},
		{fnArrayContained, "arraycontained", asFunction, in(tAnyArray, tAnyArray), tBool, equates},
		{fnArrayOverlaps, "&&", asOperator, in(tAnyArray, tAnyArray), tBool, equates},
		{fnArrayOverlaps, "arrayoverlap", asFunction, in(tAnyArray, tAnyArray), tBool, equates},
	}
}
