package subquery

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leyden/internal/where"
)

// value makes a Value of texts; nil is NULL.
func value(texts ...any) Value {
	cells := make([][]byte, len(texts))
	for i, t := range texts {
		if s, ok := t.(string); ok {
			cells[i] = []byte(s)
		}
	}
	return Value(AppendValue(nil, make([]where.Canon, len(cells)), cells))
}

func TestEqualValuesHaveOneForm(t *testing.T) {
	for _, c := range []struct {
		canon where.Canon
		texts []string
		want  string
	}{
		{where.CanonText, []string{"1.0"}, "1.0"},
		{where.CanonText, []string{""}, ""},
		{where.CanonNumeric, []string{"5", "5.0", "5.00"}, "5"},
		{where.CanonNumeric, []string{"0", "0.000"}, "0"},
		{where.CanonNumeric, []string{"100"}, "100"},
		{where.CanonNumeric, []string{"-1.250", "-1.25"}, "-1.25"},
		{where.CanonNumeric, []string{"NaN"}, "NaN"},
		{where.CanonFloat, []string{"0", "-0"}, "0"},
		{where.CanonFloat, []string{"-0.5"}, "-0.5"},
		{where.CanonPadded, []string{"a", "a   "}, "a"},
		{where.CanonPadded, []string{"   ", ""}, ""},
		{where.CanonBool, []string{"t", "true"}, "t"},
	} {
		for _, text := range c.texts {
			v := Value(AppendValue(nil, []where.Canon{c.canon}, [][]byte{[]byte(text)}))
			require.Equal(t, value(c.want), v, text)
		}
	}
}

func TestValuesKeepWhatTheyAreMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.IntRange(100, 40_000), func(n int) string { return strings.Repeat("x", n) }))
		cells := rapid.SliceOfN(rapid.Ptr(text, true), 1, 5).Draw(t, "cells")
		raw := make([][]byte, len(cells))
		null := false
		for i, c := range cells {
			if c == nil {
				null = true
				continue
			}
			raw[i] = []byte(*c)
		}
		prefix := []byte("before")
		encoded := AppendValue(bytes.Clone(prefix), make([]where.Canon, len(raw)), raw)
		require.Equal(t, prefix, encoded[:len(prefix)])
		v, err := ParseValue(encoded[len(prefix):])
		require.NoError(t, err)
		require.Equal(t, null, v.HasNull())
		var i int
		for text, ok := range v.Cells() {
			require.Equal(t, raw[i] != nil, ok)
			require.Equal(t, string(raw[i]), text)
			i++
		}
		require.Equal(t, len(raw), i)
	})
}

func TestNullIsTheValueOfOneNull(t *testing.T) {
	require.Equal(t, Null, value(nil))
	require.NotEqual(t, Null, value("NULL"))
	require.NotEqual(t, Null, value(""))
}

func FuzzParseValue(f *testing.F) {
	f.Add([]byte(value("a", nil, "")))
	f.Add([]byte(value(strings.Repeat("x", 300))))
	f.Add([]byte{0x80, 0})
	f.Add([]byte{5, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseValue(b)
		if err != nil {
			return
		}
		var cells [][]byte
		for text, ok := range v.Cells() {
			if !ok {
				cells = append(cells, nil)
				continue
			}
			cells = append(cells, append([]byte{}, text...))
		}
		require.Equal(t, string(b), string(AppendValue(nil, make([]where.Canon, len(cells)), cells)))
	})
}
