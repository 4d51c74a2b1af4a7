package where

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLikeFollowsPostgres(t *testing.T) {
	for _, c := range []struct {
		text, pattern string
		flags         likeFlags
		want          bool
	}{
		{"", "", 0, true},
		{"", "%", 0, true},
		{"", "_", 0, false},
		{"é", "_", 0, true},
		{"a\n", "a", 0, false},
		{"a\nb", "a%b", 0, true},
		{"100%", `100\%`, 0, true},
		{`a\b`, `a\\b`, 0, true},
		{"", `\`, 0, false}, // the end of the text comes first
		{"xaab", "%aab", 0, true},
		{"aaab", "%aab", 0, true},
		{"abcabd", "%ab_%d", 0, true},
		{"ABC", "abc", likeFold, true},
		{"É", "é", likeFold, false},
	} {
		got, err := like(c.flags, []byte(c.text), []byte(c.pattern))
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%q LIKE %q", c.text, c.pattern)
	}
	for _, c := range [][2]string{{"a", `\`}, {"ab", `a\`}, {"ab", `%\`}, {"ab", `a%\`}} {
		_, err := like(0, []byte(c[0]), []byte(c[1]))
		require.ErrorIs(t, err, errPatternEnd, "%q LIKE %q", c[0], c[1])
	}
}

// TestShapedPatternsMatchAsGeneralOnes compares the short ways with the long one.
func TestShapedPatternsMatchAsGeneralOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.StringOf(rapid.SampledFrom([]rune("abé"))).Draw(t, "text"))
		pattern := []byte(rapid.StringOfN(rapid.SampledFrom([]rune("abé%%")), -1, 6, -1).Draw(t, "pattern"))
		general, err := matchLike(text, pattern, 0)
		require.NoError(t, err)
		shaped, err := like(shapeOf(pattern), text, pattern)
		require.NoError(t, err)
		require.Equal(t, general, shaped)
	})
}

func TestLettersHaveTheCaseOfTheDatabase(t *testing.T) {
	latin := NewCaseMap(append(plainLetters(), Letter{'É', "é", "É"}, Letter{'é', "é", "É"}, Letter{'ß', "ß", "SS"}, Letter{'K', "k", "K"}), []rune{'Σ'})
	turkish := NewCaseMap([]Letter{{'I', "ı", "I"}, {'i', "i", "İ"}, {'ı', "ı", "I"}, {'İ', "i", "İ"}}, nil)
	for _, c := range []struct {
		letters       *CaseMap
		text, pattern string
		want          bool
		err           error
	}{
		{latin, "É", "é", true, nil},
		{latin, "aÉz", `%\é_`, true, nil},
		{latin, "K", "k", true, nil},
		{latin, "ω", "Ω", false, nil}, // in no table: letters without a case
		{latin, "Σ", "%", false, ErrCaseUnknown},
		{nil, "ABC", "a_c", true, nil},
		{nil, "É", "é", false, ErrCaseUnknown},
		{ASCIICaseMap(), "É", "é", false, nil},
		{ASCIICaseMap(), "ÉA", "Éa", true, nil},
		{turkish, "I", "i", false, nil},
		{turkish, "I", "ı", true, nil},
	} {
		m := machine{s: &Scratch{CaseMap: c.letters}}
		got, err := m.matches(likeFold, []byte(c.text), []byte(c.pattern))
		require.ErrorIs(t, err, c.err)
		require.Equal(t, c.want, got, "%q ILIKE %q", c.text, c.pattern)
	}
}

func plainLetters() []Letter {
	var all []Letter
	for c := 'A'; c <= 'Z'; c++ {
		low := c + 'a' - 'A'
		all = append(all, Letter{c, string(low), string(c)}, Letter{low, string(low), string(c)})
	}
	return all
}
