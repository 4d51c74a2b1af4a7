package array_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where/array"
)

func roundTrip(text string, et *array.Type) string {
	v, err := array.Input([]byte("before"), []byte(text), et)
	if err != nil {
		return failure(err)
	}
	return string(array.Output(nil, v[len("before"):], et))
}

func edgeTexts() []string {
	return []string{
		"", " ", "{}", " { } ", "{", "}", "{}}", "{} x", "{1", "{1,", "{1,}", "{,}", "{,1}", "{1,,2}", "{a}{b}", "x", "{{}}", "{{},{}}", "{{},{1}}", "{{1},{}}",
		"{null}", "{NULL, Null ,nUlL}", `{"NULL"}`, `{\NULL}`, `{nullx}`, `{ null x }`, `{"null"}`, `{""}`, `{ "" , "" }`, `{"a"b}`, `{a"b"}`, `{"a" b}`, `{"a""b"}`,
		`{"a" }`, `{ "a b" ,c d  , e }`, `{a\ }`, `{a\  }`, `{\ a}`, `{\}`, `{\`, `{"\`, `{"`, `{"a`, `{"a"`, `{"\""}`, `{"\\"}`, `{\\}`, `{\"}`, `{\{}`, `{\}}`, `{\,}`,
		`{"{}"}`, `{","}`, "{a\tb,\tc\t,\"\t\"}", "{a\nb}", "{\v\f\r\n1}", "{1,{2}}", "{{1},2}", "{{1},{2}}", "{{1,2},{3}}", "{{1},{2,3}}", "{{1,2},{3,4}}", "{{1}{2}}",
		"{{{{{{1}}}}}}", "{{{{{{{1}}}}}}}", "{{1,2},{3,4},{5,6}}", "{{{1},{2}},{{3},{4}}}", "{{{1},{2}},{{3}}}", "{{{1},{2}},{3}}", "{{1},{2}} ", "{{1},{2}},",
		"[0:1]={1,2}", " [0:1] = {1,2} ", "[0:1] [2:2]={{1},{2}}", "[2]={1,2}", "[+1:2]={1,2}", "[-1:0]={1,2}", "[0:2]={1,2}", "[0:1]{1,2}", "[0:1]=", "[0:1]=x", "[0:1]={}",
		"[1:0]={}", "[1:0]={1}", "[:1]={1}", "[1:]={1}", "[1:1={1}", "[1:1", "[", "[]", "[]={}", "[a]={1}", "[1 :1]={1}", "[1:1]={{1}}", "[1:1][1:1]={1}", "[1:1][1:1]={{1}}",
		"[1:1][1:1][1:1][1:1][1:1][1:1]={{{{{{1}}}}}}", "[1:1][1:1][1:1][1:1][1:1][1:1][1:1]={{{{{{{1}}}}}}}", "[2147483647:2147483647]={1}", "[2147483646:2147483646]={1}",
		"[2147483645:2147483646]={1,2}", "[-2147483648:-2147483648]={1}", "[-2147483648:-2147483647]={1,2}", "[1:134217728]={1}", "[1:1]={null}", "[5:6]={null,\"\"}",
		"{\"a\"\\b}", "{a\\\"b}", "{\"a\\b\"}", "{é,ü ö}", "{a b\\ c }", "{a,b}x", "{a,b} \n", "{(1,2)}", "{NULL\\ }", "{\"\" }", "{ \"\"\"\"}", "{[1]}", "{=}", "[1:2]={{1,2}}",
		"[1:2][1:1]={{1},{2}}", "[0:0][7:8]={{1,2}}", "[1:1] ={1}", "[1:1]= {1}", "[1:1]  [1:1]  =  { { 1 } } ",
	}
}

func TestInputAndOutputAreThoseOfPostgres(t *testing.T) {
	var q []question
	for _, text := range edgeTexts() {
		q = append(q, question{literal(text) + "::text[]", roundTrip(text, folded())})
	}
	ask(t, q)
}

func TestTextsOfArbitraryPiecesAreReadAsPostgresReadsThem(t *testing.T) {
	r := seeded(t)
	pieces := []string{"{", "{", "}", "}", ",", ",", "a", "b", "1", " ", `"`, `"x"`, `\`, "NULL", "null", `\"`, `\\`, "[", "]", ":", "=", "[0:1]=", "[1:2]", "{a,b}", "{{a},{b}}", "é"}
	var q []question
	for range 20_000 {
		var b strings.Builder
		if r.IntN(2) == 0 {
			b.WriteByte('{')
		}
		for range r.IntN(9) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		if r.IntN(2) == 0 {
			b.WriteByte('}')
		}
		text := b.String()
		if unevenDepth(text) {
			continue
		}
		q = append(q, question{literal(text) + "::text[]", roundTrip(text, folded())})
	}
	ask(t, q)
}

// unevenDepth finds what Postgres 15 takes by mistake, and later versions and this package refuse: elements at different depths.
func unevenDepth(text string) bool {
	got := roundTrip(text, folded())
	return strings.HasSuffix(got, "Multidimensional arrays must have sub-arrays with matching dimensions.") || strings.HasSuffix(got, "out of integer range")
}

func TestElementsAtDifferentDepthsAreRefused(t *testing.T) {
	for _, text := range []string{"{{1},{{2}}}", "{{{1}},{2}}", "{{{1},{2}},{3}}", "{{1},{2,3}}"} {
		_, err := array.Input(nil, []byte(text), folded())
		require.ErrorContains(t, err, "Multidimensional arrays must have sub-arrays with matching dimensions.", text)
	}
}

func TestLongElementsKeepTheirLength(t *testing.T) {
	for _, n := range []int{126, 127, 128, 129, 16382, 16383, 16384, 70000} {
		long := strings.Repeat("x", n-1)
		text := `{` + long + `y,"` + long + `\"",z}`
		v := parse(t, text, folded())
		require.Equal(t, text, string(array.Output(nil, v, folded())))
		w := v.Walk()
		for _, size := range []int{n, n, 1} {
			value, _, ok := w.Next()
			require.True(t, ok)
			require.Len(t, value, size)
		}
	}
}

// randomText is the text of an array that Postgres accepts, of few elements so that different ones meet.
func randomText(r *rand.Rand, element func() string) string {
	dims := []int{0, 1, 1, 1, 1, 2, 2, 3}[r.IntN(8)]
	if dims == 0 {
		return "{}"
	}
	var lengths []int
	bounds := ""
	explicit := r.IntN(4) == 0
	for range dims {
		n := 1 + r.IntN(3)
		lengths = append(lengths, n)
		lower := r.IntN(4) - 1
		bounds += "[" + itoa(lower) + ":" + itoa(lower+n-1) + "]"
	}
	if !explicit {
		bounds = ""
	} else {
		bounds += "="
	}
	return bounds + braces(r, lengths, element)
}

func braces(r *rand.Rand, lengths []int, element func() string) string {
	if len(lengths) == 0 {
		if r.IntN(5) == 0 {
			return "NULL"
		}
		return element()
	}
	var parts []string
	for range lengths[0] {
		parts = append(parts, braces(r, lengths[1:], element))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func FuzzInput(f *testing.F) {
	for _, text := range edgeTexts() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		et := folded()
		v, err := array.Input(nil, text, et)
		if err != nil {
			return
		}
		n := 0
		for w := array.Value(v).Walk(); ; n++ {
			if _, _, ok := w.Next(); !ok {
				break
			}
		}
		require.Equal(t, array.Value(v).Cardinality(), n)
		again, err := array.Input(nil, array.Output(nil, v, et), et)
		require.NoError(t, err)
		require.Equal(t, v, again)
	})
}
