package where_test

import (
	"errors"
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
			{Name: "narr", Type: "numeric", Dims: 1}, {Name: "Odd name", Type: "int4"},
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

func TestSubqueriesAreCanonical(t *testing.T) {
	for text, want := range map[string]string{
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
	} {
		require.Equal(t, want, subquery(t, text).SQL(), text)
	}
}
