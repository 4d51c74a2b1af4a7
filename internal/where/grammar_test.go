package where_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where"
)

// grammar has a clause for every kind of node, over the columns of the tests.
func grammar() []string {
	return []string{
		"CASE WHEN i4 > 1 THEN e WHEN b THEN 'sad' ELSE NULL END < 'happy'",
		"CASE t WHEN v THEN 1 WHEN 'x' THEN i8 END > 0",
		"coalesce(t, v, nm, 'x') = nullif(lower(t), upper('e'))",
		"greatest(t, 'a') >= least(v, lower(t), 'é') AND greatest(n, i4, 1.5) > 2",
		"(i4, t) < (1, 'x') OR (i4, t, b) IN ((1, 'a', true), (i2, v, NULL)) OR (i4 + 1, n / i2) >= (2, 3)",
		"(i4, t) IS DISTINCT FROM (1, NULL) AND ROW(i4, t) IS NOT NULL",
		"i4 = ANY (arr) AND i4 <> ALL ('{1,2,NULL}') AND t LIKE ANY (ARRAY['a%', v]) AND nm NOT ILIKE ALL (ARRAY['x', t])",
		"arr[1] = 2 AND arr[2:] = ARRAY[i4, NULL] AND (ARRAY[[1, i4], [2, 3]])[:1][2] IS NULL",
		"arr @> ARRAY[1] AND arr || 5 && '{5,6}' AND cardinality(array_append(arr, i4)) > array_length(arr, 1)",
		"j -> 'a' ->> 0 = 'x' AND j['b']['c'] @> '{\"d\": [1]}' AND j ? 'a' AND j #>> '{a,b}' IS NULL",
		"ts + interval '1 month 2 days' > d AND ts - ts < '1 day' AND tz AT TIME ZONE 'Europe/Berlin' = ts",
		"date_trunc('month', tz) = '2024-01-01' AND extract(year FROM d) = 2024 AND d - 7 < d",
		"i4 / 2 * i8 % 3 - -i2 = abs(f8)::int4 AND round(n, 2) > n ^ 2 AND |/ f8 > 1 AND i4 & 3 | 1 = ~ i2",
		"t || i4 = substring(t from 2 for 3) AND length(trim(both from t)) = position('x' in t) AND t LIKE 'a!%' ESCAPE '!'",
		"n::numeric(5,2) = 1.25 AND ts::timestamp(0) = ts AND t::varchar(3) = c::char(2) AND interval '2' + '1 day' > '1 hour'",
		"e > 'sad' AND e IN ('ok', 'happy') AND e::text || 'x' = ANY (ARRAY[e::text])",
		"i4 BETWEEN SYMMETRIC $1 AND i2 AND b IS NOT UNKNOWN AND NOT (b IS DISTINCT FROM true)",
		"dom = ANY (ARRAY[dom::int4, 1]) AND dom + 1 > 2",
	}
}

// The canonical text of a clause is a clause with that canonical text, and what is stored is the clause.
func TestTheWholeGrammarIsPrintedReadAndStored(t *testing.T) {
	for _, text := range grammar() {
		t.Run(text, func(t *testing.T) {
			c, err := where.Compile(text, row{"1": "5"}, columns())
			require.NoError(t, err)
			b, err := c.MarshalBinary()
			require.NoError(t, err)
			copied, err := where.Unmarshal(b)
			require.NoError(t, err)
			require.Equal(t, c.SQL(), copied.SQL())
			_, err = eval(t, c, row{})
			require.NoError(t, err)
		})
	}
}

// Texts that meet under two explicit collations are given one.
func TestExplicitCollationsDoNotMeet(t *testing.T) {
	for text, want := range map[string]string{
		"lower(t) = greatest(v, 'a')": `pg_catalog."lower"("t" COLLATE "default") COLLATE "C" = GREATEST("v" COLLATE "C", 'a'::varchar)::text`,
		"lower(t) < upper(v)":         `pg_catalog."lower"("t" COLLATE "default") COLLATE "C" < pg_catalog."upper"("v"::text COLLATE "default") COLLATE "C"`,
		"lower(t) = upper(v)":         `pg_catalog."lower"("t" COLLATE "default") = pg_catalog."upper"("v"::text COLLATE "default")`,
		"lower(nm) = 'a'":             `pg_catalog."lower"("nm"::text COLLATE "C") = 'a'::text`,
	} {
		require.Equal(t, want, compile(t, text, nil).SQL())
	}
}

func TestLabelsHaveTheTypeOfTheirEnum(t *testing.T) {
	cols := []where.Column{{Name: "m", Type: "mood", TypeSchema: "my app", Kind: where.Enum, Labels: "sad\x00ok"}}
	c, err := where.Compile(`coalesce(m, 'ok') = 'sad' AND m <> 'ok'::mood AND m < 'ok'::"my app".mood`, nil, cols)
	require.NoError(t, err)
	require.Equal(t, `COALESCE("m", 'ok'::"my app"."mood") = 'sad'::"my app"."mood" AND "m" <> 'ok'::"my app"."mood" AND "m" < 'ok'::"my app"."mood"`, c.SQL())
	again, err := where.Compile(c.SQL(), nil, cols)
	require.NoError(t, err)
	require.Equal(t, c.Encoding(), again.Encoding())
}

func TestColumnsWithCollationsOfTheirOwn(t *testing.T) {
	cols := []where.Column{
		{Name: "d", Type: "text"}, {Name: "c", Type: "text", Collation: "C"}, {Name: "g", Type: "text", Collation: "german"},
	}
	for text, why := range map[string]string{
		"g = 'x' AND g = d":    "",
		"lower(c) = c || 'x'":  "",
		"g = c":                "could not determine which collation to use for string comparison",
		"g || c = 'x'":         "could not determine which collation to use for string comparison",
		"c = coalesce('', g)":  "could not determine which collation to use for string comparison",
		"c LIKE g":             "could not determine which collation to use for string comparison",
		"lower(g || c) = 'x'":  "could not determine which collation to use for string comparison",
		"g ILIKE c":            "could not determine which collation to use for string comparison",
		"g = ANY (ARRAY[c])":   "could not determine which collation to use for string comparison",
		"replace(g, c, d) = d": "could not determine which collation to use for string comparison",
	} {
		_, err := where.Compile(text, nil, cols)
		if why == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, why, text)
		}
	}
}

func TestDomainsArePrintedAsTheTypeBelowThem(t *testing.T) {
	require.Equal(t, `"dom"::int4 = 5`, compile(t, "dom = 5", nil).SQL())
	_, err := where.Compile("ARRAY[dom] = '{1}'", nil, columns())
	require.ErrorContains(t, err, "a domain in ARRAY must be cast to the type below it")
	compile(t, "ARRAY[dom, 1] = '{1}' AND ARRAY[dom::int4] = '{1}'", nil)
}

func TestFailedEvaluationsAreCounted(t *testing.T) {
	program, err := compile(t, "1 / i4 > 0", nil).Bind([]string{"i4"})
	require.NoError(t, err)
	var failures atomic.Uint64
	s := where.Scratch{Failures: &failures}
	for _, text := range []string{"0", "5", "x"} {
		_, _ = program.Eval([][]byte{[]byte(text)}, &s)
	}
	require.EqualValues(t, 2, failures.Load())
}
