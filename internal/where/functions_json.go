package where

// Functions of json and jsonb. The numbers are stored in compiled clauses. Those of json and of jsonb that do the same share one.
const (
	fnJSONField       callID = groupJSON | 1
	fnJSONFieldText   callID = groupJSON | 2
	fnJSONElement     callID = groupJSON | 3
	fnJSONElementText callID = groupJSON | 4
	fnJSONPath        callID = groupJSON | 5 // of a text[]
	fnJSONPathText    callID = groupJSON | 6
	fnJSONExtract     callID = groupJSON | 7 // of texts
	fnJSONExtractText callID = groupJSON | 8
	fnJSONTypeOf      callID = groupJSON | 9
	fnJSONArrayLength callID = groupJSON | 10
	fnJSONBContains   callID = groupJSON | 11
	fnJSONBContained  callID = groupJSON | 12
	fnJSONBExists     callID = groupJSON | 13
	fnJSONBExistsAny  callID = groupJSON | 14
	fnJSONBExistsAll  callID = groupJSON | 15
	fnJSONBConcat     callID = groupJSON | 16
	fnJSONBDelete     callID = groupJSON | 17
	fnJSONBDeleteKeys callID = groupJSON | 18
	fnJSONBDeleteAt   callID = groupJSON | 19
	fnJSONBDeletePath callID = groupJSON | 20
	fnJSONBStripNulls callID = groupJSON | 21
)

func jsonFunctions() []function {
	texts := tText.array()
	all := []function{
		{fnJSONBContains, "@>", asOperator, in(tJSONB, tJSONB), tBool, strict},
		{fnJSONBContains, "jsonb_contains", asFunction, in(tJSONB, tJSONB), tBool, strict},
		{fnJSONBContained, "<@", asOperator, in(tJSONB, tJSONB), tBool, strict},
		{fnJSONBContained, "jsonb_contained", asFunction, in(tJSONB, tJSONB), tBool, strict},
		{fnJSONBExists, "?", asOperator, in(tJSONB, tText), tBool, strict},
		{fnJSONBExists, "jsonb_exists", asFunction, in(tJSONB, tText), tBool, strict},
		{fnJSONBExistsAny, "?|", asOperator, in(tJSONB, texts), tBool, strict},
		{fnJSONBExistsAny, "jsonb_exists_any", asFunction, in(tJSONB, texts), tBool, strict},
		{fnJSONBExistsAll, "?&", asOperator, in(tJSONB, texts), tBool, strict},
		{fnJSONBExistsAll, "jsonb_exists_all", asFunction, in(tJSONB, texts), tBool, strict},
		{fnJSONBConcat, "||", asOperator, in(tJSONB, tJSONB), tJSONB, strict},
		{fnJSONBConcat, "jsonb_concat", asFunction, in(tJSONB, tJSONB), tJSONB, strict},
		{fnJSONBDelete, "-", asOperator, in(tJSONB, tText), tJSONB, strict},
		{fnJSONBDelete, "jsonb_delete", asFunction, in(tJSONB, tText), tJSONB, strict},
		{fnJSONBDeleteKeys, "-", asOperator, in(tJSONB, texts), tJSONB, strict},
		{fnJSONBDeleteAt, "-", asOperator, in(tJSONB, tInt4), tJSONB, strict},
		{fnJSONBDeleteAt, "jsonb_delete", asFunction, in(tJSONB, tInt4), tJSONB, strict},
		{fnJSONBDeletePath, "#-", asOperator, in(tJSONB, texts), tJSONB, strict},
		{fnJSONBDeletePath, "jsonb_delete_path", asFunction, in(tJSONB, texts), tJSONB, strict},
		{fnJSONBStripNulls, "jsonb_strip_nulls", asFunction, in(tJSONB), tJSONB, strict},
	}
	for _, t := range []typeID{tJSON, tJSONB} {
		name := t.info().name
		all = append(all,
			function{fnJSONField, "->", asOperator, in(t, tText), t, strict},
			function{fnJSONField, name + "_object_field", asFunction, in(t, tText), t, strict},
			function{fnJSONFieldText, "->>", asOperator, in(t, tText), tText, strict},
			function{fnJSONFieldText, name + "_object_field_text", asFunction, in(t, tText), tText, strict},
			function{fnJSONElement, "->", asOperator, in(t, tInt4), t, strict},
			function{fnJSONElement, name + "_array_element", asFunction, in(t, tInt4), t, strict},
			function{fnJSONElementText, "->>", asOperator, in(t, tInt4), tText, strict},
			function{fnJSONElementText, name + "_array_element_text", asFunction, in(t, tInt4), tText, strict},
			function{fnJSONPath, "#>", asOperator, in(t, texts), t, strict},
			function{fnJSONPathText, "#>>", asOperator, in(t, texts), tText, strict},
			function{fnJSONExtract, name + "_extract_path", asFunction, in(t, tText), t, variadic},
			function{fnJSONExtractText, name + "_extract_path_text", asFunction, in(t, tText), tText, variadic},
			function{fnJSONTypeOf, name + "_typeof", asFunction, in(t), tText, strict},
			function{fnJSONArrayLength, name + "_array_length", asFunction, in(t), tInt4, strict},
		)
	}
	return all
}
