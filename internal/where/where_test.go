package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// columns is the table that most tests use: one column for each type.
func columns() []where.Column {
	base := func(name, typ string) where.Column { return where.Column{Name: name, Type: typ, TypeMod: -1} }
	return []where.Column{
		base("b", "bool"), base("i2", "int2"), base("i4", "int4"), base("i8", "int8"),
		base("f4", "float4"), base("f8", "float8"), base("n", "numeric"),
		base("t", "text"), base("v", "varchar"), {Name: "c", Type: "bpchar", TypeMod: 8}, base("nm", "name"),
		base("u", "uuid"), base("d", "date"), base("tm", "time"), base("ts", "timestamp"), base("tz", "timestamptz"),
		{Name: "e", Type: "mood", Kind: where.Enum, Labels: "sad\x00ok\x00happy", TypeMod: -1},
		{Name: "dom", Type: "int4", Kind: where.Domain, TypeMod: -1},
		{Name: "co", Type: "pair", Kind: where.Composite, TypeMod: -1},
		base("j", "jsonb"),
		{Name: "arr", Type: "int4", Dims: 1, TypeMod: -1},
		base("Odd name", "int4"),
	}
}

func compile(t testing.TB, text string, params map[string]string) *where.Clause {
	t.Helper()
	c, err := where.Compile(text, params, columns())
	require.NoError(t, err, text)
	return c
}

// eval evaluates over a row given by column; the other columns are NULL.
func eval(t testing.TB, c *where.Clause, row map[string]string) (where.Truth, error) {
	t.Helper()
	var names []string
	var tuple [][]byte
	for _, col := range columns() {
		names = append(names, col.Name)
		if text, ok := row[col.Name]; ok {
			tuple = append(tuple, []byte(text))
		} else {
			tuple = append(tuple, nil)
		}
	}
	p, err := c.Bind(names)
	require.NoError(t, err)
	return p.Eval(tuple, &where.Scratch{})
}

type row = map[string]string

func TestClausesAreTrueFalseOrNull(t *testing.T) {
	for _, c := range []struct {
		text string
		row  row
		want where.Truth
	}{
		{"i4 = 5", row{"i4": "5"}, where.True},
		{"i4 = 5", row{"i4": "6"}, where.False},
		{"i4 = 5", row{}, where.Null},
		{"i4 = 5 AND t = 'x'", row{"i4": "6"}, where.False},
		{"i4 = 5 AND t = 'x'", row{"i4": "5"}, where.Null},
		{"i4 = 5 OR t = 'x'", row{"i4": "5"}, where.True},
		{"NOT (i4 = 5)", row{"i4": "5"}, where.False},
		{"n = 5", row{"n": "5.00"}, where.True},
		{"n > 12345678901234567890.1", row{"n": "12345678901234567890.11"}, where.True},
		{"f8 = 1", row{"f8": "1"}, where.True},
		{"f8 > 1e300", row{"f8": "NaN"}, where.True},
		{"c = 'ab'", row{"c": "ab      "}, where.True},
		{"c::text = 'ab'", row{"c": "ab      "}, where.True},
		{"c LIKE 'ab'", row{"c": "ab      "}, where.False},
		{"t LIKE 'a_c%'", row{"t": "aéc\nx"}, where.True},
		{`t LIKE '100\%'`, row{"t": "100%"}, where.True},
		{"t ILIKE '%B%'", row{"t": "abc"}, where.True},
		{"t NOT LIKE '%k%'", row{"t": "abc"}, where.True},
		{"d = '2024-01-31'", row{"d": "2024-01-31"}, where.True},
		{"d <> '2024-01-31'", row{"d": "2024-02-01"}, where.True},
		{"d < ts", row{"d": "2024-01-31", "ts": "2024-01-31 00:00:01"}, where.True},
		{"d > ts", row{"d": "5874897-12-31", "ts": "294276-12-31 23:59:59.999999"}, where.True},
		{"d > ts", row{"d": "5874897-12-31", "ts": "infinity"}, where.False},
		{"tz = '2024-01-31 12:00:00+02'", row{"tz": "2024-01-31 10:00:00+00"}, where.True},
		{"ts >= '0044-03-15 BC'", row{"ts": "0044-03-15 00:00:00 BC"}, where.True},
		{"u = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", row{"u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, where.True},
		{"e = 'happy'", row{"e": "happy"}, where.True},
		{"e IN ('sad', 'happy')", row{"e": "happy"}, where.True},
		{"e > 'sad' AND e < 'happy'", row{"e": "ok"}, where.True},
		{"e::text LIKE 'h%'", row{"e": "happy"}, where.True},
		{"dom = 3", row{"dom": "3"}, where.True},
		{"b", row{"b": "t"}, where.True},
		{"b IS NOT TRUE", row{}, where.True},
		{"j IS NULL", row{"j": "{}"}, where.False},
		{"co IS NULL", row{"co": "(,)"}, where.True},
		{"co IS NOT NULL", row{"co": `(1,"a,b")`}, where.True},
		{"co IS NOT NULL", row{"co": "(1,)"}, where.False},
		{"i4 IS DISTINCT FROM NULL", row{}, where.False},
		{"i4 IS NOT DISTINCT FROM 5", row{"i4": "5"}, where.True},
		{"i4 IN (1, 2, NULL)", row{"i4": "3"}, where.Null},
		{"i4 NOT IN (1, 2)", row{"i4": "3"}, where.True},
		{"i4 BETWEEN SYMMETRIC 5 AND 1", row{"i4": "3"}, where.True},
		{"i8 = 3000000000", row{"i8": "3000000000"}, where.True},
		{"NULL", row{}, where.Null},
		{"length(t) = 2", row{"t": "é "}, where.True},
		{"length(c) = 2", row{"c": "ab      "}, where.True},
		{"abs(-i4) + 1 = 6", row{"i4": "5"}, where.True},
		{"CASE WHEN i4 > 5 THEN 'big' WHEN i4 > 1 THEN t END = 'x'", row{"i4": "3", "t": "x"}, where.True},
		{"CASE i4 WHEN 1 THEN b ELSE NOT b END", row{"i4": "3", "b": "f"}, where.True},
		{"CASE WHEN i4 > 5 THEN true END", row{"i4": "3"}, where.Null},
		{"CASE WHEN i4 = 2147483647 THEN true ELSE i4 + 1 > 0 END", row{"i4": "2147483647"}, where.True},
		{"nullif(i4, 5) IS NULL", row{"i4": "5"}, where.True},
		{"nullif(i4, i2) = 5", row{"i4": "5"}, where.True},
		{"greatest(i4, i2, NULL) = 7", row{"i4": "5", "i2": "7"}, where.True},
		{"least(t, 'b') = 'a'", row{"t": "a"}, where.True},
		{"least(i4) IS NULL", row{}, where.True},
		{"(i4, t) = (1, 'x')", row{"i4": "1", "t": "x"}, where.True},
		{"(i4, t) <> (1, 'x')", row{"i4": "1"}, where.Null},
		{"(i4, t) < (1, 'x')", row{"i4": "1", "t": "w"}, where.True},
		{"(i4, t) <= (1, 'x')", row{"i4": "0"}, where.True},
		{"(i4, t) >= (1, 'x')", row{"i4": "1"}, where.Null},
		{"(i4, t) IN ((1, 'x'), (2, 'y'))", row{"i4": "2", "t": "y"}, where.True},
		{"(i4, t) NOT IN ((1, 'x'), (2, 'y'))", row{"i4": "3"}, where.True},
		{"(i4, t) IS NOT DISTINCT FROM (1, NULL)", row{"i4": "1"}, where.True},
		{"(i4, t) IS NULL", row{"i4": "1"}, where.False},
		{"(i4, t) IS NOT NULL", row{"i4": "1"}, where.False},
		{"(i4, t) BETWEEN (1, 'a') AND (2, 'b')", row{"i4": "1", "t": "b"}, where.True},
		{"i4 = ANY (ARRAY[1, i2])", row{"i4": "5", "i2": "5"}, where.True},
		{"i4 = ANY (ARRAY[1, i2])", row{"i4": "5"}, where.Null},
		{"i4 <> ALL (ARRAY[1, i2])", row{"i4": "5", "i2": "6"}, where.True},
		{"t LIKE ANY (ARRAY['a%', t])", row{"t": "abc"}, where.True},
		{"t NOT LIKE ALL (ARRAY['a%', upper(t)])", row{"t": "bcd", "v": "x"}, where.True},
		{"i4 > ALL (ARRAY[i2, 3])", row{"i4": "5", "i2": "4"}, where.True},
		{"(ARRAY[i4, 7])[2] = 7", row{}, where.True},
		{"(ARRAY[i4, 7])[3] IS NULL", row{}, where.True},
		{"(ARRAY[[1, 2], [i4, 4]])[2][1] = 3", row{"i4": "3"}, where.True},
		{"((ARRAY[[1, 2], [i4, 4]])[2:][:1])[1][1] = 3", row{"i4": "3"}, where.True},
		{"(ARRAY[1, 2])[i4:] IS NULL", row{}, where.True},
		{"n::numeric(5,2) = 1.24", row{"n": "1.235"}, where.True},
		{"n::numeric(4) = 1235", row{"n": "1234.5"}, where.True},
		{"ts::timestamp(0) = '2024-01-31 00:00:01'", row{"ts": "2024-01-31 00:00:00.5"}, where.True},
		{"tm::time(2) = '00:00:00.13'", row{"tm": "00:00:00.125"}, where.True},
		{"t LIKE 'a#%%' ESCAPE '#'", row{"t": "a%b"}, where.True},
		{`t LIKE 'a\_' ESCAPE ''`, row{"t": `a\b`}, where.True},
		{"i4 + i4 > 1", row{"i4": "1"}, where.True},
		{"coalesce(t, v, 'x') = 'x'", row{}, where.True},
		{"lower(t) = 'abc'", row{"t": "ABC"}, where.True},
		{`"Odd name" = 1`, row{"Odd name": "1"}, where.True},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := eval(t, compile(t, c.text, nil), c.row)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestCanonicalText(t *testing.T) {
	for _, c := range []struct {
		text   string
		params map[string]string
		want   string
	}{
		{" i4   =  5 ", nil, `"i4" = 5`},
		{"i4 = $1", row{"1": "5"}, `"i4" = 5`},
		{"i8 = $1", row{"1": "5"}, `"i8" = '5'::int8`},
		{"t = $1 and not b", row{"1": `it's \`}, `"t" = E'it''s \\'::text AND NOT "b"`},
		{"t < 'x'", nil, `"t" COLLATE "C" < 'x'::text`},
		{"n = -1.50", nil, `"n" = '-1.50'::numeric`},
		{"1 > $1", row{"1": "0"}, "true"},
		{"e IN ('sad', 'happy', 'sad')", nil, `"e" IN ('happy', 'sad')`},
		{"v ilike 'a%'", nil, `"v"::text COLLATE "default" ILIKE 'a%'::text`},
		{"d < ts", nil, `"d" < "ts"`},
		{"(i4 = 1 or i4 = 2) and b is true", nil, `("i4" = 1 OR "i4" = 2) AND "b" IS TRUE`},
		{"i4 is not distinct from $1::int", row{"1": "3"}, `"i4" IS NOT DISTINCT FROM 3`},
		{`"Odd name" = 1`, nil, `"Odd name" = 1`},
	} {
		t.Run(c.text, func(t *testing.T) {
			require.Equal(t, c.want, compile(t, c.text, c.params).SQL())
		})
	}
}

func TestRejectionsSayWhereAndWhy(t *testing.T) {
	for _, c := range []struct {
		text   string
		params map[string]string
		field  string
		want   string
	}{
		{"x = 1", nil, "where", "At location 0: unknown reference x"},
		{"t = 'é' AND zz = 1", nil, "where", "At location 12: unknown reference zz"},
		{"tab.i4 = 1", nil, "where", "At location 0: unknown reference tab.i4"},
		{`"X y" = 1`, nil, "where", `At location 0: unknown reference "X y"`},
		{"i4 = $1", nil, "where", "At location 5: parameter $1 was not provided"},
		{"i4 = $1", row{"a": "1"}, "params", "Parameters can only use numbers as keys"},
		{"i4 = $2", row{"2": "1"}, "params", "Parameters must be numbered sequentially, starting from 1"},
		{"i4", nil, "where", "WHERE clause must return a boolean"},
		{"i4 = 1; select 1", nil, "where", `unescaped ";" causing statement split`},
		{"i4 = 1 LIMIT 1", nil, "where", "malformed query ending with SQL clauses"},
		{"i4 = 1 UNION SELECT 1", nil, "where", "malformed query ending with SQL clauses"},
		{"i4 = 1 ORDER BY 1", nil, "where", "malformed query ending with SQL clauses"},
		{"i4 = 1 FOR UPDATE", nil, "where", "malformed query ending with SQL clauses"},
		{"i4 = 1 GROUP BY 1", nil, "where", "malformed query ending with SQL clauses"},
		{"i4 = 'x'", nil, "where", "At location 5: invalid syntax for type int4: x"},
		{"i4 = t", nil, "where", "At location 3: Could not select an operator overload"},
		{"u = t", nil, "where", "At location 2: Could not select an operator overload"},
		{"b < true", nil, "where", ""},
		{"j = 'x'", nil, "where", "At location 4: invalid syntax for type jsonb: x"},
		{"(i4, i2) = (1, 2, 3)", nil, "where", "At location 9: unequal number of entries in row expressions"},
		{"(i4, i2) IN (1, 2)", nil, "where", "At location 9: Could not select an operator overload"},
		{"(i4, i2) LIKE (1, 2)", nil, "where", "At location 9: Could not select an operator overload"},
		{"(i4, i2)", nil, "where", "At location 0: rows are only supported in comparisons, IN and IS NULL"},
		{"f(i4) = 1", nil, "where", "At location 0: unknown or unsupported function f/1"},
		{"count(*) = 1", nil, "where", "At location 0: aggregation is not supported in this context"},
		{"i4 AND b", nil, "where", "At location 0: reference i4 of type int4 is not castable to bool"},
		{"1 AND b", nil, "where", "At location 0: constant of type int4 is not castable to bool"},
		{"i4 IS TRUE", nil, "where", "At location 3: argument of IS TRUE must be bool, not int4"},
		{"i4::xml IS NULL", nil, "where", "At location 4: unsupported type xml"},
		{"e = 'angry'", nil, "where", "At location 4: invalid input value for enum mood: angry"},
		{"n::numeric(1001) = 1", nil, "where", "At location 3: invalid modifier of type numeric"},
		{"t::varchar(0) = ''", nil, "where", "At location 3: invalid modifier of type varchar"},
		{"interval '5 x' hour IS NULL", nil, "where", "At location 9: invalid syntax for type interval: 5 x"},
		{"t LIKE 'a' ESCAPE 'xx'", nil, "where", "At location 2: Failed to apply function to constant arguments"},
		{"d::int4 = 1", nil, "where", "At location 1: unknown cast from type date to type int4"},
		{"CASE WHEN b THEN i4 ELSE t END IS NULL", nil, "where", "At location 0: CASE types text and int4 cannot be matched"},
		{"CASE WHEN i4 THEN b END", nil, "where", "At location 10: reference i4 of type int4 is not castable to bool"},
		{"coalesce(i4, t) = 1", nil, "where", "At location 0: COALESCE types int4 and text cannot be matched"},
		{"greatest(co, co) = 1", nil, "where", "At location 0: GREATEST types pair and pair cannot be matched"},
		{"ARRAY[]= ARRAY[1]", nil, "where", "At location 0: cannot determine type of empty array"},
		{"i4[1] = 1", nil, "where", "At location 0: cannot subscript type int4 because it does not support subscripting"},
		{"i4 = ANY (i4)", nil, "where", "At location 3: argument of ANY must be an array"},
		{"i4 = ALL (i4)", nil, "where", "At location 3: argument of ALL must be an array"},
		{"i4 + ANY (arr)", nil, "where", "At location 3: ANY/ALL requires operator that returns bool"},
		{"i4 @@@ ANY (arr)", nil, "where", `At location 3: unknown binary operator "@@@"`},
		{"now() > tz", nil, "where", "At location 0: function now is not supported: its result changes with time"},
		{"random() > 1", nil, "where", "At location 0: function random is not supported: its result changes from call to call"},
		{"d = current_date", nil, "where", "At location 4: CURRENT_DATE is not supported: its result changes with time"},
		{"t = CURRENT_USER", nil, "where", "At location 4: CURRENT_USER is not supported: its result depends on the settings of a session"},
		{"length(i4) = 1", nil, "where", "At location 0: Could not select a function overload for length(int4)"},
		{"length(t, t) = 1", nil, "where", "At location 0: unknown or unsupported function length/2"},
		{"length(VARIADIC arr) = 1", nil, "where", "At location 0: explicit VARIADIC function calls are not currently supported"},
		{"t COLLATE \"C\" = 'x'", nil, "where", "At location 2: CollateClause is not supported in this context"},
		{"i4 IN (SELECT 1)", nil, "where", "At location 3: SubLink is not supported in this context"},
		{"EXISTS (SELECT 1)", nil, "where", "At location 0: only `value IN (SELECT ...)` sublinks are supported right now"},
		{"t SIMILAR TO 'a'", nil, "where", `At location 2: expression "~" of :AEXPR_SIMILAR is not currently supported`},
		{"((i4, b), 1) = ((1, true), 1)", nil, "where", "At location 13: rows inside of rows are not compared"},
		{"(i4, (b, 1)) IS DISTINCT FROM (i4, (b, 1))", nil, "where", "At location 13: rows inside of rows are not compared"},
		{"t ~ 'a'", nil, "where", `At location 2: unknown binary operator "~"`},
		{"$1 = i4 AND $1 = t", row{"1": "1"}, "where", "At location 15: Could not select an operator overload"},
		{"i4 = ", nil, "where", "At location 5: syntax error at end of input"},
		{"i4 = = 1", nil, "where", `At location 5: syntax error at or near "="`},
		{"'abc\x00' = t", nil, "where", `At location 4: invalid byte sequence for encoding "UTF8"`},
		{"t = B'1'", nil, "where", "At location 4: BitString values are not supported"},
		{"300000::int2 = i2", nil, "where", "At location 6: could not cast value 300000 from int4 to int2"},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := where.Compile(c.text, c.params, columns())
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			var e *where.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.want, e.Error())
			require.Equal(t, c.field, e.Field)
		})
	}
}

func TestAColumnWhoseEqualTextsDifferIsOnlyTestedForNull(t *testing.T) {
	cols := []where.Column{{Name: "nd", Type: "text", Nondeterministic: true, TypeMod: -1}}
	for _, text := range []string{"nd = 'x'", "nd IN ('x', 'y')", "nd LIKE 'x%'", "lower(nd) = 'x'", "nd::bool", "nd IS DISTINCT FROM 'x'"} {
		_, err := where.Compile(text, nil, cols)
		require.ErrorContains(t, err, "column nd has a nondeterministic collation: it can only be tested for NULL")
	}
	_, err := where.Compile("nd IS NULL OR nd IS DISTINCT FROM NULL", nil, cols)
	require.NoError(t, err)
}
