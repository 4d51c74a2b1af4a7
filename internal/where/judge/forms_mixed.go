package judge

// pairs are types that an operator compares though they differ, first that of an operand and then that of elements.
func pairs() [][2]string {
	return [][2]string{
		{"int2", "int4"}, {"int4", "int2"}, {"int4", "int8"}, {"int8", "int4"}, {"numeric", "int4"}, {"int8", "numeric"}, {"float8", "numeric"}, {"float4", "float8"},
		{"date", "timestamp"}, {"timestamp", "date"}, {"timestamptz", "timestamp"}, {"date", "timestamptz"}, {"timestamptz", "date"},
		{"text", "varchar"}, {"varchar", "text"}, {"varchar", "varchar"}, {"name", "text"}, {"text", "name"}, {"name", "name"}, {"bpchar", "text"}, {"text", "bpchar"}, {"varchar", "bpchar"},
		{byteType, "text"}, {"interval", "time"}, {enumType, enumType},
	}
}

// mixed are the forms that compare with the elements of an array, of another type or by another operator than the others.
func (f *formList) mixed() {
	for _, p := range pairs() {
		two := func(name, text, result string, args ...string) {
			f.add(1, name+" of two types", text, result, args...)
		}
		for _, operator := range []string{"=", "<>", "<", "<=", ">", ">="} {
			two(operator+" ANY", "{} "+operator+" ANY ({})", "bool", p[0], p[1]+"[]")
			two(operator+" ALL", "{} "+operator+" ALL ({})", "bool", p[0], p[1]+"[]")
		}
		two("IN", "{} IN ({}, {})", "bool", p[0], p[1], p[0])
		two("NOT IN", "{} NOT IN ({}, {}, {})", "bool", p[0], p[1], p[1], p[0])
		two("CASE value", "CASE {} WHEN {} THEN {} WHEN {} THEN {} END", p[0], p[0], p[1], p[0], p[0], p[1])
		two("NULLIF", "NULLIF({}, {})", p[0], p[0], p[1])
		two("COALESCE", "COALESCE({}, {})", p[0], p[0], p[1])
		two("GREATEST", "GREATEST({}, {})", p[0], p[0], p[1])
		two("IS DISTINCT FROM", "{} IS DISTINCT FROM {}", "bool", p[0], p[1])
		two("BETWEEN", "{} BETWEEN {} AND {}", "bool", p[0], p[1], p[0])
		two("@>", "{} @> {}", "bool", p[0]+"[]", p[1]+"[]")
		two("array_position", "array_position({}, {})", "int4", p[0]+"[]", p[1])
		two("||", "{} || {}", p[0]+"[]", p[0]+"[]", p[1])
		two("ARRAY", "ARRAY[{}, {}]", p[0]+"[]", p[0], p[1])
	}
	for _, operator := range []string{"LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"} {
		for _, t := range []string{"text", "varchar", "name", "bpchar"} {
			for _, word := range []string{"ANY", "ALL"} {
				f.add(1, operator+" "+word, "{} "+operator+" "+word+" ({})", "bool", t, "text[]").Choices = map[int][]string{1: {"{a%}", "{%b,_}", `{"a\\_b",NULL}`, "{}", "{%é%,A%}", "{{a,%},{b,NULL}}"}}
			}
		}
	}
	for _, word := range []string{"ANY", "ALL"} {
		f.add(1, "^@ "+word, "{} ^@ "+word+" ({})", "bool", "text", "text[]")
		f.add(1, "@> "+word, "{} @> "+word+" ({})", "bool", "jsonb", "jsonb[]")
		f.add(1, "<@ "+word, "{} <@ "+word+" ({})", "bool", "jsonb", "jsonb[]")
		f.add(1, "? "+word, "{} ? "+word+" ({})", "bool", "jsonb", "text[]")
	}
}

// lists are those of IN, of constants and others, longer ones than elsewhere.
func (f *formList) lists() {
	numbers := []string{"0", "1", "2", "-1", "3", "2.5", "3000000000", "1.0", "100", "1e20"}
	for _, t := range []string{"int2", "int4", "int8", "numeric", "float4", "float8"} {
		choices := map[int][]string{1: numbers, 2: numbers, 3: numbers, 4: numbers}
		f.add(2, "IN", "{} IN ({}, {}, {}, {})", "bool", t, t, t, t, t).Choices = choices
		f.add(1, "NOT IN", "{} NOT IN ({}, {}, {}, {})", "bool", t, t, t, t, t).Choices = choices
		f.add(1, "IN", "{} IN ({}, NULL, {}, {}, {})", "bool", t, t, t, t, t).Choices = choices
	}
	f.each(1, "IN", "{} IN ({}, NULL, {})", "bool", "T", "T", "T")
	f.each(1, "NOT IN", "{} NOT IN ({}, {}, NULL, {}, {})", "bool", "T", "T", "T", "T", "T")
}

// rows are comparisons of rows of other types and lengths.
func (f *formList) rows() {
	for _, operator := range []string{"=", "<>", "<", "<=", ">", ">="} {
		f.add(1, "row "+operator, "ROW({}) "+operator+" ROW({})", "bool", "numeric", "int4")
		f.add(1, "row "+operator, "({}, {}, {}, {}) "+operator+" ({}, {}, {}, {})", "bool", "date", "int2", enumType, "uuid", "timestamp", "int8", enumType, "uuid")
		f.add(1, "row in a row", "(({}, {}), {}) "+operator+" (({}, {}), {})", "bool", "int4", "bool", "float8", "int4", "bool", "numeric")
	}
	f.add(1, "row BETWEEN", "({}, {}) NOT BETWEEN ({}, {}) AND ({}, {})", "bool", "date", "int4", "date", "int4", "timestamp", "int8")
	f.add(1, "row BETWEEN", "({}, {}) BETWEEN SYMMETRIC ({}, {}) AND ({}, {})", "bool", "int8", "time", "int4", "time", "int8", "time")
	f.add(1, "row IN", "({}, {}, {}) IN (({}, {}, {}), ({}, NULL, {}))", "bool", "int4", "uuid", "bool", "int8", "uuid", "bool", "int4", "bool")
	f.add(1, "row in a row", "(({}, {}), {}) IS DISTINCT FROM (({}, {}), NULL)", "bool", "int4", "bool", "float8", "int8", "bool")
	f.add(1, "row IS NULL", "({}, ({}, {}), {}) IS NULL", "bool", "int4", "text", "bool", "json")
	f.add(1, "row IS NOT NULL", "({}, ({}, {}), {}) IS NOT NULL", "bool", "int4", "text", "bool", "json")
}

// tested are the tests of columns that can only be tested for NULL.
func (f *formList) tested() {
	for _, column := range []string{"pair", "range", "loose"} {
		for _, test := range []string{"IS NULL", "IS NOT NULL", "IS DISTINCT FROM NULL", "IS NOT DISTINCT FROM NULL"} {
			f.add(1, "test of any column", column+" "+test, "bool").Signature = column + " " + test
		}
		f.add(1, "test of any column", "("+column+", {}) IS NOT NULL", "bool", "int4").Signature = column + " in a row"
	}
}

// literals are those whose type has a modifier or fields, and casts that are written as calls.
func (f *formList) literals() {
	for _, text := range []string{"'1' DAY", "'2' HOUR", "'1-2' YEAR TO MONTH", "'1 2:03' DAY TO MINUTE", "'1.56789' SECOND(2)", "'3' MONTH", "'-1' YEAR", "'1 day 2.5 seconds' HOUR",
		"'1:02' MINUTE TO SECOND", "'100:30' MINUTE", "'1 2' DAY TO HOUR", "'2.5' HOUR", "'3 4:05:06.789' DAY TO SECOND(1)", "'-1:02.5' HOUR TO MINUTE", "'7' YEAR TO MONTH", "'P1DT2H' HOUR", "'5'"} {
		f.add(1, "INTERVAL with fields", "INTERVAL "+text, "interval").Signature = text
	}
	f.add(1, "INTERVAL(n)", "INTERVAL(3) '1.23456 s'", "interval")
	f.add(1, "TIMESTAMP(n)", "TIMESTAMP(0) '2024-01-31 10:00:00.5'", "timestamp")
	f.add(1, "TIMESTAMP WITH TIME ZONE", "TIMESTAMP(1) WITH TIME ZONE '2024-01-31 10:00:00.55+02'", "timestamptz")
	f.add(1, "TIME WITH TIME ZONE", "TIME WITH TIME ZONE '10:00:00.5+02'", "timetz")
	f.add(1, "NUMERIC(p,s)", "NUMERIC(5,2) '1.255'", "numeric")
	f.add(1, "N'text'", "N'ab'", "bpchar")
	f.add(1, "E'text'", `E'a\n\u00e9\x41'`, "text")
	f.add(1, "U&'text'", `U&'\00e9b'`, "text")
	f.add(1, "$$text$$", "$x$a'b$x$", "text")
	for _, t := range f.ts.All {
		if t.Elem != nil {
			continue
		}
		name := quoteName(unquoted(t.Name))
		for _, from := range scalars() {
			f.add(1, "cast as a call", name+"({})", t.Name, from).Signature = t.Name + "(" + from + ")"
		}
	}
	f.add(1, "a[i][j:k]", "({})[{}][{}:{}]", "int4[]", "int4[]", "int4", "int4", "int4")
	f.add(1, "a[:][i]", "({})[:][{}]", "text[]", "text[]", "int4")
	f.add(1, "a[i:][:j]", "({})[{}:][:{}]", "int4[]", "int4[]", "int4", "int4")
	f.add(1, "jsonb[...]", "({})[{}]", "jsonb", "jsonb", "text").Choices = map[int][]string{1: {"a", "b", "0", "1", "-1"}}
	f.add(1, "jsonb[...]", "({})[{}][{}]", "jsonb", "jsonb", "int4", "text").Choices = map[int][]string{1: {"0", "1", "-1"}, 2: {"a", "b", "0"}}
	f.add(1, "EXTRACT('unit')", "EXTRACT('epoch' FROM {})", "numeric", "interval")
	f.add(1, "TRIM(x, y)", "TRIM({}, {})", "text", "text", "text")
	f.add(1, "OPERATOR()", "{} OPERATOR(pg_catalog.||) {}", "text", "text", "text")
	f.add(1, "pg_catalog.function()", "pg_catalog.length({})", "int4", "text")
}

func unquoted(name string) string {
	if name == byteType {
		return "char"
	}
	return name
}
