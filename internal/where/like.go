package where

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// likeFlags says how an opLike node matches. The numbers are stored in compiled clauses.
type likeFlags = uint8

const (
	likeFold likeFlags = 1 // ILIKE: letters match in either case
	likeC    likeFlags = 8 // with likeFold: those of ASCII only, for names

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

// matches is LIKE and ILIKE. The texts are UTF-8. ILIKE is LIKE of the lower case of both, which needs no copy as long as no
// letter but those of ASCII is about.
func (m *machine) matches(flags likeFlags, text, pattern []byte) (bool, error) {
	if flags&(likeFold|likeC) != likeFold {
		return like(flags, text, pattern)
	}
	if (m.s.CaseMap == nil || m.s.CaseMap.plain) && isASCII(pattern) && isASCII(text) {
		if m.folding && hasI(pattern) {
			return false, ErrCaseUnknown
		}
		return like(flags, text, pattern)
	}
	var err error
	if pattern, err = m.lowered(pattern); err != nil {
		return false, err
	}
	if text, err = m.lowered(text); err != nil {
		return false, err
	}
	return like(0, text, pattern)
}

func (m *machine) lowered(text []byte) ([]byte, error) {
	start := len(m.s.buf)
	b, err := m.appendCase(m.s.buf, text, lowerCase, false)
	m.s.buf = b
	return b[start:], err
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func hasI(b []byte) bool { return bytes.IndexByte(b, 'i') >= 0 || bytes.IndexByte(b, 'I') >= 0 }

// like matches without a case map.
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
	if c == text[0] || flags&likeFold != 0 && lowerASCII(c) == lowerASCII(text[0]) {
		return step, 1, nil
	}
	return 0, 0, nil
}
