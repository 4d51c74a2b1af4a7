package jsonb_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where/jsonb"
)

func edgeTexts() []string {
	return []string{
		"", " ", "nul", "null", "nullx", "null x", "true", "tru", "TRUE", "false", "x", "1", "-1", "-", "+1", "01", "00", "0", "-0", "-00", "1.", ".5", "1.5", "1.e1", "1e", "1e+", "1e5",
		"1E5", "1e-5", "1.50e1", "1.50e-3", "-0.00", "0e5", "0e-5", "-0e-2", "120e-1", "1.0e0", "1x", "1_0", "0x1", "1 2", "1,2", "12345678901234567890.12345678901234567890", "0.00001000",
		"100e-2", "100e-3", "0.001e3", "0.0010e3", "1e131071", "1e131072", "0.1e131072", "0.1e131073", "0.01e131073", "0e200000", "0e-16383", "0e-16384", "1e-16383", "1e-16384", "1e1073741822",
		"1e1073741823", "1e-1073741823", "0e1073741823", "1e99999999999999999999", "NaN", "Infinity", "[]", "[ ]", "[1", "[1,", "[1,]", "[,]", "[1 2]", "]", "[1]]", "[1}", "{}", "{ }", "{", "{1:2}", `{"a"}`,
		`{"a":}`, `{"a" 1}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1]`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1,"a":2}`, `{"b":1,"a":2,"":3,"aa":0}`, `{"b":{"d":1,"c":[]},"a":[{}, [ ]],"b":{"z":1}}`,
		`{"a":1e400,"a":2}`, `""`, `"`, `"a`, `"a\`, `"a\"`, `"\q"`, `"\u"`, `"\u12"`, `"\u00G0"`, `"\u0000"`, `"\u0001"`, `"\u001f\u007f\u0080"`, `"\ud800"`, `"\ud800x"`, `"\ud800\n"`,
		`"\ud800\u0041"`, `"\ud800\ud801"`, `"\ud800\u0000"`, `"\ud83d\ude04"`, `"\udc00"`, `"\ud83d\u00"`, `"\/\b\f\n\r\t\"\\"`, `"é😄"`, "\"a\nb\"", "\"a\tb\"", "\"\x7f\"", "\"\x1f\"", "\v1", "1\f",
		" \t\r\n1 \t\r\n", "\u00a01", `{"\u0061":1,"a":2}`, `{"\"":1,"\n":2,"é":3,"zz":4,"b":5}`, `{"":""}`, `[[[[1]]],{"a":{"b":[{"c":null}]}}]`, "'", `"it's"`, "// 1", "/**/1",
	}
}

func canonical(text string) string {
	v, err := jsonb.Input([]byte("before"), []byte(text))
	if err != nil {
		return failure(err)
	}
	return string(v[len("before"):])
}

func valid(text string) string {
	if err := jsonb.Validate([]byte(text)); err != nil {
		return failure(err)
	}
	return text
}

func TestInputIsThatOfPostgres(t *testing.T) {
	var q []question
	for _, text := range edgeTexts() {
		q = append(q, question{literal(text) + "::jsonb", canonical(text)}, question{literal(text) + "::json", valid(text)})
	}
	ask(t, q)
}

func TestDocumentsAreReadAsPostgresReadsThem(t *testing.T) {
	r := seeded(t)
	var q []question
	for range 4000 {
		text := randomJSON(r, 4)
		q = append(q, question{literal(text) + "::jsonb", canonical(text)})
		require.Equal(t, canonical(text), canonical(canonical(text)))
		require.NoError(t, jsonb.Validate([]byte(text)))
	}
	ask(t, q)
}

func TestTextsOfArbitraryPiecesAreReadAsPostgresReadsThem(t *testing.T) {
	r := seeded(t)
	pieces := []string{
		"{", "}", "[", "]", ",", ":", `"a"`, `"b"`, `"`, `\`, "1", "0", "-", "+", ".", "e", "E", "9", " ", "true", "null", "false", "x", "\n", `\u0041`, `\ud83d`, `\ude04`, `\n`,
		"é", "[1,2]", `{"a":1}`, "1.50", "e-3", "_", "\t", "/",
	}
	var q []question
	for range 8000 {
		var b strings.Builder
		open := []string{"", "[", `{"a":`, `"`, "1"}[r.IntN(5)]
		b.WriteString(open)
		for range r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		b.WriteString(map[string]string{"[": "]", `{"a":`: "}", `"`: `"`}[open])
		text := b.String()
		q = append(q, question{literal(text) + "::jsonb", canonical(text)}, question{literal(text) + "::json", valid(text)})
	}
	ask(t, q)
}

func TestDeepNestingIsAnError(t *testing.T) {
	for _, n := range []int{10_000, 10_001, 1_000_000} {
		for _, pair := range []string{"[]", "{}"} {
			text := strings.Repeat(pair[:1], n) + strings.Repeat(pair[1:], n)
			if pair == "{}" {
				text = strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
			}
			_, err := jsonb.Input(nil, []byte(text))
			if n == 10_000 {
				require.NoError(t, err)
				require.NoError(t, jsonb.Validate([]byte(text)))
			} else {
				require.ErrorContains(t, err, "stack depth limit exceeded")
				require.ErrorContains(t, jsonb.Validate([]byte(text)), "stack depth limit exceeded")
			}
		}
	}
}

func FuzzInput(f *testing.F) {
	for _, text := range edgeTexts() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsonb.Input(nil, text)
		if err != nil {
			return
		}
		require.NoError(t, jsonb.Validate(text))
		again, err := jsonb.Input(nil, v)
		require.NoError(t, err)
		require.Equal(t, string(v), string(again))
	})
}

// FuzzOperators gives the operators what Postgres would never send: they must end without a panic.
func FuzzOperators(f *testing.F) {
	for _, text := range edgeTexts() {
		f.Add([]byte(text), []byte(text))
	}
	f.Fuzz(func(_ *testing.T, a, b []byte) {
		path := [][]byte{[]byte("a"), []byte("-1"), b}
		jsonb.Compare(a, b)
		jsonb.Contains(a, b)
		jsonb.Exists(a, b)
		jsonb.AppendKey(nil, a)
		jsonb.Element(a, -1)
		jsonb.Path(a, path)
		_, _, _ = jsonb.Text(nil, a)
		jsonb.Concat(nil, a, b)
		_, _ = jsonb.Delete(nil, a, b)
		_, _ = jsonb.DeleteElement(nil, a, -1)
		_, _ = jsonb.DeletePath(nil, a, path)
		jsonb.StripNulls(nil, a)
		_, _ = jsonb.ArrayLength(a)
		_, _, _ = jsonb.JSONField(a, b)
		_, _, _ = jsonb.JSONElement(a, -1)
		_, _, _ = jsonb.JSONPath(a, path)
		_, _, _, _ = jsonb.JSONText(nil, a)
		_, _ = jsonb.JSONArrayLength(a)
	})
}
