package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// There are no arrays of arrays, and so Postgres has no common type for a list of them.
func TestAListOfArraysIsComparedOneByOne(t *testing.T) {
	cols := []where.Column{
		{Name: "names", Type: "name", Dims: 1}, {Name: "texts", Type: "text", Dims: 1}, {Name: "ints", Type: "int4", Dims: 1}, {Name: "longs", Type: "int8", Dims: 1},
	}
	for text, want := range map[string]string{
		"ints IN ('{1}', ARRAY[2], NULL)":  `"ints" IN ('{1}'::int4[], '{2}'::int4[], NULL)`,
		"'{a}' IN ('{ a}', ARRAY['b'])":    "false",
		"'{a}' IN ('{a}', texts)":          `true`,
		"names IN (NULL, ARRAY[''], NULL)": "Could not select an operator overload",
		"longs IN (ARRAY[1], ARRAY[2])":    "Could not select an operator overload",
		"texts IN ('{}', ARRAY[''::name])": "Could not select an operator overload",
	} {
		clause, err := where.Compile(text, nil, cols)
		if err != nil {
			require.ErrorContains(t, err, want, text)
			continue
		}
		require.Equal(t, want, clause.SQL(), text)
	}
}

func TestAPrefixIsLookedForAmongElements(t *testing.T) {
	clause, err := where.Compile("t ^@ ANY (tags) AND starts_with(t, 'a')", nil, []where.Column{{Name: "t", Type: "text"}, {Name: "tags", Type: "text", Dims: 1}})
	require.NoError(t, err)
	require.Equal(t, `"t" ^@ ANY ("tags") AND "t" ^@ 'a'::text`, clause.SQL())
}

// Postgres finds a cast that is written as a call only by the name of its function.
func TestCastsByFunctionsOfOtherNamesAreNoCalls(t *testing.T) {
	cols := []where.Column{{Name: "b", Type: "bool"}, {Name: "c", Type: "bpchar"}}
	for _, text := range []string{`"varchar"(b) = 'x'`, `bpchar(b) = 'x'`, `"varchar"(c) = 'x'`, `"char"(c) = 'x'`} {
		_, err := where.Compile(text, nil, cols)
		require.ErrorContains(t, err, "unknown or unsupported function", text)
	}
	_, err := where.Compile(`text(b) = 'x' AND text(c) = 'x' AND bool('t')`, nil, cols)
	require.NoError(t, err)
}
