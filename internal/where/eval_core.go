package where

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

var errEscape = errors.New("invalid escape string")

func (m *machine) callCore(c *call, out *value) (err error) {
	if c.id != fnLikeEscape {
		return ErrCorrupt
	}
	pattern, escape := c.args[0].b, c.args[1].b
	if utf8.RuneCount(escape) > 1 {
		return errEscape
	}
	m.print(out, func(b []byte) []byte { return likeEscape(b, pattern, escape) })
	return nil
}

// likeEscape appends a pattern in which a backslash does what escape, one character or none, does in pattern.
func likeEscape(dst, pattern, escape []byte) []byte {
	if len(escape) == 1 && escape[0] == '\\' {
		return append(dst, pattern...)
	}
	escaped := false
	for len(pattern) > 0 {
		_, width := utf8.DecodeRune(pattern)
		switch {
		case len(escape) > 0 && !escaped && bytes.HasPrefix(pattern, escape):
			dst = append(dst, '\\')
			escaped = true
			pattern = pattern[width:]
			continue
		case pattern[0] == '\\' && !escaped:
			dst = append(dst, `\\`...)
		default:
			dst = append(dst, pattern[:width]...)
		}
		escaped = false
		pattern = pattern[width:]
	}
	return dst
}
