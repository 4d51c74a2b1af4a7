package where

import (
	"regexp"
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"

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
		{"É", "é", likeFold | likeRunes, true},
		{"aÉz", `%\é_`, likeFold | likeRunes, true},
		{"K", "k", likeFold | likeRunes, true},
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

// TestFoldingPatternsMatchAsTheirRegexps compares the live match with the one that the canonical text asks for.
func TestFoldingPatternsMatchAsTheirRegexps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("aAéÉkKKiİßẞ.[\n"))).Draw(t, "text")
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune("aéÉkKißẞ.[%_")), -1, 5, -1).Draw(t, "pattern")
		expression, ok := foldRegexp([]byte(pattern))
		require.True(t, ok)
		got, err := like(likeFold|likeRunes, []byte(text), []byte(pattern))
		require.NoError(t, err)
		require.Equal(t, regexp.MustCompile("(?s)"+expression).MatchString(text), got, expression)
	})
}

func TestSetsOfLettersAreComplete(t *testing.T) {
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if utf8.ValidRune(r) && !slices.Contains(sameLower(r), r) {
			t.Errorf("%q is not among the letters with its lower case", r)
		}
	}
}
