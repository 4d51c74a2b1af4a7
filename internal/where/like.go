package where

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// likeFlags says how an opLike node matches. The numbers are stored in compiled clauses.
type likeFlags = uint8

const (
	likeFold  likeFlags = 1 // ILIKE: ASCII letters match in either case
	likeRunes likeFlags = 8 // with likeFold: all letters do

	// The shape of a constant pattern, so that the common ones need no general matching.
	likeShape    likeFlags = 6
	likeGeneral  likeFlags = 0
	likeContains likeFlags = 2 // %literal%
	likePrefix   likeFlags = 4 // literal%
	likeSuffix   likeFlags = 6 // %literal
)

var errPatternEnd = errors.New("LIKE pattern must not end with escape character")

// shapeOf finds the shape of a constant pattern. Folding patterns are always general.
func shapeOf(pattern []byte) likeFlags {
	first := len(pattern) > 0 && pattern[0] == '%'
	last := len(pattern) > 1 && pattern[len(pattern)-1] == '%'
	inner := pattern
	if first {
		inner = inner[1:]
	}
	if last {
		inner = inner[:len(inner)-1]
	}
	switch {
	case bytes.ContainsAny(inner, `%_\`):
		return likeGeneral
	case first && last:
		return likeContains
	case last:
		return likePrefix
	case first:
		return likeSuffix
	}
	return likeGeneral
}

// foldOf says how ILIKE folds for a constant pattern. What a letter's other case is depends on the database's locale, except
// within ASCII (but for Turkish). A pattern of ASCII is matched by ASCII, which the canonical text says too, by the C collation.
// Any other is matched by Unicode's simple case mapping, which nearly all locales have, and the canonical text spells out the
// letters, see foldRegexp. A pattern that is not constant is matched by ASCII.
func foldOf(pattern []byte) likeFlags {
	for _, c := range pattern {
		if c >= utf8.RuneSelf {
			return likeFold | likeRunes
		}
	}
	return likeFold
}

// like matches text against pattern as LIKE or, with the fold flag, ILIKE does. The texts are UTF-8.
func like(flags likeFlags, text, pattern []byte) (bool, error) {
	if flags&likeFold == 0 {
		switch flags & likeShape {
		case likeContains:
			return bytes.Contains(text, pattern[1:len(pattern)-1]), nil
		case likePrefix:
			return bytes.HasPrefix(text, pattern[:len(pattern)-1]), nil
		case likeSuffix:
			return bytes.HasSuffix(text, pattern[1:]), nil
		}
	}
	return matchLike(text, pattern, flags)
}

// matchLike walks text and pattern together and comes back to the last % when a later part does not match. A pattern that
// ends in an escape character is an error only when the walk arrives there with text left, as in Postgres.
func matchLike(text, pattern []byte, flags likeFlags) (bool, error) {
	t, p := 0, 0
	retryText, retryPattern := 0, -1 // where to go on after the last %
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '%' {
			var done, ok bool
			t, p, done, ok = skipWildcards(text, pattern, t, p)
			switch {
			case done:
				return ok, nil
			case pattern[p] == '\\' && p+1 == len(pattern):
				return false, errPatternEnd
			}
			retryText, retryPattern = t, p
			continue
		}
		step, width, err := matchOne(text[t:], pattern[p:], flags)
		switch {
		case err != nil:
			return false, err
		case step > 0:
			p += step
			t += width
		case retryPattern < 0:
			return false, nil
		default:
			_, width := utf8.DecodeRune(text[retryText:])
			retryText += width
			t, p = retryText, retryPattern
		}
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern), nil
}

// skipWildcards consumes a run of % and _ that begins with %. The match is done when the pattern or, at a _, the text ends.
func skipWildcards(text, pattern []byte, t, p int) (nt, np int, done, ok bool) {
	for ; p < len(pattern); p++ {
		switch pattern[p] {
		case '%':
		case '_':
			if t == len(text) {
				return t, p, true, false
			}
			_, width := utf8.DecodeRune(text[t:])
			t += width
		default:
			return t, p, false, false
		}
	}
	return t, p, true, true
}

// matchOne matches one item of the pattern that is not % and says how many bytes of pattern and text it takes, 0 for no match.
// There is text left.
func matchOne(text, pattern []byte, flags likeFlags) (step, width int, err error) {
	if len(pattern) == 0 {
		return 0, 0, nil
	}
	c, step := pattern[0], 1
	switch c {
	case '_':
		_, width := utf8.DecodeRune(text)
		return 1, width, nil
	case '\\':
		if len(pattern) == 1 {
			return 0, 0, errPatternEnd
		}
		c, step = pattern[1], 2
	}
	switch {
	case flags&likeRunes != 0:
		want, size := utf8.DecodeRune(pattern[step-1:])
		got, width := utf8.DecodeRune(text)
		if unicode.ToLower(want) == unicode.ToLower(got) {
			return step - 1 + size, width, nil
		}
	case c == text[0] || flags&likeFold != 0 && lowerASCII(c) == lowerASCII(text[0]):
		return step, 1, nil
	}
	return 0, 0, nil
}

// foldRegexp is the regular expression that matches what ILIKE matches with likeRunes, in any locale: every letter is a set of
// letters. It reports false for a pattern that ends in an escape character, which has no equivalent.
func foldRegexp(pattern []byte) (string, bool) {
	var b strings.Builder
	b.WriteByte('^')
	for i := 0; i < len(pattern); {
		r, size := utf8.DecodeRune(pattern[i:])
		i += size
		switch r {
		case '%':
			b.WriteString(".*")
			continue
		case '_':
			b.WriteByte('.')
			continue
		case '\\':
			if i == len(pattern) {
				return "", false
			}
			r, size = utf8.DecodeRune(pattern[i:])
			i += size
		}
		letters := sameLower(r)
		switch {
		case len(letters) > 1:
			b.WriteString("[" + string(letters) + "]")
		case strings.ContainsRune(`.[]{}()*+?^$|\`, r):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('$')
	return b.String(), true
}

// sameLower lists the characters whose lower case is that of r.
func sameLower(r rune) []rune {
	lower := unicode.ToLower(r)
	letters := []rune{lower}
	for c := unicode.SimpleFold(lower); c != lower; c = unicode.SimpleFold(c) {
		if unicode.ToLower(c) == lower {
			letters = append(letters, c)
		}
	}
	if lower == 'i' {
		letters = append(letters, 'İ') // folds to nothing, but its lower case is i
	}
	return letters
}
