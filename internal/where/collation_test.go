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

func TestWhatIsAlwaysNullKeepsItsCollation(t *testing.T) {
	clause, err := where.Compile("lower(coalesce(c || NULL, d)) = 'x'", nil, lettered())
	require.NoError(t, err)
	require.Equal(t, `pg_catalog."lower"("d" COLLATE "C") = 'x'::text`, clause.SQL())
	_, err = where.Compile("coalesce(g || NULL, d) = c", nil, lettered())
	require.ErrorContains(t, err, "could not determine which collation to use")
}
