package array_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leyden/internal/where/array"
)

func itoa(n int) string { return strconv.Itoa(n) }

func truth(b bool) string { return strconv.FormatBool(b) }

func smallInt(r *rand.Rand) func() string { return func() string { return itoa(r.IntN(4)) } }

func smallText(r *rand.Rand) func() string {
	texts := []string{"a", "b", "ab", `""`, `"NULL"`, `"a b"`, `"\""`, "é"}
	return func() string { return texts[r.IntN(len(texts))] }
}

func printed(v []byte, err error, et *array.Type) string {
	switch {
	case err != nil:
		return failure(err)
	case v == nil:
		return "NULL of SQL"
	}
	return string(array.Output(nil, v, et))
}

func number(n int32, ok bool, err error) string {
	switch {
	case err != nil:
		return failure(err)
	case !ok:
		return "NULL of SQL"
	}
	return itoa(int(n))
}

// each gives n pairs of random arrays, now of integers, now of texts, with the way to write them in SQL.
func each(t *testing.T, n int, f func(r *rand.Rand, et *array.Type, x, y array.Value, sqlX, sqlY, elem string)) {
	r := seeded(t)
	for i := range n {
		et, name, element := integers(), "int4", smallInt(r)
		if i%2 == 0 {
			et, name, element = folded(), "text", smallText(r)
		}
		x, y := randomText(r, element), randomText(r, element)
		f(r, et, parse(t, x, et), parse(t, y, et), literal(x)+"::"+name+"[]", literal(y)+"::"+name+"[]", name)
	}
}

// randomSearch is an element, as the package takes it and in SQL.
func randomSearch(t *testing.T, r *rand.Rand, et *array.Type, elem string) (array.Search, string) {
	if r.IntN(4) == 0 {
		return array.Search{Null: true}, "NULL::" + elem
	}
	text := itoa(r.IntN(4))
	if elem == "text" {
		text = []string{"a", "b", "ab", "", "NULL", "a b", `"`, "é"}[r.IntN(8)]
	}
	value, err := et.Input(nil, []byte(text))
	require.NoError(t, err)
	return array.Search{Value: value}, literal(text) + "::" + elem
}

func TestComparisonsAreThoseOfPostgres(t *testing.T) {
	var q []question
	each(t, 6000, func(r *rand.Rand, et *array.Type, x, y array.Value, sqlX, sqlY, elem string) {
		if elem == "text" {
			sqlX += ` COLLATE "C"`
		}
		c := array.Compare(x, y, et)
		q = append(q,
			question{sqlX + " = " + sqlY, truth(array.Equal(x, y, et))},
			question{sqlX + " < " + sqlY, truth(c < 0)},
			question{sqlX + " >= " + sqlY, truth(c >= 0)},
			question{sqlX + " @> " + sqlY, truth(array.Contains(x, y, et))},
			question{sqlX + " <@ " + sqlY, truth(array.Contains(y, x, et))},
			question{sqlX + " && " + sqlY, truth(array.Overlaps(x, y, et))})
		require.Equal(t, array.Equal(x, y, et), c == 0)
		require.Equal(t, c == 0, string(array.AppendKey(nil, x, et)) == string(array.AppendKey(nil, y, et)))
	})
	ask(t, q)
}

// elementKeys is a one-dimensional array of the keys of the elements, sorted by bytes, each once, without NULLs.
func elementKeys(v array.Value, t *array.Type) []byte {
	var all []byte
	var ends []int
	for w := v.Walk(); ; {
		value, null, ok := w.Next()
		if !ok {
			break
		}
		if !null {
			all = t.Key(all, value)
			ends = append(ends, len(all))
		}
	}
	keys := make([][]byte, len(ends))
	start := 0
	for i, end := range ends {
		keys[i], start = all[start:end], end
	}
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	if len(keys) == 0 {
		return array.Empty(nil)
	}
	dst := array.AppendHeader(nil, array.Dim{int32(len(keys)), 1})
	for _, k := range keys {
		dst = array.AppendElement(dst, k)
	}
	return dst
}

func TestElementKeysDecideContainment(t *testing.T) {
	each(t, 6000, func(r *rand.Rand, et *array.Type, x, y array.Value, sqlX, sqlY, elem string) {
		keysX, keysY := elementKeys(x, et), elementKeys(y, et)
		require.Equal(t, array.Contains(x, y, et), array.Contains(keysX, keysY, folded()) && !y.HasNull(), "%s %s", sqlX, sqlY)
		require.Equal(t, array.Overlaps(x, y, et), array.Overlaps(keysX, keysY, folded()))
		previous, first := "", true
		for w := array.Value(keysX).Walk(); ; {
			key, null, ok := w.Next()
			if !ok {
				break
			}
			require.False(t, null)
			require.True(t, first || previous < string(key))
			previous, first = string(key), false
		}
	})
}

func TestConcatenationIsThatOfPostgres(t *testing.T) {
	var q []question
	each(t, 6000, func(r *rand.Rand, et *array.Type, x, y array.Value, sqlX, sqlY, elem string) {
		if r.IntN(10) == 0 {
			x, sqlX = nil, "NULL::"+elem+"[]"
		}
		if r.IntN(10) == 0 {
			y, sqlY = nil, "NULL::"+elem+"[]"
		}
		v, err := array.Cat(nil, x, y)
		q = append(q, question{sqlX + " || " + sqlY, printed(v, err, et)})
		s, sqlS := randomSearch(t, r, et, elem)
		v, err = array.Append(nil, x, s.Value, s.Null)
		q = append(q, question{"array_append(" + sqlX + "," + sqlS + ")", printed(v, err, et)})
		v, err = array.Prepend(nil, s.Value, s.Null, y)
		q = append(q, question{"array_prepend(" + sqlS + "," + sqlY + ")", printed(v, err, et)})
		v, err = array.Nest(nil, []array.Value{x, y, x})
		q = append(q, question{"ARRAY[" + sqlX + "," + sqlY + "," + sqlX + "]", printed(v, err, et)})
	})
	ask(t, q)
}

func TestBoundsAtTheEndsOfIntegersAreThoseOfPostgres(t *testing.T) {
	et := integers()
	var q []question
	for _, text := range []string{"[2147483645:2147483645]={1}", "[2147483646:2147483646]={1}", "[-2147483648:-2147483648]={1}", "[-2147483647:-2147483647]={1}", "[2147483644:2147483645]={1,2}"} {
		x, sql := parse(t, text, et), literal(text)+"::int4[]"
		v, err := array.Append(nil, x, []byte("7"), false)
		q = append(q, question{sql + " || 7", printed(v, err, et)})
		v, err = array.Prepend(nil, []byte("7"), false, x)
		q = append(q, question{"7 || " + sql, printed(v, err, et)})
		v, err = array.Cat(nil, x, x)
		q = append(q, question{sql + " || " + sql, printed(v, err, et)})
		n, ok := array.Upper(x, 1)
		q = append(q, question{"array_upper(" + sql + ", 1)", number(n, ok, nil)})
		for _, sub := range []int32{-2147483648, -1, 0, 1, 2147483645, 2147483647} {
			value, null := array.At(x, sub)
			got := string(value)
			if null {
				got = "NULL of SQL"
			}
			q = append(q, question{fmt.Sprintf("(%s)[%d]", sql, sub), got})
			q = append(q, question{fmt.Sprintf("(%s)[%d:]", sql, sub), printed(array.Slice(nil, x, array.Range{Lower: sub, HasLower: true}), nil, et)})
		}
	}
	ask(t, q)
}

func TestMeasuresAreThoseOfPostgres(t *testing.T) {
	var q []question
	each(t, 2000, func(r *rand.Rand, et *array.Type, x, _ array.Value, sqlX, _, elem string) {
		dim := int32(r.IntN(6) - 1)
		for name, f := range map[string]func(array.Value, int32) (int32, bool){"length": array.Length, "lower": array.Lower, "upper": array.Upper} {
			n, ok := f(x, dim)
			q = append(q, question{fmt.Sprintf("array_%s(%s, %d)", name, sqlX, dim), number(n, ok, nil)})
		}
		q = append(q, question{"cardinality(" + sqlX + ")", itoa(x.Cardinality())},
			question{"array_ndims(" + sqlX + ")", number(int32(x.Dims()), x.Dims() > 0, nil)},
			question{"coalesce(array_dims(" + sqlX + "), '')", string(array.AppendDims(nil, x))})
	})
	ask(t, q)
}

func TestSearchesAreThoseOfPostgres(t *testing.T) {
	var q []question
	each(t, 4000, func(r *rand.Rand, et *array.Type, x, _ array.Value, sqlX, _, elem string) {
		s, sqlS := randomSearch(t, r, et, elem)
		by, sqlBy := randomSearch(t, r, et, elem)
		n, ok, err := array.Position(x, s, et)
		q = append(q, question{"array_position(" + sqlX + "," + sqlS + ")", number(n, ok, err)})
		start := int32(r.IntN(6) - 1)
		n, ok, err = array.PositionFrom(x, s, start, false, et)
		q = append(q, question{fmt.Sprintf("array_position(%s,%s,%d)", sqlX, sqlS, start), number(n, ok, err)})
		n, ok, err = array.PositionFrom(x, s, 0, true, et)
		q = append(q, question{"array_position(" + sqlX + "," + sqlS + ",NULL)", number(n, ok, err)})
		v, err := array.Positions(nil, x, s, et, func(dst []byte, n int32) []byte { return strconv.AppendInt(dst, int64(n), 10) })
		q = append(q, question{"array_positions(" + sqlX + "," + sqlS + ")", printed(v, err, integers())})
		v, err = array.Remove(nil, x, s, et)
		q = append(q, question{"array_remove(" + sqlX + "," + sqlS + ")", printed(v, err, et)})
		q = append(q, question{"array_replace(" + sqlX + "," + sqlS + "," + sqlBy + ")", printed(array.Replace(nil, x, s, by.Value, by.Null, et), nil, et)})
	})
	ask(t, q)
}

func TestSubscriptsAndSlicesAreThoseOfPostgres(t *testing.T) {
	var q []question
	each(t, 6000, func(r *rand.Rand, et *array.Type, x, _ array.Value, sqlX, _, elem string) {
		var subs []int32
		var ranges []array.Range
		one, many := "("+sqlX+")", "("+sqlX+")"
		for range 1 + r.IntN(3) {
			s := int32(r.IntN(6) - 1)
			subs = append(subs, s)
			one += fmt.Sprintf("[%d]", s)
			g := array.Range{Lower: int32(r.IntN(5) - 1), Upper: int32(r.IntN(5) - 1), HasLower: r.IntN(3) > 0, HasUpper: r.IntN(3) > 0}
			ranges = append(ranges, g)
			many += "["
			if g.HasLower {
				many += itoa(int(g.Lower))
			}
			many += ":"
			if g.HasUpper {
				many += itoa(int(g.Upper))
			}
			many += "]"
		}
		value, null := array.At(x, subs...)
		got := string(et.Output(nil, value))
		if null {
			got = "NULL of SQL"
		}
		q = append(q, question{one, got}, question{many, printed(array.Slice(nil, x, ranges...), nil, et)})
	})
	ask(t, q)
}

func TestConversionsToAndFromTextAreThoseOfPostgres(t *testing.T) {
	identity := &array.Type{
		Input:  func(dst, text []byte) ([]byte, error) { return append(dst, text...), nil },
		Output: func(dst, value []byte) []byte { return append(dst, value...) },
	}
	quoted := func(b []byte) string {
		if b == nil {
			return "NULL"
		}
		return literal(string(b))
	}
	var q []question
	each(t, 3000, func(r *rand.Rand, et *array.Type, x, _ array.Value, sqlX, _, elem string) {
		pick := func(texts ...string) []byte {
			if i := r.IntN(len(texts) + 1); i < len(texts) {
				return []byte(texts[i])
			}
			return nil
		}
		sep := []byte([]string{"", ",", ", ", "é"}[r.IntN(4)])
		null := pick("", "*", "b")
		q = append(q, question{"array_to_string(" + sqlX + "," + quoted(sep) + "," + quoted(null) + ")", string(array.ToString(nil, x, et, sep, null))})

		var text strings.Builder
		for range r.IntN(6) {
			text.WriteString([]string{"a", "b", ",", ",,", "é", " "}[r.IntN(6)])
		}
		by, null := pick("", ",", ",,", "é", "b"), pick("", "a", "é")
		q = append(q, question{
			"string_to_array(" + literal(text.String()) + "," + quoted(by) + "," + quoted(null) + ")",
			printed(array.Split(nil, []byte(text.String()), by, null), nil, identity),
		})
	})
	ask(t, q)
}
