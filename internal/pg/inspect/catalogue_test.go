package inspect

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/shape"
	"leyden/internal/where"
)

func TestColumnsOfAllSorts(t *testing.T) {
	pool := database(t, `
		CREATE TYPE mood AS ENUM ('sad', 'happy');
		CREATE DOMAIN short AS varchar(5) NOT NULL;
		CREATE DOMAIN shorter AS short CHECK (length(VALUE) < 3);
		CREATE DOMAIN numbers AS int8[];
		CREATE TYPE pair AS (a int, b int);
		CREATE TABLE t (
			b int4 NOT NULL, gone text, "A b" text NOT NULL, price numeric(10,2), tags text[], grid int4[][], m mood, ms mood[],
			s short, s2 shorter, ss short[], ns numbers, p pair, r int4range, pt point, nm name, total int4 GENERATED ALWAYS AS (b * 2) STORED,
			PRIMARY KEY ("A b", b) INCLUDE (price)
		);
		ALTER TABLE t DROP COLUMN gone`)
	got := table(t, New(pool), "public", "t")
	require.Equal(t, Ordinary, got.Kind)
	type column struct {
		typeName string
		dims     int
		kind     byte
		base     BaseType
		notNull  bool
		pk       int
	}
	want := map[string]column{
		"b":     {"int4", 0, 'b', BaseType{"int4", 0, -1, 'b', "pg_catalog", ""}, true, 1},
		"A b":   {"text", 0, 'b', BaseType{"text", 0, -1, 'b', "pg_catalog", ""}, true, 0},
		"price": {"numeric", 0, 'b', BaseType{"numeric", 0, 10<<16 + 2 + 4, 'b', "pg_catalog", ""}, false, -1},
		"tags":  {"text", 1, 'b', BaseType{"text", 1, -1, 'b', "pg_catalog", ""}, false, -1},
		"grid":  {"int4", 2, 'b', BaseType{"int4", 2, -1, 'b', "pg_catalog", ""}, false, -1},
		"m":     {"mood", 0, 'e', BaseType{"mood", 0, -1, 'e', "public", "sad\x00happy"}, false, -1},
		"ms":    {"mood", 1, 'e', BaseType{"mood", 1, -1, 'e', "public", "sad\x00happy"}, false, -1},
		"s":     {"short", 0, 'd', BaseType{"varchar", 0, 9, 'b', "pg_catalog", ""}, false, -1},
		"s2":    {"shorter", 0, 'd', BaseType{"varchar", 0, 9, 'b', "pg_catalog", ""}, false, -1},
		"ss":    {"short", 1, 'd', BaseType{"varchar", 1, -1, 'b', "pg_catalog", ""}, false, -1},
		"ns":    {"numbers", 0, 'd', BaseType{"int8", 1, -1, 'b', "pg_catalog", ""}, false, -1},
		"p":     {"pair", 0, 'c', BaseType{"pair", 0, -1, 'c', "public", ""}, false, -1},
		"r":     {"int4range", 0, 'r', BaseType{"int4range", 0, -1, 'r', "pg_catalog", ""}, false, -1},
		"pt":    {"point", 0, 'b', BaseType{"point", 0, -1, 'b', "pg_catalog", ""}, false, -1},
		"nm":    {"name", 0, 'b', BaseType{"name", 0, -1, 'b', "pg_catalog", ""}, false, -1},
		"total": {"int4", 0, 'b', BaseType{"int4", 0, -1, 'b', "pg_catalog", ""}, false, -1},
	}
	require.Len(t, got.Columns, len(want))
	for _, c := range got.Columns {
		require.Equal(t, want[c.Name], column{c.TypeName, c.Dims, c.Kind, c.Base, c.NotNull, c.PKIndex}, c.Name)
		require.Equal(t, c.Name == "total", c.Generated, c.Name)
	}
	require.Equal(t, "b", got.Columns[0].Name, "attribute order")
	require.Equal(t, "numeric(10,2)", got.Column("price").Formatted)
	require.Nil(t, got.Column("gone"))
	key, hasPK := got.Key()
	require.True(t, hasPK)
	require.True(t, got.HasPrimaryKey())
	require.Equal(t, []string{"A b", "b"}, key, "the order of the index, not of the table")

	kinds := map[string]where.Kind{}
	for _, c := range got.WhereColumns() {
		kinds[c.Name] = c.Kind
	}
	require.Equal(t, map[string]where.Kind{
		"b": where.Base, "A b": where.Base, "price": where.Base, "tags": where.Base, "grid": where.Base, "m": where.Enum, "ms": where.Enum,
		"s": where.Domain, "s2": where.Domain, "ss": where.Domain, "ns": where.Domain, "p": where.Composite, "r": where.Range,
		"pt": where.Base, "nm": where.Base, "total": where.Base,
	}, kinds)
	require.Contains(t, got.WhereColumns(), where.Column{Name: "ms", Type: "mood", Dims: 1, Kind: where.Enum, Below: where.Enum, TypeSchema: "public", Labels: "sad\x00happy", TypeMod: -1})
	require.Contains(t, got.WhereColumns(), where.Column{Name: "s2", Type: "varchar", Kind: where.Domain, TypeSchema: "pg_catalog", TypeMod: 9})
	require.Contains(t, got.WhereColumns(), where.Column{Name: "ns", Type: "int8", Dims: 1, Kind: where.Domain, TypeSchema: "pg_catalog", TypeMod: -1})
}

func TestTableWithoutPrimaryKeyHasAllColumnsAsKey(t *testing.T) {
	got := table(t, New(database(t, `CREATE TABLE log (z int, a int, UNIQUE (a))`)), "public", "log")
	key, hasPK := got.Key()
	require.False(t, hasPK)
	require.False(t, got.HasPrimaryKey())
	require.Equal(t, []string{"z", "a"}, key)
}

func TestWhatIsNotATableIsNotFound(t *testing.T) {
	i := New(database(t, `
		CREATE TABLE t (id int PRIMARY KEY);
		CREATE VIEW v AS SELECT * FROM t;
		CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
		CREATE SEQUENCE s;
		CREATE TABLE empty ();
		CREATE TYPE composite AS (a int);
		CREATE FOREIGN DATA WRAPPER w;
		CREATE SERVER srv FOREIGN DATA WRAPPER w;
		CREATE FOREIGN TABLE ft (id int) SERVER srv`))
	for _, name := range []string{"v", "mv", "s", "empty", "composite", "ft", "t_pkey", "missing", "T"} {
		_, err := i.Table(t.Context(), "public", name)
		require.ErrorIs(t, err, ErrNotFound, name)
	}
	_, err := i.Table(t.Context(), "other", "t")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = i.ByOID(t.Context(), 1)
	require.ErrorIs(t, err, ErrNotFound)
}

func TestNamesAreTakenAsTheyAre(t *testing.T) {
	i := New(database(t, `
		CREATE SCHEMA "My ""schema"""; CREATE TABLE "My ""schema"""."a.b'c" ("ключ" int PRIMARY KEY, """" text);
		CREATE TABLE t (id int)`))
	got := table(t, i, `My "schema"`, "a.b'c")
	require.Equal(t, []string{"ключ", `"`}, []string{got.Columns[0].Name, got.Columns[1].Name})
	require.Equal(t, `{"ключ":{"type":"int4","pk_index":0,"not_null":true},"\"":{"type":"text"}}`, string(got.Schema([]string{"ключ", `"`})))
}

func TestPartitionsKnowTheirRootsAndRootsTheirLeaves(t *testing.T) {
	i := New(database(t, `
		CREATE SCHEMA parts;
		CREATE TABLE root (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
		CREATE TABLE parts.eu PARTITION OF root FOR VALUES IN ('eu') PARTITION BY RANGE (id);
		CREATE TABLE us PARTITION OF root FOR VALUES IN ('us');
		CREATE TABLE eu_low PARTITION OF parts.eu FOR VALUES FROM (0) TO (10);
		CREATE TABLE eu_high PARTITION OF parts.eu FOR VALUES FROM (10) TO (20);
		CREATE TABLE plain (id int); CREATE TABLE inheritor () INHERITS (plain)`))
	root, eu, us, low := table(t, i, "public", "root"), table(t, i, "parts", "eu"), table(t, i, "public", "us"), table(t, i, "public", "eu_low")
	high := table(t, i, "public", "eu_high")

	require.Equal(t, Partitioned, root.Kind)
	require.Equal(t, Partitioned, eu.Kind)
	require.Equal(t, Ordinary, low.Kind)
	require.Equal(t, []shape.Table{eu.Table, us.Table}, root.Children())
	require.Equal(t, []Partition{
		{eu.Table, root.OID, Partitioned}, {us.Table, root.OID, Ordinary},
		{low.Table, eu.OID, Ordinary}, {high.Table, eu.OID, Ordinary},
	}, root.Descendants)
	require.Equal(t, []shape.Table{us.Table, low.Table, high.Table}, root.Leaves())
	require.Equal(t, []shape.Table{low.Table}, low.Leaves())
	require.Equal(t, []shape.Table{eu.Table, root.Table}, low.Ancestors, "the parent first")
	parent, ok := low.Parent()
	require.True(t, ok)
	require.Equal(t, eu.Table, parent)
	_, ok = root.Parent()
	require.False(t, ok)
	require.Equal(t, "region", root.Columns[1].Name)
	require.Equal(t, 1, root.Columns[1].PKIndex)

	inheritor := table(t, i, "public", "inheritor")
	require.Empty(t, inheritor.Ancestors, "inheritance is not partitioning")
	require.Empty(t, table(t, i, "public", "plain").Descendants)
}

func TestSchemaOfEveryType(t *testing.T) {
	got := table(t, New(database(t, `
		CREATE TYPE mood AS ENUM ('sad');
		CREATE DOMAIN d AS varchar(3);
		CREATE TABLE t (
			id int4, i2 int2, i8 int8 NOT NULL, f4 float4, f8 float8, n numeric, n1 numeric(7), n2 numeric(10,3), n3 numeric(5,-2), ns numeric(4,1)[],
			b bool, tx text, v varchar, vn varchar(80), vs varchar(7)[], c char, cn char(9), bp bpchar, u uuid, by bytea, j json, jb jsonb,
			da date, ti time, ti3 time(3), tiz timetz(2), ts timestamp, ts0 timestamp(0), ts6 timestamp(6), tsz timestamptz, tsz4 timestamptz(4),
			iv interval, iv3 interval(3), ivy interval year, ivym interval year to month, ivds interval day to second, ivds2 interval day to second(2), ivs interval second(1), ivm interval month,
			mo money, inet inet, bi bit, bin bit(5), vb varbit, vbn varbit(6), x xml, pt point, e mood, es mood[], dd d, g int4[][], PRIMARY KEY (i2, id)
		)`)), "public", "t")
	var names []string
	for _, c := range got.Columns {
		names = append(names, c.Name)
	}
	want := map[string]string{
		"id": `{"type":"int4","pk_index":1,"not_null":true}`, "i2": `{"type":"int2","pk_index":0,"not_null":true}`, "i8": `{"type":"int8","not_null":true}`,
		"f4": `{"type":"float4"}`, "f8": `{"type":"float8"}`, "n": `{"type":"numeric"}`, "n1": `{"type":"numeric","precision":7,"scale":0}`,
		"n2": `{"type":"numeric","precision":10,"scale":3}`, "n3": `{"type":"numeric","precision":5,"scale":-2}`,
		"ns": `{"type":"numeric","dims":1,"precision":4,"scale":1}`,
		"b":  `{"type":"bool"}`, "tx": `{"type":"text"}`, "v": `{"type":"varchar"}`, "vn": `{"type":"varchar","max_length":80}`,
		"vs": `{"type":"varchar","dims":1,"max_length":7}`, "c": `{"type":"bpchar","length":1}`, "cn": `{"type":"bpchar","length":9}`, "bp": `{"type":"bpchar"}`,
		"u": `{"type":"uuid"}`, "by": `{"type":"bytea"}`, "j": `{"type":"json"}`, "jb": `{"type":"jsonb"}`, "da": `{"type":"date"}`,
		"ti": `{"type":"time"}`, "ti3": `{"type":"time","precision":3}`, "tiz": `{"type":"timetz","precision":2}`,
		"ts": `{"type":"timestamp"}`, "ts0": `{"type":"timestamp","type_mod":0}`, "ts6": `{"type":"timestamp","precision":6}`,
		"tsz": `{"type":"timestamptz"}`, "tsz4": `{"type":"timestamptz","precision":4}`,
		"iv": `{"type":"interval"}`, "iv3": `{"type":"interval","precision":3}`, "ivy": `{"type":"interval","fields":"YEAR"}`,
		"ivym": `{"type":"interval","fields":"YEAR TO MONTH"}`, "ivds": `{"type":"interval","fields":"DAY TO SECOND"}`,
		"ivds2": `{"type":"interval","precision":2,"fields":"DAY TO SECOND"}`, "ivs": `{"type":"interval","precision":1,"fields":"SECOND"}`,
		"ivm": `{"type":"interval","fields":"MONTH"}`,
		"mo":  `{"type":"money"}`, "inet": `{"type":"inet"}`, "bi": `{"type":"bit","length":1}`, "bin": `{"type":"bit","length":5}`,
		"vb": `{"type":"varbit","length":-1}`, "vbn": `{"type":"varbit","length":6}`, "x": `{"type":"xml"}`, "pt": `{"type":"point"}`,
		"e": `{"type":"mood"}`, "es": `{"type":"mood","dims":1}`, "dd": `{"type":"d"}`, "g": `{"type":"int4","dims":2}`,
	}
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(got.Schema(names), &all))
	require.Len(t, all, len(want))
	for name, info := range all {
		require.JSONEq(t, want[name], string(info), name)
	}
	require.Equal(t, `{"id":{"type":"int4","pk_index":1,"not_null":true},"i2":{"type":"int2","pk_index":0,"not_null":true}}`,
		string(got.Schema([]string{"id", "i2", "absent"})))
	require.Equal(t, `{}`, string(got.Schema(nil)))
}

func TestArraysOfTablesMadeFromQueriesAreArrays(t *testing.T) {
	got := table(t, New(database(t, `CREATE TABLE t AS SELECT ARRAY[1,2] AS a`)), "public", "t")
	require.Equal(t, `{"a":{"type":"int4","dims":1}}`, string(got.Schema([]string{"a"})))
}

func TestSchemaIsMadeOncePerSelectionAndBounded(t *testing.T) {
	got := table(t, New(database(t, `CREATE TABLE t (a int, b int, "a 1 b" int)`)), "public", "t")
	first := got.Schema([]string{"a", "b"})
	require.Same(t, &first[0], &got.Schema([]string{"a", "b"})[0])
	require.NotEqual(t, string(first), string(got.Schema([]string{"a 1 b"})))
	for i := range 10 * maxSchemas {
		got.Schema([]string{"a", string(rune('a' + i))})
	}
	require.LessOrEqual(t, len(got.schemas.made), maxSchemas)
	allocs := testing.AllocsPerRun(100, func() { got.Schema([]string{"a", "b"}) })
	require.LessOrEqual(t, allocs, 3.0)
}

// A lock that somebody holds on a table must not hold up those who ask what it looks like.
func TestInspectionTakesNoLocks(t *testing.T) {
	pool := database(t, `CREATE TABLE root (id int) PARTITION BY LIST (id); CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1)`)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(t.Context())
	_, err = tx.Exec(t.Context(), "LOCK TABLE root, leaf IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	require.Len(t, table(t, New(pool), "public", "root").Descendants, 1)
}

func TestCollationsThatTakeDifferentTextsForEqualAreKnown(t *testing.T) {
	got := table(t, New(database(t, `
		CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
		CREATE DOMAIN dom AS text COLLATE loose;
		CREATE TABLE t (a text COLLATE loose, b text, c text COLLATE "C", d dom, e text[] COLLATE loose)`)), "public", "t")
	var loose []string
	for _, c := range got.WhereColumns() {
		if c.Nondeterministic {
			loose = append(loose, c.Name)
		}
	}
	require.Equal(t, []string{"a", "d", "e"}, loose)
}
