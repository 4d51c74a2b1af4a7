package shapeapi

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/pg/inspect"
	"leyden/internal/shape"
)

// defined is the definition that a request makes a shape of.
func defined(b *bundle, pairs ...string) *shape.Definition {
	b.t.Helper()
	c := b.get(q(append([]string{"offset", "-1"}, pairs...)...))
	require.Equal(b.t, 200, c.Code, c.Body)
	h, err := shape.ParseHandle(c.Header().Get("Electric-Handle"))
	require.NoError(b.t, err)
	e, ok := b.engine.ByHandle(h)
	require.True(b.t, ok)
	return e.Def
}

// alter changes the tables other than items in the catalogue.
func (b *bundle) alter(from, to string) {
	items, err := b.engine.Table(b.t.Context(), "public", "items")
	require.NoError(b.t, err)
	fresh := inspect.New(nil)
	require.NoError(b.t, fresh.Restore([]byte(strings.Replace(tables, from, to, 1))))
	b.engine.set(func() {
		b.engine.tables = func(schema, name string) (*inspect.Table, error) {
			if name == items.Name {
				return items, nil
			}
			return find(fresh, schema, name)
		}
	})
}

func TestEachSubqueryIsADependency(t *testing.T) {
	b := setup(t)
	d := defined(b, "table", "items", "where",
		`(title, title) IN (SELECT b, a FROM "Pairs" WHERE n IN (SELECT id FROM items WHERE done) AND a = $1) AND (id IN (SELECT id FROM items) OR id IN (SELECT id FROM app.moods WHERE mood IS NULL)) AND title IN (SELECT y FROM log)`,
		"params[1]", "x", "columns", "id,title", "queryable_columns", "id,title,done", "replica", "full", "log", "changes_only")
	require.Equal(t, shape.LogChangesOnly, d.Log)
	require.False(t, d.NonPrimitive)
	inner := d.Inner()
	require.Len(t, inner, 4)

	pairs := inner[0]
	require.Equal(t, shape.Table{OID: 16385, Schema: "public", Name: "Pairs"}, pairs.Table)
	require.Equal(t, []string{"a", "b"}, pairs.Explicit, "sorted, whatever the order of the select list")
	require.Equal(t, []string{"a", "b"}, pairs.Selected)
	require.Equal(t, []string{"a", "b"}, pairs.Key)
	require.Equal(t, `"n" IN (SELECT "id" FROM "public"."items" WHERE "done") AND "a" = 'x'::text`, pairs.Where.SQL())
	require.Equal(t, shape.LogFull, pairs.Log, "an inner shape has its rows, whatever the outer one starts with")
	require.Equal(t, shape.ReplicaFull, pairs.Replica)
	require.False(t, pairs.SelectsAll)
	require.Len(t, pairs.Inner(), 1)
	require.Equal(t, `"done"`, pairs.Inner()[0].Where.SQL())
	require.Equal(t, []string{"id"}, pairs.Inner()[0].Selected)

	require.Equal(t, "items", inner[1].Table.Name)
	require.Nil(t, inner[1].Where)
	require.Nil(t, inner[1].Dependencies)
	require.Equal(t, "moods", inner[2].Table.Name)
	require.Equal(t, "app", inner[2].Table.Schema)
	require.True(t, inner[2].NonPrimitive)
	require.Equal(t, []string{"y"}, inner[3].Explicit)
	require.Equal(t, []string{"x", "y"}, inner[3].Selected, "with the key, which are all columns of a table without one")
	require.True(t, inner[3].NoPrimaryKey)
	for _, d := range inner {
		require.NotZero(t, d.TableVersion)
		require.Equal(t, shape.ReplicaFull, d.Replica)
	}
}

func TestADependencyIsTheShapeOfARequestForItsColumns(t *testing.T) {
	b := setup(t)
	inner := defined(b, "table", "items", "where", `title IN (SELECT a FROM "Pairs" WHERE n > 1)`).Inner()[0]
	plain := defined(b, "table", `"Pairs"`, "columns", "a,b", "where", "n > 1")
	require.NotEqual(t, plain.Identity(), inner.Identity(), "b is not asked for, it is the key's")
	plain = defined(b, "table", "items", "columns", "id", "where", "done")
	inner = defined(b, "table", "items", "where", `id IN (SELECT id FROM items WHERE done)`).Inner()[0]
	require.Equal(t, plain.Identity(), inner.Identity())
}

func TestEqualSubqueriesAreOneDependency(t *testing.T) {
	b := setup(t)
	d := defined(b, "table", "items", "where", `id IN (SELECT id FROM items WHERE done) AND (title = 'x' OR id IN (SELECT id AS other FROM public.items i WHERE (done)))`)
	require.Len(t, d.Inner(), 1)
}

func TestASubqueryThatDecidesNothingIsNoDependency(t *testing.T) {
	b := setup(t)
	d := defined(b, "table", "items", "where", `done OR false AND id IN (SELECT id FROM items)`, "experimental_compaction", "true")
	require.Nil(t, d.Dependencies)
}

func TestEveryInvalidSubquerySaysWhy(t *testing.T) {
	b := setup(t)
	polarity := `{"where":["a subquery dependency cannot be used with both positive and negative polarity in the same filter"]}`
	for clause, want := range map[string]string{
		`id IN (SELECT id FROM nope)`:                                                `{"table":["Table \"public\".\"nope\" does not exist. If the table name contains capitals or special characters you must quote it."]}`,
		`title IN (SELECT a FROM Pairs)`:                                             `{"table":["Table \"public\".\"pairs\" does not exist. If the table name contains capitals or special characters you must quote it."]}`,
		`id IN (SELECT id FROM items WHERE id IN (SELECT id FROM app.nope))`:         `{"table":["Table \"app\".\"nope\" does not exist. If the table name contains capitals or special characters you must quote it."]}`,
		`id IN (SELECT nope FROM items)`:                                             `{"columns":["The following columns are not found on the table: nope"]}`,
		`id IN (SELECT total FROM sums)`:                                             `{"columns":["The following columns are generated and cannot be included in the shape: total"]}`,
		`id IN (SELECT id FROM items WHERE nope)`:                                    `{"where":["At location 34: unknown reference nope"]}`,
		`id IN (SELECT title FROM items)`:                                            "{\"where\":[\"At location 3: left side of `IN (SELECT ...)` has type int4 but subquery returns text[]\"]}",
		`id + 1 IN (SELECT id FROM items)`:                                           "{\"where\":[\"At location 7: currently, left side of `IN (SELECT ...)` can only be a column reference or a list of column references\"]}",
		`id IN (SELECT id FROM items LIMIT 1)`:                                       `{"where":["At location 3: SELECT statement must not contain any clauses"]}`,
		`id IN (SELECT id FROM items WHERE id = $2)`:                                 `{"where":["At location 39: parameter $2 was not provided"]}`,
		`id IN (SELECT id FROM items) OR NOT (done OR id IN (SELECT id FROM items))`: polarity,
		`id IN (SELECT id FROM sums WHERE id IN (SELECT id FROM items) OR id NOT IN (SELECT id FROM items))`: polarity,
		`id IN (SELECT id FROM items) AND (` + strings.Repeat("done OR ", 100) + `done)`:                     `{"where":["WHERE clause too complex for DNF decomposition (101 disjuncts exceeds limit of 100)"]}`,
	} {
		c := b.get(q("offset", "-1", "table", "items", "where", clause, "params[1]", "1"))
		require.Equal(t, 400, c.Code, clause)
		require.JSONEq(t, `{"message":"Invalid request","errors":`+want+`}`, c.Body.String(), clause)
		require.Equal(t, "no-store", c.Header().Get("Cache-Control"))
	}
	c := b.get(q("offset", "-1", "table", "items", "where", `id IN (SELECT id FROM items)`, "experimental_compaction", "true"))
	require.Equal(t, 400, c.Code)
	require.JSONEq(t, `{"message":"Invalid request","errors":{"experimental_compaction":["can't be enabled for shapes with subqueries"]}}`, c.Body.String())
	require.Zero(t, b.engine.creations, "a 400 never creates a shape")
}

// The column lists of a request are about its own table.
func TestColumnListsAreNotThoseOfSubqueries(t *testing.T) {
	b := setup(t)
	d := defined(b, "table", "items", "columns", "id", "queryable_columns", "id", "where", `title IN (SELECT title FROM items WHERE done)`)
	require.Equal(t, []string{"id"}, d.Selected)
	require.Equal(t, []string{"id", "title"}, d.Inner()[0].Selected)
}

func TestATableOfASubqueryThatCannotBeLookedUpNow(t *testing.T) {
	b := setup(t)
	b.engine.set(func() { b.engine.away = "Pairs" })
	c := b.get(q("offset", "-1", "table", "items", "where", `title IN (SELECT a FROM "Pairs")`))
	require.Equal(t, 503, c.Code)
	require.Equal(t, "1", c.Header().Get("Retry-After"))
	require.JSONEq(t, `{"message":"Cannot connect to the database to verify the shape. Please try again later."}`, c.Body.String())
}

// A following client sends the same parameters with every poll: what they mean is remembered, but not for longer than the tables
// are what they were.
func TestADefinitionIsMadeAnewWhenATableOfASubqueryHasChanged(t *testing.T) {
	b := setup(t)
	request := []string{"table", "items", "where", `title IN (SELECT a FROM "Pairs" WHERE b IN (SELECT x FROM log))`}
	before := defined(b, request...)
	require.Same(t, before, defined(b, request...))
	entry := b.engine.authority.List()[0]
	b.alter(`{"Name":"y",`, `{"Name":"z",`)
	require.NoError(t, b.engine.Remove(t.Context(), entry))
	after := defined(b, request...)
	require.NotEqual(t, before.Inner()[0].Inner()[0].TableVersion, after.Inner()[0].Inner()[0].TableVersion, "a table of a nested subquery counts too")
	require.Equal(t, []string{"x", "z"}, after.Inner()[0].Inner()[0].Selected)

	b.alter(`{"Name":"a",`, `{"Name":"c",`)
	c := b.get(q(append([]string{"offset", "-1"}, request...)...))
	require.Equal(t, 400, c.Code)
	require.JSONEq(t, `{"message":"Invalid request","errors":{"columns":["The following columns are not found on the table: a"]}}`, c.Body.String())
}

// A shape that is still there has the dependencies that it was made with. The next one is not to be made with these.
func TestTheDependenciesOfAnOlderShapeAreNotRemembered(t *testing.T) {
	b := setup(t)
	request := []string{"table", "items", "where", `title IN (SELECT x FROM log)`}
	before := defined(b, request...)
	entry := b.engine.authority.List()[0]
	b.alter(`{"Name":"y",`, `{"Name":"z",`)
	require.Same(t, before, defined(b, request...), "the shape is the same as long as it is not removed")
	require.NoError(t, b.engine.Remove(t.Context(), entry))
	require.Equal(t, []string{"x", "z"}, defined(b, request...).Inner()[0].Selected)
}

// What clients read of a shape with subqueries is a log like any other's.
func TestResponsesOfAShapeWithSubqueriesAreLikeOthers(t *testing.T) {
	b := setup(t)
	plain := b.get(q("offset", "-1", "table", "items"))
	outer := b.get(q("offset", "-1", "table", "items", "where", `id IN (SELECT id FROM items)`))
	require.Equal(t, 200, outer.Code)
	require.Equal(t, plain.Body.String(), outer.Body.String())
	for _, h := range []*call{plain, outer} {
		h.Header().Del("Electric-Handle")
		h.Header().Del("Etag")
	}
	require.Equal(t, plain.Header(), outer.Header())
}
