package where

import (
	"errors"
	"unicode/utf8"
)

// CaseMap is how a database maps letters to lower and upper case, taken from the database itself: it depends on the character
// type of the database, on the library behind it and on that library's version. It is immutable.
type CaseMap struct {
	lower, upper map[rune]string // of the characters that change
	contextual   map[rune]bool   // what these become depends on what stands beside them: no text with one can be mapped
	plain        bool            // ASCII letters map among themselves
}

// Letter says what a character becomes.
type Letter struct {
	Char         rune
	Lower, Upper string
}

// NewCaseMap makes the map of a database from all characters that lower() or upper() change there. Characters for which they
// depend on the neighbours are contextual.
func NewCaseMap(letters []Letter, contextual []rune) *CaseMap {
	m := &CaseMap{lower: map[rune]string{}, upper: map[rune]string{}, contextual: map[rune]bool{}, plain: true}
	for _, l := range letters {
		if c := string(l.Char); l.Lower != c {
			m.lower[l.Char] = l.Lower
		}
		if c := string(l.Char); l.Upper != c {
			m.upper[l.Char] = l.Upper
		}
	}
	for _, c := range contextual {
		m.contextual[c] = true
	}
	for c := rune(0); c < utf8.RuneSelf; c++ {
		low, up := rune(lowerASCII(byte(c))), rune(upperASCII(byte(c)))
		m.plain = m.plain && m.lowerOf(c) == string(low) && m.upperOf(c) == string(up) && !m.contextual[c]
	}
	return m
}

// ASCIICaseMap is that of the character type C: nothing but ASCII letters has a case.
func ASCIICaseMap() *CaseMap {
	var letters []Letter
	for c := 'A'; c <= 'Z'; c++ {
		low := c + 'a' - 'A'
		letters = append(letters, Letter{c, string(low), string(c)}, Letter{low, string(low), string(c)})
	}
	return NewCaseMap(letters, nil)
}

func (m *CaseMap) lowerOf(c rune) string {
	if s, ok := m.lower[c]; ok {
		return s
	}
	return string(c)
}

func (m *CaseMap) upperOf(c rune) string {
	if s, ok := m.upper[c]; ok {
		return s
	}
	return string(c)
}

// ErrCaseUnknown is an error of Eval: what Postgres would say depends on how it maps a letter, which is not known here.
var ErrCaseUnknown = errors.New("the database's case of a letter is not known")

type letterCase bool

const (
	lowerCase letterCase = false
	upperCase letterCase = true
)

// mapCase is lower(text) and upper(text).
func (m *machine) mapCase(c *call, to letterCase, out *value) error {
	text := c.args[0].b
	var err error
	m.print(out, func(b []byte) []byte {
		b, err = m.appendCase(b, text, to, c.aux&callC != 0)
		return b
	})
	return err
}

// appendCase maps the letters of text, with onlyASCII those of ASCII.
func (m *machine) appendCase(b, text []byte, to letterCase, onlyASCII bool) ([]byte, error) {
	cm := m.s.CaseMap
	asPlain := cm == nil || cm.plain
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf && (onlyASCII || asPlain) || onlyASCII {
			// Where nothing is known a locale may have its own idea of the letter i, as the Turkish one has.
			if m.folding && !onlyASCII && (c == 'i' || c == 'I') {
				return b, ErrCaseUnknown
			}
			if to == upperCase {
				c = upperASCII(c)
			} else {
				c = lowerASCII(c)
			}
			b = append(b, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if cm == nil || cm.contextual[r] {
			return b, ErrCaseUnknown
		}
		table := cm.lower
		if to == upperCase {
			table = cm.upper
		}
		if s, ok := table[r]; ok {
			b = append(b, s...)
		} else {
			b = append(b, text[i:i+size]...)
		}
		i += size
	}
	return b, nil
}

func upperASCII(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
