package where_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

var errUnavailable = errors.New("the database is unavailable")

// relatives are the tables that subqueries of the tests read.
func relatives(schema, name string) ([]where.Column, error) {
	mood := where.Column{Name: "e", Type: "mood", Kind: where.Enum, TypeSchema: "public", Labels: "sad\x00ok\x00happy"}
	switch schema + "." + name {
	case "public.parents":
		return []where.Column{
			{Name: "id", Type: "int4"}, {Name: "i2", Type: "int2"}, {Name: "big", Type: "int8"}, {Name: "t", Type: "text"}, {Name: "v", Type: "varchar"}, {Name: "c", Type: "bpchar", TypeMod: 8},
			{Name: "n", Type: "numeric"}, {Name: "f8", Type: "float8"}, {Name: "b", Type: "bool"}, {Name: "u", Type: "uuid"}, {Name: "d", Type: "date"}, {Name: "ts", Type: "timestamp"},
			{Name: "tz", Type: "timestamptz"}, {Name: "tm", Type: "time"}, mood, {Name: "arr", Type: "int4", Dims: 1}, {Name: "j", Type: "jsonb"}, {Name: "iv", Type: "interval"},
			{Name: "ci", Type: "text", Nondeterministic: true, Collation: "ci"}, {Name: "de", Type: "text", Collation: "de"}, {Name: "nm", Type: "name"},
			{Name: "posarr", Type: "int4", Dims: 1, Kind: where.Domain, OfDomains: true}, {Name: "dom", Type: "int4", Kind: where.Domain}, {Name: "y", Type: "bytea"},
			{Name: "narr", Type: "numeric", Dims: 1}, {Name: "feeling", Type: "mood", Kind: where.Domain, Below: where.Enum, TypeSchema: "public"}, {Name: "Odd name", Type: "int4"},
		}, nil
	case "other.parents":
		return []where.Column{{Name: "id", Type: "int4"}}, nil
	case "public.grandparents":
		return []where.Column{{Name: "id", Type: "int4"}, {Name: "active", Type: "bool"}, {Name: "t", Type: "text"}}, nil
	case "public.away":
		return nil, errUnavailable
	}
	return nil, &where.Error{Field: "table", Location: -1, Reason: `Table "` + schema + `"."` + name + `" does not exist.`}
}

func children() []where.Column {
	cols, _ := relatives("public", "parents")
	cols[0].Name = "parent_id"
	return append(cols, where.Column{Name: "fr", Type: "text", Collation: "fr"}, where.Column{Name: "x", Type: "int4"}, where.Column{Name: "s", Type: "text"})
}

func subquery(t testing.TB, text string) *where.Clause {
	c, err := where.CompileWith(text, nil, children(), relatives)
	require.NoError(t, err, text)
	return c
}

var canonicalSubqueries = map[string]string{
	"parent_id IN (SELECT id FROM parents)":                                                                 `"parent_id" IN (SELECT "id" FROM "public"."parents")`,
	"parent_id in (select id as whatever from public.parents p where b)":                                    `"parent_id" IN (SELECT "id" FROM "public"."parents" WHERE "b")`,
	"parent_id NOT IN (SELECT id FROM other.parents)":                                                       `"parent_id" NOT IN (SELECT "id" FROM "other"."parents")`,
	"NOT NOT parent_id IN (SELECT id FROM parents)":                                                         `"parent_id" IN (SELECT "id" FROM "public"."parents")`,
	"i2::int4::int8 IN (SELECT big FROM parents)":                                                           `"i2"::int4::int8 IN (SELECT "big" FROM "public"."parents")`,
	"e::text IN (SELECT t FROM parents)":                                                                    `"e"::text IN (SELECT "t" FROM "public"."parents")`,
	"v::text IN (SELECT t FROM parents)":                                                                    `"v"::text IN (SELECT "t" FROM "public"."parents")`,
	"(parent_id, t) IN (SELECT id, t FROM grandparents)":                                                    `("parent_id", "t") IN (SELECT "id", "t" FROM "public"."grandparents")`,
	"(t, parent_id) IN (SELECT t, id FROM grandparents)":                                                    `("t", "parent_id") IN (SELECT "t", "id" FROM "public"."grandparents")`,
	"ROW(parent_id) IN (SELECT id FROM grandparents)":                                                       `"parent_id" IN (SELECT "id" FROM "public"."grandparents")`,
	"dom IN (SELECT dom FROM parents)":                                                                      `"dom"::int4 IN (SELECT "dom" FROM "public"."parents")`,
	`x IN (SELECT "Odd name" FROM parents)`:                                                                 `"x" IN (SELECT "Odd name" FROM "public"."parents")`,
	"parent_id IN (SELECT id FROM parents WHERE id IN (SELECT id FROM grandparents WHERE active)) OR x = 1": `"parent_id" IN (SELECT "id" FROM "public"."parents" WHERE "id" IN (SELECT "id" FROM "public"."grandparents" WHERE "active")) OR "x" = 1`,
	"x = 1 AND NOT (x = 2 OR x IN (SELECT id FROM parents WHERE t = 'it''s'))":                              `"x" = 1 AND NOT ("x" = 2 OR "x" IN (SELECT "id" FROM "public"."parents" WHERE "t" = 'it''s'::text))`,
}

func TestSubqueriesAreCanonical(t *testing.T) {
	for text, want := range canonicalSubqueries {
		c := subquery(t, text)
		require.Equal(t, want, c.SQL(), text)
		again, err := where.Unmarshal([]byte(c.Encoding()))
		require.NoError(t, err, text)
		require.Equal(t, c, again)
		require.Equal(t, want, again.SQL())
		require.Equal(t, c.Encoding(), subquery(t, want).Encoding(), "the canonical text compiles to itself")
		compiled, err := where.NewCompiler(4).CompileWith(text, nil, children(), relatives)
		require.NoError(t, err)
		require.Equal(t, c, compiled)
	}
}

const (
	onlyColumns = "currently, left side of `IN (SELECT ...)` can only be a column reference or a list of column references"
	onlyLogic   = "`value IN (SELECT ...)` can only be combined by AND, OR and NOT"
	onlyIn      = "only `value IN (SELECT ...)` sublinks are supported right now"
	noClauses   = "SELECT statement must not contain any clauses"
	oneTable    = "Expected a single table reference"
	plainColumn = "Expected a plain column reference"
	bothWays    = "a subquery dependency cannot be used with both positive and negative polarity in the same filter"
)

var refusedSubqueries = []struct{ text, field, want string }{
	{"x + 1 IN (SELECT id FROM parents)", "where", "At location 6: " + onlyColumns},
	{"1 IN (SELECT id FROM parents)", "where", "At location 2: " + onlyColumns},
	{"(x, 1) IN (SELECT id, id FROM parents)", "where", "At location 7: " + onlyColumns},
	{"(x, (x, x)) IN (SELECT id, id FROM parents)", "where", "At location 12: " + onlyColumns},
	{"lower(t) IN (SELECT t FROM parents)", "where", "At location 9: " + onlyColumns},
	{"y.x IN (SELECT id FROM parents)", "where", "At location 0: unknown reference y.x"},
	{"x::int2 IN (SELECT i2 FROM parents)", "where", "At location 8: a cast on the left side of `IN (SELECT ...)` must leave the values as they are"},
	{"x::text IN (SELECT t FROM parents)", "where", "At location 8: a cast on the left side of `IN (SELECT ...)` must leave the values as they are"},
	{"t::varchar(2) IN (SELECT v FROM parents)", "where", "At location 14: a cast on the left side of `IN (SELECT ...)` must leave the values as they are"},
	{"f8::numeric IN (SELECT n FROM parents)", "where", "At location 12: a cast on the left side of `IN (SELECT ...)` must leave the values as they are"},
	{"big::int4::int8 IN (SELECT big FROM parents)", "where", "At location 16: a cast on the left side of `IN (SELECT ...)` must leave the values as they are"},

	{"x IN (SELECT arr FROM parents)", "where", "At location 2: left side of `IN (SELECT ...)` has type int4 but subquery returns int4[][]"},
	{"x IN (SELECT big FROM parents)", "where", "At location 2: left side of `IN (SELECT ...)` has type int4 but subquery returns int8[]"},
	{"t IN (SELECT v FROM parents)", "where", "At location 2: left side of `IN (SELECT ...)` has type text but subquery returns varchar[]"},
	{"e IN (SELECT t FROM parents)", "where", "At location 2: left side of `IN (SELECT ...)` has type enum mood but subquery returns text[]"},
	{"(x, t) IN (SELECT t, id FROM parents)", "where", "At location 7: left side of `IN (SELECT ...)` has type row of (int4, text) but subquery returns row of (text, int4)[]"},
	{"(x, t) IN (SELECT id FROM parents)", "where", "At location 7: left side of `IN (SELECT ...)` has type row of (int4, text) but subquery returns int4[]"},
	{"x IN (SELECT id, t FROM parents)", "where", "At location 2: left side of `IN (SELECT ...)` has type int4 but subquery returns row of (int4, text)[]"},
	{"j IN (SELECT j FROM parents)", "where", "At location 2: values of type jsonb are not supported in `IN (SELECT ...)`: their text does not tell which of them are equal"},
	{"iv IN (SELECT iv FROM parents)", "where", "At location 3: values of type interval are not supported in `IN (SELECT ...)`: their text does not tell which of them are equal"},
	{"narr IN (SELECT narr FROM parents)", "where", "At location 5: values of type numeric[] are not supported in `IN (SELECT ...)`: their text does not tell which of them are equal"},
	{"ci IN (SELECT t FROM parents)", "where", "At location 0: column ci has a nondeterministic collation: it can only be tested for NULL"},
	{"t IN (SELECT ci FROM parents)", "where", "At location 2: column ci has a nondeterministic collation: it can only be tested for NULL"},
	{"fr IN (SELECT de FROM parents)", "where", "At location 3: could not determine which collation to use for string comparison"},
	{"arr IN (SELECT posarr FROM parents)", "where", "At location 4: column posarr is an array of a domain: Postgres compares it with no other array"},
	{"e IN (SELECT feeling FROM parents)", "where", "At location 2: column feeling is of a domain over an enum: Postgres compares it with nothing"},

	{"x IN (SELECT id + 1 FROM parents)", "where", "At location 2: " + plainColumn},
	{"x IN (SELECT * FROM parents)", "where", "At location 2: " + plainColumn},
	{"x IN (SELECT p.id FROM parents p)", "where", "At location 2: " + plainColumn},
	{"x IN (SELECT parents.* FROM parents)", "where", "At location 2: " + plainColumn},
	{"x IN (SELECT id::int4 FROM parents)", "where", "At location 2: " + plainColumn},
	{"x IN (SELECT 1 FROM parents)", "where", "At location 2: " + plainColumn},
	{"x IN (SELECT max(id) FROM parents)", "where", "At location 2: " + plainColumn},
	{"x IN (SELECT FROM parents)", "where", "At location 2: " + plainColumn},
	{"x IN (SELECT id)", "where", "At location 2: " + oneTable},
	{"x IN (SELECT id FROM parents, grandparents)", "where", "At location 2: " + oneTable},
	{"x IN (SELECT id FROM parents JOIN grandparents USING (id))", "where", "At location 2: " + oneTable},
	{"x IN (SELECT id FROM (SELECT id FROM parents) p)", "where", "At location 2: " + oneTable},
	{"x IN (SELECT id FROM generate_series(1, 2) id)", "where", "At location 2: " + oneTable},
	{"x IN (SELECT id FROM parents TABLESAMPLE system (1))", "where", "At location 2: " + oneTable},
	{"x IN (SELECT id FROM a.b.parents)", "where", "At location 2: " + oneTable},
	{"x IN (SELECT id FROM ONLY parents)", "where", "At location 26: ONLY is not supported in a subquery"},
	{"x IN (SELECT a FROM parents AS p (a))", "where", "At location 20: aliases of columns are not supported in a subquery"},
	{"x IN (SELECT DISTINCT id FROM parents)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents GROUP BY id)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents HAVING true)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents WINDOW w AS (ORDER BY id))", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents ORDER BY id)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents LIMIT 1)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents LIMIT ALL)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents OFFSET 1)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents FETCH FIRST ROW ONLY)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents FOR UPDATE)", "where", "At location 2: " + noClauses},
	{"x IN (WITH w AS (SELECT 1) SELECT id FROM parents)", "where", "At location 2: " + noClauses},
	{"x IN (SELECT id FROM parents UNION SELECT id FROM parents)", "where", "At location 2: " + noClauses},
	{"x IN (VALUES (1))", "where", "At location 2: " + noClauses},
	{"x IN (TABLE grandparents)", "where", "At location 2: " + plainColumn},

	{"x IN (SELECT nope, id, nix FROM parents)", "columns", "The following columns are not found on the table: nope, nix"},
	{"x IN (SELECT id FROM nowhere)", "table", `Table "public"."nowhere" does not exist.`},
	{"x IN (SELECT id FROM other.nowhere)", "table", `Table "other"."nowhere" does not exist.`},
	{"x IN (SELECT id FROM parents WHERE nope = 1)", "where", "At location 35: unknown reference nope"},
	{"x IN (SELECT id FROM parents WHERE parent_id = 1)", "where", "At location 35: unknown reference parent_id"},
	{"x IN (SELECT id FROM parents p WHERE p.id = 1)", "where", "At location 37: unknown reference p.id"},
	{"x IN (SELECT id FROM parents WHERE id)", "where", "WHERE clause must return a boolean"},
	{"x IN (SELECT id FROM parents WHERE id IN (SELECT id FROM grandparents WHERE t = 1))", "where", "At location 78: Could not select an operator overload"},

	{"x = ANY (SELECT id FROM parents)", "where", "At location 2: " + onlyIn},
	{"x <> ALL (SELECT id FROM parents)", "where", "At location 2: " + onlyIn},
	{"EXISTS (SELECT 1 FROM parents)", "where", "At location 0: " + onlyIn},
	{"x = (SELECT id FROM parents)", "where", "At location 4: " + onlyIn},
	{"x = ANY (ARRAY (SELECT id FROM parents))", "where", "At location 9: " + onlyIn},
	{"(x IN (SELECT id FROM parents)) IS TRUE", "where", "At location 3: " + onlyLogic},
	{"(x IN (SELECT id FROM parents)) IS NULL", "where", "At location 3: " + onlyLogic},
	{"(x IN (SELECT id FROM parents)) = b", "where", "At location 3: " + onlyLogic},
	{"CASE WHEN b THEN x IN (SELECT id FROM parents) END", "where", "At location 19: " + onlyLogic},
	{"CASE WHEN x IN (SELECT id FROM parents) THEN b END", "where", "At location 12: " + onlyLogic},
	{"coalesce(x IN (SELECT id FROM parents), b)", "where", "At location 11: " + onlyLogic},
	{"(x IN (SELECT id FROM parents))::bool", "where", "At location 3: " + onlyLogic},
	{"b IN (x IN (SELECT id FROM parents))", "where", "At location 8: " + onlyLogic},
	{"CASE WHEN b THEN b AND x IN (SELECT id FROM parents) END", "where", "At location 25: " + onlyLogic},

	{"x IN (SELECT id FROM parents) OR x NOT IN (SELECT id FROM parents)", "where", bothWays},
	{"x IN (SELECT id FROM parents WHERE b) AND NOT (b OR parent_id IN (SELECT id AS p FROM public.parents p WHERE (b)))", "where", bothWays},
	{"x IN (SELECT id FROM parents WHERE id IN (SELECT id FROM grandparents) OR i2::int4 NOT IN (SELECT id FROM grandparents))", "where", bothWays},
	{"x IN (SELECT id FROM parents) AND (" + strings.Repeat("x = 1 OR ", 100) + "b)", "where", "WHERE clause too complex for DNF decomposition (101 disjuncts exceeds limit of 100)"},
	{"x IN (SELECT id FROM parents WHERE id IN (SELECT id FROM grandparents) AND (" + strings.Repeat("id = 1 OR ", 100) + "b))", "where",
		"WHERE clause too complex for DNF decomposition (101 disjuncts exceeds limit of 100)"},
	{strings.Repeat("(x = 1 OR x = 2) AND ", 40) + "x IN (SELECT id FROM parents)", "where",
		"WHERE clause too complex for DNF decomposition (1099511627776 disjuncts exceeds limit of 100)"},
	{strings.Repeat("(x = 1 OR x = 2) AND ", 70) + "x IN (SELECT id FROM parents)", "where",
		"WHERE clause too complex for DNF decomposition (9223372036854775807 disjuncts exceeds limit of 100)"},
	{"NOT (" + strings.Repeat("(x = 1 AND b) OR ", 7) + "x IN (SELECT id FROM parents))", "where",
		"WHERE clause too complex for DNF decomposition (128 disjuncts exceeds limit of 100)"},
	{"(" + strings.Repeat("b AND ", 200) + "b) AND (" + strings.Repeat("x = 1 OR ", 99) + "x IN (SELECT id FROM parents))", "where",
		"WHERE clause too complex for DNF decomposition (20200 conditions exceeds limit of 10000)"},
}

func TestSubqueriesThatAreRefused(t *testing.T) {
	for _, c := range refusedSubqueries {
		_, err := where.CompileWith(c.text, nil, children(), relatives)
		var e *where.Error
		require.ErrorAs(t, err, &e, c.text)
		require.Equal(t, c.want, e.Error(), c.text)
		require.Equal(t, c.field, e.Field, c.text)
	}
}

func TestWithoutTablesSubqueriesAreRefusedAsSuch(t *testing.T) {
	for text := range canonicalSubqueries {
		_, err := where.NewCompiler(4).Compile(text, nil, children())
		var e *where.Error
		require.ErrorAs(t, err, &e, text)
		require.True(t, e.Subquery, text)
	}
}

func TestWhatTheTablesFailWithIsReturnedAsItIs(t *testing.T) {
	_, err := where.CompileWith("b AND x IN (SELECT id FROM parents WHERE id NOT IN (SELECT id FROM away))", nil, children(), relatives)
	require.Equal(t, errUnavailable, err)
}

func TestATableIsAskedForOnce(t *testing.T) {
	asked := map[string]int{}
	_, err := where.CompileWith("x IN (SELECT id FROM parents WHERE id IN (SELECT id FROM grandparents)) OR x IN (SELECT id FROM grandparents WHERE active)", nil, children(),
		func(schema, name string) ([]where.Column, error) {
			asked[schema+"."+name]++
			return relatives(schema, name)
		})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"public.parents": 1, "public.grandparents": 1}, asked)
}

func TestParamsAreThoseOfTheSubqueriesToo(t *testing.T) {
	c, err := where.CompileWith("x IN (SELECT id FROM parents WHERE big = $1) AND big = $1 AND t = $2", row{"1": "5", "2": "a"}, children(), relatives)
	require.NoError(t, err)
	require.Equal(t, `"x" IN (SELECT "id" FROM "public"."parents" WHERE "big" = '5'::int8) AND "big" = '5'::int8 AND "t" = 'a'::text`, c.SQL())
	_, err = where.CompileWith("x IN (SELECT id FROM parents WHERE big = $1) AND t = $1", row{"1": "5"}, children(), relatives)
	require.ErrorContains(t, err, "Could not select an operator overload", "its first use has given it a type")
}

func TestEqualSubqueriesAreOne(t *testing.T) {
	c := subquery(t, "x IN (SELECT id FROM grandparents) AND (b OR NOT (parent_id NOT IN (SELECT id FROM public.grandparents g))) AND "+
		"big NOT IN (SELECT big FROM parents WHERE 1 = 1 AND b) AND (x, t) IN (SELECT id, t FROM grandparents) AND big NOT IN (SELECT big FROM parents WHERE (b))")
	all := c.Subqueries()
	require.Len(t, all, 3)
	require.Equal(t, where.Subquery{Schema: "public", Table: "grandparents", Columns: []string{"id"}, Values: []where.Membership{{Type: "int4"}}}, all[0])
	require.Equal(t, []string{"big"}, all[1].Columns)
	require.Equal(t, `"b"`, all[1].Where.SQL())
	require.Equal(t, []string{"id", "t"}, all[2].Columns)
	require.Equal(t, []string{"b", "big", "parent_id", "t", "x"}, c.Columns())
}

func TestSubqueriesThatDecideNothingAreNone(t *testing.T) {
	c := subquery(t, "b OR false AND x IN (SELECT id FROM parents)")
	require.False(t, c.HasSubqueries())
	require.Empty(t, c.Subqueries())
	require.Equal(t, compileOver(t, "b"), c)

	c = subquery(t, "(false AND x IN (SELECT id FROM parents)) OR x IN (SELECT id FROM grandparents) OR x IN (SELECT id FROM other.parents)")
	require.True(t, c.HasSubqueries())
	require.Equal(t, "grandparents", c.Subqueries()[0].Table)
	require.Equal(t, []int{0, 1}, []int{c.DNF().Positions[0].Subquery, c.DNF().Positions[1].Subquery})
}

func compileOver(t *testing.T, text string) *where.Clause {
	c, err := where.Compile(text, nil, children())
	require.NoError(t, err)
	return c
}

func TestTheTypesOfMembers(t *testing.T) {
	for column, want := range map[string]where.Membership{
		"i2": {Type: "int2"}, "big": {Type: "int8"}, "t": {Type: "text"}, "v": {Type: "varchar"}, "c": {Type: "bpchar", Canon: where.CanonPadded}, "n": {Type: "numeric", Canon: where.CanonNumeric},
		"f8": {Type: "float8", Canon: where.CanonFloat}, "b": {Type: "bool", Canon: where.CanonBool}, "u": {Type: "uuid"}, "d": {Type: "date"}, "ts": {Type: "timestamp"}, "tz": {Type: "timestamptz"},
		"tm": {Type: "time"}, "e": {Type: `"public"."mood"`}, "arr": {Type: "int4[]", Array: true}, "nm": {Type: "name"}, "dom": {Type: "int4"}, "y": {Type: "bytea"},
	} {
		require.Equal(t, []where.Membership{want}, subquery(t, column+" IN (SELECT "+column+" FROM parents)").Subqueries()[0].Values, column)
	}
}

func TestCanonicalTexts(t *testing.T) {
	for _, c := range []struct {
		canon      where.Canon
		text, want string
	}{
		{where.CanonText, "1.50 ", "1.50 "}, {where.CanonText, "", ""},
		{where.CanonNumeric, "1.50", "1.5"}, {where.CanonNumeric, "1.00", "1"}, {where.CanonNumeric, "100", "100"}, {where.CanonNumeric, "0.00", "0"}, {where.CanonNumeric, "-0.10", "-0.1"},
		{where.CanonNumeric, "NaN", "NaN"}, {where.CanonNumeric, "-Infinity", "-Infinity"}, {where.CanonNumeric, "10.0", "10"},
		{where.CanonFloat, "-0", "0"}, {where.CanonFloat, "0", "0"}, {where.CanonFloat, "-0.5", "-0.5"}, {where.CanonFloat, "1e+300", "1e+300"}, {where.CanonFloat, "NaN", "NaN"},
		{where.CanonPadded, "ab  ", "ab"}, {where.CanonPadded, "  ", ""}, {where.CanonPadded, " a", " a"},
		{where.CanonBool, "true", "t"}, {where.CanonBool, "t", "t"}, {where.CanonBool, "false", "f"}, {where.CanonBool, "f", "f"},
	} {
		require.Equal(t, "x"+c.want, string(c.canon.Append([]byte("x"), []byte(c.text))), c.text)
	}
}

func TestDisjunctsAndPositions(t *testing.T) {
	for text, want := range map[string]string{
		"x IN (SELECT id FROM parents)":                                                     "0",
		"x NOT IN (SELECT id FROM parents)":                                                 "!0",
		"x IN (SELECT id FROM parents) OR b":                                                `0 | "b"`,
		"x IN (SELECT id FROM parents) AND (s = 'o' OR x IN (SELECT id FROM grandparents))": `0 & "s" = 'o'::text | 0 & 1`,
		"(b OR x = 1) AND (x IN (SELECT id FROM parents) OR x = 2)":                         `"b" & 0 | "b" & "x" = 2 | "x" = 1 & 0 | "x" = 1 & "x" = 2`,
		"NOT (b AND x IN (SELECT id FROM parents))":                                         `!"b" | !0`,
		"NOT (b OR NOT x IN (SELECT id FROM parents))":                                      `!"b" & 0`,
		"x IN (1, 2, 3) AND x IN (SELECT id FROM parents)":                                  `"x" IN (1, 2, 3) & 0`,
		"x NOT IN (1, 2, 3) AND x IN (SELECT id FROM parents)":                              `!"x" IN (1, 2, 3) & 0`,
		"b AND x BETWEEN 1 AND 5 AND x IN (SELECT id FROM parents)":                         `"b" & "x" >= 1 AND "x" <= 5 & 0`,
		"x NOT BETWEEN 1 AND 5 AND x IN (SELECT id FROM parents)":                           `!"x" >= 1 AND "x" <= 5 & 0`,
		"x BETWEEN 1 AND 5 OR x IN (SELECT id FROM parents)":                                `"x" >= 1 AND "x" <= 5 | 0`,
		"x >= 1 AND big <= 5 AND x IN (SELECT id FROM parents)":                             `"x" >= 1 & "big" <= 5 & 0`,
		"x = ANY ('{1,2}') AND x IN (SELECT id FROM parents)":                               `"x" IN (1, 2) & 0`,
		"(b AND NULL) OR x IN (SELECT id FROM parents)":                                     `"b" & NULL::bool | 0`,
	} {
		c := subquery(t, text)
		dnf := c.DNF()
		var disjuncts []string
		next := 0
		for _, positions := range dnf.Disjuncts {
			var terms []string
			for _, at := range positions {
				require.Equal(t, next, at, "consecutive and ascending")
				next++
				p := dnf.Positions[at]
				term := strconv.Itoa(p.Subquery)
				if p.Subquery < 0 {
					term = p.Leaf.SQL()
				}
				if p.Negated {
					term = "!" + term
				}
				terms = append(terms, term)
			}
			disjuncts = append(disjuncts, strings.Join(terms, " & "))
		}
		require.Equal(t, want, strings.Join(disjuncts, " | "), text)
		require.Equal(t, c.Subqueries(), dnf.Subqueries)
	}
}

func TestThePositionOfASubquerySaysWhatIsLookedFor(t *testing.T) {
	dnf := subquery(t, "NOT ((i2::int4, c, e::text) IN (SELECT id, c, t FROM parents)) AND (b OR n IS NULL)").DNF()
	p := dnf.Positions[0]
	require.Equal(t, where.Position{Negated: true, Subquery: 0, Columns: []string{"i2", "c", "e"}, LHS: []string{`"i2"::int4`, `"c"`, `"e"::text`},
		Canon: []where.Canon{where.CanonText, where.CanonPadded, where.CanonText}}, p)
	sql := func(at int) string {
		return dnf.ConditionSQL(at, func(position int) string { return fmt.Sprintf("test of %d", position) })
	}
	require.Equal(t, "(NOT (test of 0))", sql(0))
	require.Equal(t, `("b")`, sql(1))
	require.Equal(t, "(NOT (test of 2))", sql(2))
	require.Equal(t, `("n" IS NULL)`, sql(3))
}

func TestAClauseWithoutSubqueriesIsOnePosition(t *testing.T) {
	c := compileOver(t, "b OR x = 1")
	require.Equal(t, &where.DNF{Positions: []where.Position{{Subquery: -1, Leaf: c}}, Disjuncts: [][]int{{0}}}, c.DNF())
	require.Equal(t, c, c.Superset())
	require.False(t, (*where.Clause)(nil).HasSubqueries())
}

func TestTheSupersetTakesSubqueriesForTrue(t *testing.T) {
	for text, want := range map[string]string{
		"x IN (SELECT id FROM parents)":                                     "",
		"x NOT IN (SELECT id FROM parents)":                                 "",
		"x IN (SELECT id FROM parents) OR b":                                "",
		"x IN (SELECT id FROM parents) AND b":                               `"b"`,
		"x NOT IN (SELECT id FROM parents) AND x = 5":                       `"x" = 5`,
		"NOT (b OR x IN (SELECT id FROM parents))":                          `NOT "b"`,
		"NOT (b AND x IN (SELECT id FROM parents))":                         "",
		"x = 1 AND (x = 2 OR NOT (x = 3 OR x IN (SELECT id FROM parents)))": `"x" = 1 AND ("x" = 2 OR NOT "x" = 3)`,
	} {
		c := subquery(t, text)
		s := c.Superset()
		if want == "" {
			require.Nil(t, s, text)
			require.True(t, c.Plan().Always(), text)
			continue
		}
		require.Equal(t, want, s.SQL(), text)
		require.Equal(t, s.Plan().Indexed(), c.Plan().Indexed(), text)
	}
	plan := subquery(t, "x NOT IN (SELECT id FROM parents) AND x = 5").Plan()
	listings := plan.Listings(plan.Choose(func(*where.Probe) int { return 1 }))
	require.Len(t, listings, 1)
	require.Equal(t, "x", listings[0].Probe.Column)
	require.Nil(t, listings[0].Residual)
}

func TestSubqueriesNestNoDeeperThanExpressions(t *testing.T) {
	nested := func(levels int) string {
		return strings.Repeat("id IN (SELECT id FROM grandparents WHERE ", levels) + "active" + strings.Repeat(")", levels)
	}
	c, err := where.CompileWith(nested(40), nil, []where.Column{{Name: "id", Type: "int4"}}, relatives)
	require.NoError(t, err)
	levels := 0
	for ; c.HasSubqueries(); levels++ {
		c = c.Subqueries()[0].Where
	}
	require.Equal(t, 40, levels)
	_, err = where.CompileWith(nested(1000), nil, []where.Column{{Name: "id", Type: "int4"}}, relatives)
	require.ErrorContains(t, err, "nested too deeply")
}

func TestAPlaceThatIsNoPlaceForASubqueryIsNotDecoded(t *testing.T) {
	good := subquery(t, "NOT (x IN (SELECT id FROM parents))").Encoding()
	not, isTrue := byte(6), []byte{10, 0}
	at := strings.LastIndexByte(good, not)
	bad := good[:at] + string(isTrue) + good[at+1:]
	_, err := where.Unmarshal([]byte(bad))
	require.ErrorIs(t, err, where.ErrCorrupt)
	for end := range good {
		_, err := where.Unmarshal([]byte(good[:end]))
		require.ErrorIs(t, err, where.ErrCorrupt)
	}
}
