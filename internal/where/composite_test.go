package where_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"leyden/internal/pg/pgserver"
	"leyden/internal/where"
)

// compositeColumns are arrays and documents. In "wanted" stands what Postgres says that an expression is.
func compositeColumns() []where.Column {
	base := func(name, typ string, dims int) where.Column {
		return where.Column{Name: name, Type: typ, Dims: dims, TypeMod: -1}
	}
	mood := base("moods", "mood", 1)
	mood.Kind, mood.Labels = where.Enum, "sad\x00ok\x00happy"
	return []where.Column{
		base("j", "jsonb", 0), base("k", "jsonb", 0), base("js", "json", 0), base("ints", "int4", 1), base("tags", "text", 1), base("nums", "numeric", 1),
		base("floats", "float8", 1), base("bools", "bool", 1), base("moments", "timestamptz", 1), base("padded", "bpchar", 1), base("docs", "jsonb", 1),
		base("spans", "interval", 1), mood, base("i", "int4", 0), base("t", "text", 0), base("wanted", "text", 0),
	}
}

const compositeTable = `
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
	CREATE TABLE composites (n serial, j jsonb, k jsonb, js json, ints int4[], tags text[], nums numeric[], floats float8[], bools bool[],
		moments timestamptz[], padded char(4)[], docs jsonb[], spans interval[], moods mood[], i int4, t text);
	INSERT INTO composites (j, k, js, ints, tags, nums, floats, bools, moments, padded, docs, spans, moods, i, t) VALUES
	('{"a": 1, "b": {"c": [1, 2.50, "x"]}, "d": null}', '{"a": 1.0}', '{"a" : 1, "b":{"c":[1, 2 ,"\u0078"]}, "a": "last"}', '{1,2,3}', '{a,b,NULL}', '{1.0,2.50}',
		'{0,-0,NaN}', '{t,f}', '{2024-01-31 10:00:00+00,infinity}', '{ab,"c "}', '{"{}","1.0",null}', '{1 mon,30 days}', '{ok,happy}', 1, 'a'),
	('[1, "a", null, {"a": true}]', '"a"', ' [ 1, [2, 3] , "a" ] ', '[0:1]={5,NULL}', '{}', '{{1,2},{3,4}}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 0, 'b'),
	('"a"', '[]', '"\ud83d\ude04"', '{{1,2},{3,4}}', '{{a,b},{"",NULL}}', '{NaN,1}', '{1e300}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', -1, ''),
	('12.50', '{}', 'null', '{}', '{"a b","\"","\\"}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, 'a b'),
	('true', 'null', '{"a":"\u0000"}', '{2147483647}', '{a}', '{100000000000000000000.1}', '{1.5}', '{t}', '{2000-01-01 00:00:00+00}', '{a}', '{"\"a\""}', '{24:00:00}', '{sad}', 2147483647, 'é'),
	('{}', '[[1, 2], [3]]', '{}', '{3,2,1,3}', '{b,a}', '{2.5,1}', '{2}', '{f,t}', '{2024-01-31 11:00:00+01}', '{ab}', '{1,[1]}', '{1 day}', '{happy,ok}', 3, 'A'),
	('{"a": "1", "é": [], "b": {"c": {}}}', '{"a": "1"}', '[]', '{1}', '{A,é}', '{1}', '{1}', '{t,t}', '{1999-12-31 23:59:59.999999+00}', '{}', '{}', '{-1 days}', '{ok}', 1, 'x'),
	(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`

func compositeExpressions() []string {
	return []string{
		"j", "j::text", "js", "j::json", "js::jsonb", "t::jsonb", "t::json", "j::int4", "j::numeric", "j::bool", "j::float8", "j::int2", "(j->'a')::int8", "(j->'a')::float4",
		"j -> 'a'", "j -> 'b' -> 'c' -> 1", "j ->> 'a'", "j -> i", "j ->> i", "j -> -1", "j -> t", "j #> '{b,c}'", "j #>> '{b,c,-1}'", "j #> tags", "j #>> '{}'", "j #> '{b,NULL}'",
		"js -> 'a'", "js ->> 'a'", "js -> 1", "js ->> -1", "js #> '{b,c,2}'", "js #>> '{b,c,2}'", "js #>> '{}'", "js #> '{1,-1}'", "json_typeof(js)", "json_array_length(js)",
		"jsonb_typeof(j)", "jsonb_array_length(j)", "jsonb_extract_path(j, 'b', 'c', '0')", "jsonb_extract_path_text(j, 'b', 'c')", "json_extract_path_text(js, 'b', t)",
		"j @> k", "j <@ k", "k @> '1'", "j @> '{\"a\": 1}'", "j ? 'a'", "j ? t", "j ?| '{a,x}'", "j ?& '{a,b}'", "j ?| tags", "j ?& tags", "j ?& '{}'", "j ?| ARRAY[t, 'b']",
		"j = k", "j <> k", "j = '{}'", "j < '1'", "j > 'null'", "j <= 'true'", "k >= '[]'", "'12.5' = j", "j IN ('12.5', '\"a\"')", "j IS DISTINCT FROM k", "docs[1] = '{}'",
		"j || k", "j || '[]'", "j - 'a'", "j - t", "j - i", "j - tags", "j - ARRAY['a','b']", "j #- '{b,c}'", "j #- '{b,c,0}'", "j #- tags", "jsonb_strip_nulls(j)", "j || NULL", "NULL || j",
		"j->>'a' = '1'", "j->'a' = '1'", "(j->>'a')::int > 0", "j['a']", "j['b']['c'][2]", "j[t]", "j['b'][i]", "j[split_part(t, ' ', i)]", "j[substring(t, 1, i)][2 / i]", "coalesce(j->>'a', 'none')", "lower(j->>'a')", "length(j #>> '{b,c}')",
		"ints", "tags", "nums", "floats", "bools", "moments", "padded", "docs", "spans", "moods", "ints::text", "bools::text[]", "ints::numeric[]", "nums::int4[]", "tags::int4[]", "ints::text[]",
		"moments::date[]", "docs::text[]", "t::int4[]", "tags::varchar[]", "floats::int4[]", "moods::text[]", "bools::int4[]", "ints = '{1,2,3}'", "ints <> '{1}'", "ints < '{1,2,4}'", "tags < '{b}'",
		"tags >= ARRAY['a',t]", "nums = '{1,2.5}'", "nums <= '{NaN,2}'", "floats = '{0,0,NaN}'", "moments = '{2024-01-31 10:00:00+00,infinity}'", "padded = '{ab,c}'", "spans = '{30 days,1 mon}'",
		"moods = '{ok,happy}'", "docs = '{\"{}\",1,null}'", "ints @> '{1,2}'", "ints @> ARRAY[i]", "ints <@ '{1,2,3,4}'", "tags @> '{a}'", "tags && ARRAY['x','b']", "tags @> ARRAY[t]",
		"'{}' <@ tags", "nums @> '{1}'", "floats && '{0}'", "padded @> '{\"c\"}'", "moods @> '{ok}'", "docs && '{1}'", "spans && '{1 mon}'", "tags @> ARRAY[NULL]::text[]",
		"ints || 4", "0 || ints", "ints || ints", "tags || '{x}'", "tags || t", "t || tags", "tags || NULL", "ints || NULL::int4", "ints || nums", "ints || 1.5", "bools || true",
		"array_append(ints, i)", "array_prepend(t, tags)", "array_cat(nums, ints)", "array_append(NULL, i)", "array_cat(ints, NULL)", "array_append(nums, i)", "array_append(moods, 'sad')",
		"array_ndims(ints)", "array_dims(nums)", "array_length(ints, 1)", "array_length(tags, 2)", "array_lower(ints, 1)", "array_upper(ints, i)", "cardinality(tags)", "cardinality('{}'::int[])",
		"array_position(tags, 'b')", "array_position(tags, NULL)", "array_position(ints, i)", "array_position(ints, 3, 2)", "array_position(ints, 3, NULL)", "array_position(nums, 1)", "array_position(moods, 'ok')",
		"array_positions(ints, 3)", "array_remove(ints, 3)", "array_remove(tags, NULL)", "array_replace(ints, 3, NULL)", "array_replace(tags, 'a', t)", "array_remove(docs, '1')", "array_remove(ints, 1.0)",
		"array_to_string(tags, ',')", "array_to_string(ints, '-', '*')", "array_to_string(bools, ' ')", "string_to_array(t, ' ')", "string_to_array(t, NULL)", "string_to_array(t, '', 'a')", "trim_array(ints, 1)",
		"ints[1]", "ints[i]", "nums[1][2]", "ints[2:]", "ints[:2]", "ints[i:2]", "nums[1:1][2]", "tags[:]", "ints[NULL]", "docs[2]", "moods[1]", "ints[1.5]",
		"i = ANY (ints)", "i <> ALL (ints)", "t = ANY (tags)", "i < ANY ('{1,2}')", "t LIKE ANY (tags)", "i = ANY (nums)", "'ok' = ANY (moods)", "j = ANY (docs)", "j @> ANY (docs)", "i IN (1, 2, NULL)",
		"ARRAY[i, 2]", "ARRAY[timezone('PT2562047788H54.7758S'::interval, timetz '02:30+00:01')]", "ARRAY[t, NULL]", "ARRAY[ints, ints]", "ARRAY[[1,2],[3,i]]", "ARRAY[j, k]", "ARRAY[1, 2.5]", "ARRAY[]::int[]", "ints = ARRAY[1,2,3]", "ints IN ('{1}', '{1,2,3}')",
		"GREATEST(ints, '{2}')", "LEAST(tags, '{aa}')", "NULLIF(ints, '{1}')", "CASE WHEN tags @> '{a}' THEN j END", "coalesce(ints, '{}')", "ints IS NULL", "j IS NOT NULL", "ints IS DISTINCT FROM '{1}'",
	}
}

// TestArraysAndDocumentsAreWhatPostgresSays compares every expression over every row, as it is written and as it is printed.
func TestArraysAndDocumentsAreWhatPostgresSays(t *testing.T) {
	ctx := context.Background()
	server := pgserver.Shared(t)
	conn, err := pgx.Connect(ctx, server.NewDatabase(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(ctx)) })
	_, err = conn.Exec(ctx, `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, DMY'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1;`+compositeTable)
	require.NoError(t, err)
	_, err = conn.Exec(ctx, `CREATE FUNCTION answers(q text) RETURNS SETOF text LANGUAGE plpgsql AS $$
		DECLARE i int; r text;
		BEGIN
			FOR i IN SELECT n FROM composites ORDER BY n LOOP
				BEGIN
					EXECUTE 'SELECT (' || q || ')::text FROM composites WHERE n = ' || i INTO r;
					RETURN NEXT r;
				EXCEPTION WHEN data_exception OR feature_not_supported OR array_subscript_error OR program_limit_exceeded THEN
					RETURN NEXT 'ERROR ' || SQLERRM;
				END;
			END LOOP;
		END $$`)
	require.NoError(t, err)
	answers := func(q string) []*string {
		t.Helper()
		rows, err := conn.Query(ctx, "SELECT * FROM answers($1)", q)
		require.NoError(t, err, q)
		all, err := pgx.CollectRows(rows, pgx.RowTo[*string])
		require.NoError(t, err, q)
		return all
	}

	var names []string
	for _, c := range compositeColumns() {
		names = append(names, c.Name)
	}
	var table [][][]byte
	rows, err := conn.Query(ctx, "SELECT "+strings.Join(names[:len(names)-1], ", ")+" FROM composites ORDER BY n", pgx.QueryResultFormats{0})
	require.NoError(t, err)
	for rows.Next() {
		var tuple [][]byte
		for _, b := range rows.RawValues() {
			tuple = append(tuple, append([]byte{}, b...))
			if b == nil {
				tuple[len(tuple)-1] = nil
			}
		}
		table = append(table, append(tuple, nil))
	}
	require.NoError(t, rows.Err())

	var s where.Scratch
	for _, e := range compositeExpressions() {
		clause, err := where.Compile("("+e+")::text IS NOT DISTINCT FROM wanted", nil, compositeColumns())
		if !assertNo(t, err, e) {
			continue
		}
		stored, err := clause.MarshalBinary()
		require.NoError(t, err)
		clause, err = where.Unmarshal(stored)
		require.NoError(t, err, e)
		program, err := clause.Bind(names)
		require.NoError(t, err)
		printed, _, ok := strings.Cut(clause.SQL(), ` IS NOT DISTINCT FROM "wanted"`)
		require.True(t, ok, clause.SQL())
		written, canonical := answers(e), answers(printed)
		for i, tuple := range table {
			want := written[i]
			failed := want != nil && strings.HasPrefix(*want, "ERROR")
			require.Equal(t, failed, canonical[i] != nil && strings.HasPrefix(*canonical[i], "ERROR"), "%s printed %s", e, printed)
			if !failed {
				require.Equal(t, want, canonical[i], "%s printed %s", e, printed)
			}
			tuple[len(tuple)-1] = nil
			if want != nil {
				tuple[len(tuple)-1] = []byte(*want)
			}
			truth, err := program.Eval(tuple, &s)
			if failed {
				if err == nil {
					t.Errorf("%s over row %d is no error but %v; Postgres: %s", e, i+1, truth, *want)
				}
			} else if err != nil || truth != where.True {
				t.Errorf("%s over row %d is not %s: %v", e, i+1, shown(want), err)
			}
		}
	}
}

func assertNo(t *testing.T, err error, what string) bool {
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return err == nil
}

func shown(text *string) string {
	if text == nil {
		return "NULL"
	}
	return fmt.Sprintf("%q", *text)
}

func TestArraysAndDocumentsThatHaveNoAnswerAreRejected(t *testing.T) {
	for text, reason := range map[string]string{
		"j < k":                      "depends on the collation",
		"j < '\"a\"'":                "depends on the collation",
		"docs < '{1}'":               "depends on the collation",
		"js = js":                    "Could not select an operator overload",
		"ARRAY[js] = ARRAY[js]":      "equality operator for type json",
		"ARRAY[js] @> ARRAY[js]":     "equality operator for type json",
		"ints @> tags":               "Could not select an operator overload",
		"ints || 'x' = ints":         "invalid syntax for type int4[]",
		"tags || 'x' = tags":         "invalid syntax for type text[]",
		"ints = '{1'":                "invalid syntax for type int4[]",
		"moods = '{nosuch}'":         "invalid input value for enum mood",
		"j = '{'":                    "invalid syntax for type jsonb",
		"'{}'::jsonb = '[1'::jsonb":  "invalid syntax for type jsonb",
		"j @> '{\"a\"'":              "invalid syntax for type jsonb",
		"array_position(docs) = 1":   "unknown or unsupported function",
		"jsonb_array_length('{}')>0": "Failed to apply function to constant arguments",
	} {
		_, err := where.Compile(text, nil, compositeColumns())
		require.ErrorContains(t, err, reason, text)
	}
}

func TestTheSubscriptsOfANullDocumentAreNotEvaluated(t *testing.T) {
	clause, err := where.Compile("j[split_part(t, 'x', i)] IS NULL", nil, compositeColumns())
	require.NoError(t, err)
	program, err := clause.Bind([]string{"j", "t", "i"})
	require.NoError(t, err)
	truth, err := program.Eval([][]byte{nil, []byte("a"), []byte("0")}, &where.Scratch{})
	require.NoError(t, err)
	require.Equal(t, where.True, truth)
	_, err = program.Eval([][]byte{[]byte("{}"), []byte("a"), []byte("0")}, &where.Scratch{})
	require.Error(t, err)
}

// BenchmarkComposite asks of arrays and documents as the stream has them.
func BenchmarkComposite(b *testing.B) {
	texts := map[string]string{
		"j":    `{"id": 4711, "kind": "order", "tags": ["new", "vip"], "paid": true, "customer": {"id": 42, "name": "Jane Doe"}}`,
		"js":   `{"id":4711,"kind":"order","paid":true}`,
		"tags": "{alpha,beta,gamma,delta}", "ints": "{1,2,3,4,5,6,7,8}", "t": "gamma", "i": "7",
	}
	var names []string
	var row [][]byte
	for _, c := range compositeColumns() {
		names = append(names, c.Name)
		row = append(row, nil)
		if text, ok := texts[c.Name]; ok {
			row[len(row)-1] = []byte(text)
		}
	}
	for _, text := range []string{
		"j->>'kind' = 'order'", "(j->>'id')::int > 5", "(j->'id')::int > 5", "j @> '{\"customer\": {\"id\": 42}}'", "j ? 'paid'", "j #>> '{customer,name}' = 'x'", "js->>'kind' = 'order'",
		"tags @> '{gamma}'", "t = ANY (tags)", "ints && '{8,9}'", "cardinality(ints) > 3", "ints[2] = 2", "array_position(tags, 'delta') = 4", "ints || 9 = '{}'",
	} {
		b.Run(text, func(b *testing.B) {
			c, err := where.Compile(text, nil, compositeColumns())
			require.NoError(b, err)
			p, err := c.Bind(names)
			require.NoError(b, err)
			var s where.Scratch
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(row, &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
