package where_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A constant array of another integer type is a list of the left side's, which is its own canonical text.
func TestConstantArraysOfOtherTypesAreListsThatReadBack(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"i4 <> ALL (CAST('{0,4,NULL}' AS int2[]))", `"i4" NOT IN (0, 4, NULL)`},
		{"i8 = ANY ('{1,2}'::int4[])", `"i8" IN ('1'::int8, '2'::int8)`},
		{"i2 = ANY ('{1,40000}'::int4[])", `"i2" = ANY ('{1,40000}'::int4[])`},
		{"f4 = ANY ('{1,2}'::float8[])", `"f4" = ANY ('{1,2}'::float8[])`},
		{"i4 = ANY ('{7}'::int8[])", `"i4" = 7`},
	} {
		clause := compile(t, c.text, nil)
		require.Equal(t, c.want, clause.SQL(), c.text)
		again := compile(t, clause.SQL(), nil)
		require.Equal(t, clause.SQL(), again.SQL())
		require.Equal(t, clause.Encoding(), again.Encoding())
	}
}
