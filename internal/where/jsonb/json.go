package jsonb

import (
	"bytes"
	"math"
	"unicode/utf8"
)

// The functions of this file take values of type json: any text that Validate accepts. What they find is a part of it, with
// its white space and escapes; of keys that occur twice the last counts. Postgres decodes all strings of the text on the way,
// so they fail where one of them is no text.

// JSONField is text -> key for json.
func JSONField(text, key []byte) (found []byte, ok bool, err error) {
	if err := checkStrings(text); err != nil {
		return nil, false, err
	}
	at := skipSpace(text, 0)
	if at == len(text) || text[at] != '{' {
		return nil, false, nil
	}
	for m := looseMembers(text, at); ; {
		k, value, more := m.pair()
		if !more {
			return found, found != nil, nil
		}
		if decodesTo(k, key) {
			found = value
		}
	}
}

// JSONElement is text -> i for json.
func JSONElement(text []byte, i int32) (found []byte, ok bool, err error) {
	if err := checkStrings(text); err != nil {
		return nil, false, err
	}
	at := skipSpace(text, 0)
	if at == len(text) || text[at] != '[' {
		return nil, false, nil
	}
	n := int64(i)
	if n < 0 {
		if n += int64(looseCount(text, at)); n < 0 {
			return nil, false, nil
		}
	}
	for m := looseMembers(text, at); ; n-- {
		value, more := m.element()
		if !more {
			return nil, false, nil
		}
		if n == 0 {
			return value, true, nil
		}
	}
}

// JSONPath is text #> path for json. An element of the path that is nil is NULL.
func JSONPath(text []byte, path [][]byte) (found []byte, ok bool, err error) {
	for _, step := range path {
		if step == nil {
			return nil, false, nil
		}
	}
	if err := checkStrings(text); err != nil {
		return nil, false, err
	}
	if len(path) == 0 {
		return whole(text), true, nil
	}
	s := search{text: text, path: path}
	var few [8]int32
	s.subs = few[:0]
	for _, step := range path {
		i, ok := index(step)
		if !ok {
			i = noSubscript
		}
		s.negative = s.negative || i < 0 && i != noSubscript
		s.subs = append(s.subs, i)
	}
	s.value(skipSpace(text, 0), 0, true)
	return s.found, s.found != nil, nil
}

// whole is the document as #> gives it for an empty path: the white space before a scalar stays.
func whole(text []byte) []byte {
	at := skipSpace(text, 0)
	end := skip(text, at)
	if at < len(text) && (text[at] == '{' || text[at] == '[') {
		return text[at:end]
	}
	return text[:end]
}

// noSubscript is the subscript of a step that is no number.
const noSubscript = math.MinInt32

// search follows a path through a whole document as Postgres does. The last match counts, whatever branch it is in. A negative
// subscript becomes one from the start in the first array at its depth that is long enough, whether or not that array is on
// the path; then it stays so.
type search struct {
	text     []byte
	path     [][]byte
	subs     []int32
	negative bool
	found    []byte
}

// value looks at the value at text[at], which is level steps deep; on says that the path leads to it.
func (s *search) value(at, level int, on bool) {
	if level == len(s.path) || at == len(s.text) || !on && !s.negative {
		return
	}
	switch s.text[at] {
	case '{':
		for m := looseMembers(s.text, at); ; {
			k, value, ok := m.pair()
			if !ok {
				return
			}
			s.member(m.start, value, level+1, on && decodesTo(k, s.path[level]))
		}
	case '[':
		if sub := s.subs[level]; sub < 0 && sub != noSubscript {
			if n := looseCount(s.text, at); int64(n)+int64(sub) >= 0 {
				s.subs[level] += int32(n)
			}
		}
		i := int32(0)
		for m := looseMembers(s.text, at); ; i++ {
			value, ok := m.element()
			if !ok {
				return
			}
			s.member(m.start, value, level+1, on && i == s.subs[level])
		}
	}
}

func (s *search) member(at int, value []byte, level int, on bool) {
	if on && level == len(s.path) {
		s.found = value
		return
	}
	s.value(at, level, on)
}

// JSONText is what ->> and #>> make of what -> and #> find. The text is a part of v if it can be, else the end of buf.
func JSONText(buf, v []byte) (text, grown []byte, null bool, err error) {
	switch at := skipSpace(v, 0); {
	case at == len(v):
		return v, buf, false, nil
	case v[at] == 'n':
		return nil, buf, true, nil
	case v[at] == '"':
		text, buf, err = looseText(buf, v[at:skipString(v, at)])
		return text, buf, false, err
	}
	return v, buf, false, nil
}

// looseText decodes a string with any escapes.
func looseText(buf, token []byte) (text, grown []byte, err error) {
	b := inner(token)
	if bytes.IndexByte(b, '\\') < 0 {
		return b, buf, nil
	}
	start := len(buf)
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			buf = append(buf, b[i])
			i++
			continue
		}
		r, n, err := unescape(b[i:])
		if err != nil {
			return nil, buf, err
		}
		buf = utf8.AppendRune(buf, r)
		i += n
	}
	return buf[start:len(buf):len(buf)], buf, nil
}

// decodesTo reports whether a string with any escapes has text as its value.
func decodesTo(token, text []byte) bool {
	b := inner(token)
	if bytes.IndexByte(b, '\\') < 0 {
		return bytes.Equal(b, text)
	}
	for i := 0; i < len(b); {
		var room [utf8.UTFMax]byte
		part, n := b[i:i+1], 1
		if b[i] == '\\' {
			r, size, err := unescape(b[i:])
			if err != nil {
				return false
			}
			part, n = utf8.AppendRune(room[:0], r), size
		}
		if !bytes.HasPrefix(text, part) {
			return false
		}
		text, i = text[len(part):], i+n
	}
	return len(text) == 0
}

// checkStrings reports the first \u escape that is no character. All other escapes of valid JSON are characters.
func checkStrings(text []byte) error {
	for i := 0; i < len(text); {
		n := bytes.IndexByte(text[i:], '\\')
		if n < 0 {
			return nil
		}
		i += n
		_, n, err := unescape(text[i:])
		if err != nil {
			return err
		}
		i += n
	}
	return nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// loose walks over the members of a container in any JSON text.
type loose struct {
	text []byte
	at   int
	// start is where the last value begins.
	start int
}

// looseMembers starts before the first member of the container at text[at].
func looseMembers(text []byte, at int) loose { return loose{text: text, at: at} }

// next steps over what is before the next member; ok is false at the end of the container.
func (m *loose) next() bool {
	m.at = skipSpace(m.text, m.at)
	if m.at >= len(m.text) || m.text[m.at] == ']' || m.text[m.at] == '}' {
		return false
	}
	m.at = skipSpace(m.text, m.at+1) // after the brace or the comma
	return m.at < len(m.text) && m.text[m.at] != ']' && m.text[m.at] != '}'
}

func (m *loose) element() (value []byte, ok bool) {
	if !m.next() {
		return nil, false
	}
	m.start = m.at
	m.at = skip(m.text, m.start)
	return m.text[m.start:m.at:m.at], true
}

func (m *loose) pair() (key, value []byte, ok bool) {
	if !m.next() {
		return nil, nil, false
	}
	from := m.at
	end := skipString(m.text, from)
	m.at = skipSpace(m.text, min(skipSpace(m.text, end)+1, len(m.text))) // after the colon
	m.start = m.at
	m.at = skip(m.text, m.start)
	return m.text[from:end:end], m.text[m.start:m.at:m.at], true
}

func looseCount(text []byte, at int) (n int) {
	for m := looseMembers(text, at); ; n++ {
		if _, ok := m.element(); !ok {
			return n
		}
	}
}

// JSONTypeOf is json_typeof(text).
func JSONTypeOf(text []byte) string { return kindOf(text[skipSpace(text, 0):]).String() }

// JSONArrayLength is json_array_length(text).
func JSONArrayLength(text []byte) (int32, error) {
	at := skipSpace(text, 0)
	switch k := kindOf(text[at:]); {
	case k.scalar():
		return 0, parameter("cannot get array length of a scalar")
	case k == kindObject:
		return 0, parameter("cannot get array length of a non-array")
	}
	return int32(looseCount(text, at)), nil
}
