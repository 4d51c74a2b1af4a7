package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// A byte that is no ASCII character is written by its octal digits.
func TestASingleByteIsReadAndPrintedAsInPostgres(t *testing.T) {
	cols := []where.Column{{Name: "c", Type: "char"}, {Name: "t", Type: "text"}, {Name: "cs", Type: "char", Dims: 1}}
	for _, c := range []struct{ clause, canonical, char, text string }{
		{"c = 'a'", `"c" = 'a'::"char"`, "a", ""},
		{`c = '\316'`, `"c" = E'\\316'::"char"`, `\316`, ""},
		{`c = '\101'`, `"c" = 'A'::"char"`, "A", ""},
		{`c::text = t`, `"c"::text = "t"`, `\316`, `\316`},
		{`t::"char" = c`, `"t"::"char" = "c"`, `\303`, "é"},
		{`c > 'z'`, `"c" > 'z'::"char"`, `\200`, ""},
		{`c = (-50)::"char"`, `"c" = E'\\316'::"char"`, `\316`, ""},
		{`c = ''`, `"c" = ''::"char"`, "", ""},
	} {
		clause, err := where.Compile(c.clause, nil, cols)
		require.NoError(t, err, c.clause)
		require.Equal(t, c.canonical, clause.SQL())
		p, err := clause.Bind([]string{"c", "t", "cs"})
		require.NoError(t, err)
		got, err := p.Eval([][]byte{[]byte(c.char), []byte(c.text), nil}, &where.Scratch{})
		require.NoError(t, err)
		require.Equal(t, where.True, got, c.clause)
	}
}

func TestAnArrayOfDomainsIsNoArrayOfTheTypeBelow(t *testing.T) {
	cols := []where.Column{{Name: "wholes", Type: "int4", Kind: where.Domain, Dims: 1, OfDomains: true}, {Name: "ints", Type: "int4", Dims: 1}}
	for _, text := range []string{"wholes && ints", "ints @> wholes", "wholes = ints"} {
		_, err := where.Compile(text, nil, cols)
		require.ErrorContains(t, err, "an array of domains must be cast to an array of the type below it", text)
	}
	// Postgres would make the others arrays of the domain, which checks them.
	for _, text := range []string{"coalesce(wholes, ints) = ints", "greatest(ints, wholes) = ints", "greatest(NULL::int4[], wholes) IS NULL", "CASE WHEN true THEN wholes ELSE '{1}' END IS NULL"} {
		_, err := where.Compile(text, nil, cols)
		require.ErrorContains(t, err, "an array of domains must be cast to an array of the type below it", text)
	}
	_, err := where.Compile("wholes::int4[] && ints AND wholes || ints = ints AND coalesce(wholes, NULL) IS NULL", nil, cols)
	require.NoError(t, err)
}

func TestASingleByteBecomesNoPaddedText(t *testing.T) {
	cols := []where.Column{{Name: "c", Type: "char"}, {Name: "cs", Type: "char", Dims: 1}}
	for _, text := range []string{"c::bpchar = 'a'", "c::char(3) = 'a'", "cs::bpchar[] = '{a}'"} {
		_, err := where.Compile(text, nil, cols)
		require.ErrorContains(t, err, "unknown cast from type", text)
	}
}

func TestABoolAsANameIsOneLetter(t *testing.T) {
	require.Equal(t, `"nm" = 't'::name`, compile(t, "nm = true::name", nil).SQL())
	c := compile(t, "b::name = 'f'", nil)
	got, err := eval(t, c, row{"b": "f"})
	require.NoError(t, err)
	require.Equal(t, where.True, got)
}
