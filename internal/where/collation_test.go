package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// lettered are texts of the database's collation, of C and of another one.
func lettered() []where.Column {
	return []where.Column{
		{Name: "d", Type: "text"}, {Name: "c", Type: "text", Collation: "C"}, {Name: "g", Type: "text", Collation: "german"},
	}
}

// Postgres derives the collation of NULLIF from both of its arguments, though it yields the first.
func TestNullifHasTheLettersOfBothArguments(t *testing.T) {
	clause, err := where.Compile("lower(nullif(d, c)) = 'x'", nil, lettered())
	require.NoError(t, err)
	require.Equal(t, `pg_catalog."lower"(CASE WHEN "d" = "c" THEN NULL::text ELSE "d" END COLLATE "C") = 'x'::text`, clause.SQL())
	_, err = where.Compile("nullif(d, g) = c", nil, lettered())
	require.ErrorContains(t, err, "could not determine which collation to use")
}

// The canonical text of NULLIF has a NULL in it, and one of names has the collation C.
func TestNullifOfNamesWithAnotherCollationIsRefused(t *testing.T) {
	cols := []where.Column{{Name: "n", Type: "name", Collation: "german"}, {Name: "m", Type: "name", Collation: "C"}}
	_, err := where.Compile("nullif(n, '') IS NULL", nil, cols)
	require.ErrorContains(t, err, "could not determine which collation to use")
	_, err = where.Compile("nullif(m, '') = 'x'", nil, cols)
	require.NoError(t, err)
}

func TestWhatIsAlwaysNullKeepsItsCollation(t *testing.T) {
	clause, err := where.Compile("lower(coalesce(c || NULL, d)) = 'x'", nil, lettered())
	require.NoError(t, err)
	require.Equal(t, `pg_catalog."lower"("d" COLLATE "C") = 'x'::text`, clause.SQL())
	_, err = where.Compile("coalesce(g || NULL, d) = c", nil, lettered())
	require.ErrorContains(t, err, "could not determine which collation to use")
}

// The elements become names, whose collation is C, before they meet that of the array.
func TestAnArrayThatIsConvertedToNamesHasTheCollationOfNamesToo(t *testing.T) {
	clause, err := where.Compile("lower(((ARRAY[d] || d)::name[])[1]) = 'x'", nil, lettered())
	require.NoError(t, err)
	require.Contains(t, clause.SQL(), `COLLATE "C"`)
	_, err = where.Compile("array_replace('{}', g, NULL)::name[]::text = d", nil, lettered())
	require.ErrorContains(t, err, "could not determine which collation to use")
}

// What compares no texts needs no collation.
func TestTextsOfTwoCollationsMeetWhereNothingIsCompared(t *testing.T) {
	for text, why := range map[string]string{
		"length(g || c) = 1":                               "",
		"concat(g, c, d) IS NULL":                          "",
		"cardinality(ARRAY[g, c]) = 1":                     "",
		"array_length(array_append(ARRAY[g], c), 1) = 1":   "",
		"coalesce(g, c) IS NULL":                           "",
		"concat(g, c) = 'x'":                               "could not determine which collation to use",
		"lower(concat(g, c)) = 'x'":                        "could not determine which collation to use",
		"length(replace(g, c, 'x')) = 1":                   "could not determine which collation to use",
		"g ^@ c":                                           "could not determine which collation to use",
		"split_part(g, c, 1) IS NULL":                      "could not determine which collation to use",
		"string_to_array(g, c) IS NULL":                    "could not determine which collation to use",
		"ARRAY[g] @> ARRAY[c]":                             "could not determine which collation to use",
		"ARRAY[g] && ARRAY[c]":                             "could not determine which collation to use",
		"array_position(ARRAY[g], c) = 1":                  "could not determine which collation to use",
		"array_positions(ARRAY[g], c) = '{1}'":             "could not determine which collation to use",
		"cardinality(array_remove(ARRAY[g], c)) = 1":       "could not determine which collation to use",
		"cardinality(array_replace(ARRAY[g], c, 'x')) = 1": "could not determine which collation to use",
		"g = ANY (ARRAY[c])":                               "could not determine which collation to use",
		"g < ALL (ARRAY[c])":                               "could not determine which collation to use",
	} {
		_, err := where.Compile(text, nil, lettered())
		if why == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, why, text)
		}
	}
}

// The order of texts is one for all collations, and so is the case of their letters, but for those of C.
func TestLettersOfOtherCollationsAreThoseOfTheDatabase(t *testing.T) {
	for text, want := range map[string]string{
		"lower(g) = 'x'":      `pg_catalog."lower"("g" COLLATE "default") = 'x'::text`,
		"upper(d || g) = 'x'": `pg_catalog."upper"(("d" || "g") COLLATE "default") = 'x'::text`,
		"g ILIKE 'x'":         `"g" COLLATE "default" ILIKE 'x'::text`,
		"c ILIKE 'x'":         `"c" COLLATE "C" ILIKE 'x'::text`,
	} {
		clause, err := where.Compile(text, nil, lettered())
		require.NoError(t, err, text)
		require.Equal(t, want, clause.SQL())
	}
}
