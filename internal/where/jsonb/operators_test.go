package jsonb_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where/jsonb"
)

// each gives n pairs of documents, and the way to write them in SQL.
func each(t *testing.T, n int, f func(r *rand.Rand, a, b jsonb.Value, sqlA, sqlB string)) {
	r := seeded(t)
	for range n {
		x, y := randomJSON(r, r.IntN(4)), randomJSON(r, r.IntN(4))
		if r.IntN(8) == 0 {
			y = x
		}
		f(r, value(t, x), value(t, y), literal(x)+"::jsonb", literal(y)+"::jsonb")
	}
}

func TestComparisonsAreThoseOfPostgres(t *testing.T) {
	var q []question
	each(t, 4000, func(_ *rand.Rand, a, b jsonb.Value, sqlA, sqlB string) {
		c := jsonb.Compare(a, b)
		q = append(q,
			question{sqlA + " = " + sqlB, truth(jsonb.Equal(a, b))},
			question{sqlA + " < " + sqlB, truth(c < 0)},
			question{sqlA + " > " + sqlB, truth(c > 0)})
		require.Equal(t, jsonb.Equal(a, b), string(jsonb.AppendKey(nil, a)) == string(jsonb.AppendKey(nil, b)), "%s %s", a, b)
		require.Equal(t, c > 0, jsonb.Compare(b, a) < 0)
	})
	ask(t, q)
}

func TestContainmentIsThatOfPostgres(t *testing.T) {
	var q []question
	each(t, 4000, func(r *rand.Rand, a, b jsonb.Value, sqlA, sqlB string) {
		q = append(q, question{sqlA + " @> " + sqlB, truth(jsonb.Contains(a, b))}, question{sqlA + " <@ " + sqlB, truth(jsonb.Contains(b, a))})
		// What was cut out of a is often contained in it.
		if path, sql := randomPath(r, false); len(a) > 0 {
			if cut, err := jsonb.DeletePath(nil, a, path); err == nil {
				q = append(q, question{sqlA + " @> (" + sqlA + " #- " + sql + ")", truth(jsonb.Contains(a, cut))})
			}
		}
	})
	for _, pair := range [][2]string{
		{`[1,2,2]`, `[2,2,2,1]`}, {`[1]`, `1`}, {`1`, `[1]`}, {`1`, `1.0`}, {`[[1]]`, `[1]`}, {`[[1]]`, `1`}, {`[[1,2],[3]]`, `[[1],[2]]`}, {`{"a":[1,{"b":2}]}`, `{"a":[{}]}`},
		{`{"a":{"b":1}}`, `{"a":{}}`}, {`{"a":1}`, `{}`}, {`[]`, `[]`}, {`[1]`, `[]`}, {`"a"`, `[]`}, {`{}`, `[]`}, {`[]`, `{}`}, {`{"a":[1]}`, `{"a":1}`}, {`[{"a":1}]`, `{"a":1}`}, {`null`, `null`},
		{`[null]`, `null`}, {`[null]`, `[null]`}, {`{"a":null}`, `{"a":null}`}, {`{}`, `{"a":null}`}, {`[1,[2,[3]]]`, `[[[3]]]`}, {`[[]]`, `[[[]]]`},
	} {
		q = append(q, question{literal(pair[0]) + "::jsonb @> " + literal(pair[1]) + "::jsonb", truth(jsonb.Contains(value(t, pair[0]), value(t, pair[1])))})
	}
	ask(t, q)
}

func textOf(v jsonb.Value, ok bool) string {
	if !ok {
		return "NULL of SQL"
	}
	text, _, null := jsonb.Text(nil, v)
	return answer(text, !null, nil)
}

func TestExtractionIsThatOfPostgres(t *testing.T) {
	var q []question
	each(t, 3000, func(r *rand.Rand, a, b jsonb.Value, sqlA, _ string) {
		key := keys()[r.IntN(len(keys()))]
		v, ok := jsonb.Field(a, []byte(key))
		q = append(q, question{sqlA + " -> " + literal(key), answer(v, ok, nil)}, question{sqlA + " ->> " + literal(key), textOf(v, ok)},
			question{sqlA + " ? " + literal(key), truth(jsonb.Exists(a, []byte(key)))})
		i := []int32{0, 1, 2, -1, -2, -3, 2147483647, -2147483648}[r.IntN(8)]
		v, ok = jsonb.Element(a, i)
		q = append(q, question{fmt.Sprintf("%s -> (%d)", sqlA, i), answer(v, ok, nil)}, question{fmt.Sprintf("%s ->> (%d)", sqlA, i), textOf(v, ok)})
		path, sql := randomPath(r, true)
		v, ok = jsonb.Path(a, path)
		q = append(q, question{sqlA + " #> " + sql, answer(v, ok, nil)}, question{sqlA + " #>> " + sql, textOf(v, ok)},
			question{"jsonb_extract_path(" + sqlA + ", VARIADIC " + sql + ")", answer(v, ok, nil)},
			question{"jsonb_typeof(" + sqlA + ")", jsonb.TypeOf(a)})
		n, err := jsonb.ArrayLength(a)
		q = append(q, question{"jsonb_array_length(" + sqlA + ")", answer([]byte(strconv.Itoa(int(n))), true, err)})
	})
	ask(t, q)
}

func TestChangesAreThoseOfPostgres(t *testing.T) {
	var q []question
	each(t, 3000, func(r *rand.Rand, a, b jsonb.Value, sqlA, sqlB string) {
		q = append(q, question{sqlA + " || " + sqlB, string(jsonb.Concat(nil, a, b))}, question{"jsonb_strip_nulls(" + sqlA + ")", string(jsonb.StripNulls(nil, a))})
		key := keys()[r.IntN(len(keys()))]
		v, err := jsonb.Delete(nil, a, []byte(key))
		q = append(q, question{sqlA + " - " + literal(key), answer(v, true, err)})
		path, sql := randomPath(r, true)
		v, err = jsonb.Delete(nil, a, path...)
		q = append(q, question{sqlA + " - " + sql, answer(v, true, err)})
		v, err = jsonb.DeletePath(nil, a, path)
		q = append(q, question{sqlA + " #- " + sql, answer(v, true, err)})
		i := []int32{0, 1, 2, -1, -2, -3, 2147483647, -2147483648}[r.IntN(8)]
		v, err = jsonb.DeleteElement(nil, a, i)
		q = append(q, question{fmt.Sprintf("%s - (%d)", sqlA, i), answer(v, true, err)})
	})
	ask(t, q)
}

func TestCastsAreThoseOfPostgres(t *testing.T) {
	var q []question
	for _, text := range []string{"null", "true", "false", `"1"`, "1", "1.50", "-0", "[]", "[1]", "{}", `{"a": 1}`} {
		v, sql := value(t, text), literal(text)+"::jsonb"
		b, err := jsonb.Bool(v)
		q = append(q, question{"(" + sql + ")::bool", answer([]byte(truth(b)), true, err)})
		n, err := jsonb.Number(v, "numeric")
		q = append(q, question{"(" + sql + ")::numeric", answer(n, true, err)})
		for name, target := range map[string]string{"int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision"} {
			if _, err := jsonb.Number(v, target); err != nil {
				q = append(q, question{"(" + sql + ")::" + name, failure(err)})
			}
		}
	}
	ask(t, q)
}

func jsonText(v []byte, ok bool, err error) string {
	if err != nil || !ok {
		return answer(nil, ok, err)
	}
	text, _, null, err := jsonb.JSONText(nil, v)
	return answer(text, !null, err)
}

func TestOperatorsOfJSONAreThoseOfPostgres(t *testing.T) {
	r := seeded(t)
	var texts []string
	for range 4000 {
		texts = append(texts, randomJSON(r, r.IntN(5)))
	}
	for _, text := range edgeTexts() {
		if jsonb.Validate([]byte(text)) == nil {
			texts = append(texts, text, `{"a":`+text+`,"b":[1,`+text+`]}`)
		}
	}
	texts = append(texts, `[[1,2,3],[4,5]]`, `[[1],[2,3],[4,5,6]]`, `{"a":[1,2,3],"a":[4,5]}`, `{"a":{"b":1},"a":{"0":2}}`, `{"a":{"b":1},"a":null}`, ` " a\n" `)
	var q []question
	for _, text := range texts {
		b, sql := []byte(text), literal(text)+"::json"
		key := keys()[r.IntN(len(keys()))]
		v, ok, err := jsonb.JSONField(b, []byte(key))
		q = append(q, question{sql + " -> " + literal(key), answer(v, ok, err)}, question{sql + " ->> " + literal(key), jsonText(v, ok, err)})
		i := []int32{0, 1, 2, -1, -2, -3, 2147483647, -2147483648}[r.IntN(8)]
		v, ok, err = jsonb.JSONElement(b, i)
		q = append(q, question{fmt.Sprintf("%s -> (%d)", sql, i), answer(v, ok, err)}, question{fmt.Sprintf("%s ->> (%d)", sql, i), jsonText(v, ok, err)})
		for range 2 {
			path, array := randomPath(r, true)
			v, ok, err = jsonb.JSONPath(b, path)
			q = append(q, question{sql + " #> " + array, answer(v, ok, err)}, question{sql + " #>> " + array, jsonText(v, ok, err)})
		}
		q = append(q, question{"json_typeof(" + sql + ")", jsonb.JSONTypeOf(b)})
		n, err := jsonb.JSONArrayLength(b)
		q = append(q, question{"json_array_length(" + sql + ")", answer([]byte(strconv.Itoa(int(n))), true, err)})
	}
	ask(t, q)
}
