package jsonb

import "bytes"

// Value is a jsonb value in canonical form.
type Value []byte

// kind is what a value is. The order is that of comparison.
type kind uint8

const (
	kindNull kind = iota
	kindString
	kindNumber
	kindBool
	kindArray
	kindObject
)

func kindOf(v []byte) kind {
	if len(v) == 0 {
		return kindNull
	}
	switch v[0] {
	case '{':
		return kindObject
	case '[':
		return kindArray
	case '"':
		return kindString
	case 't', 'f':
		return kindBool
	case 'n':
		return kindNull
	}
	return kindNumber
}

func (k kind) scalar() bool { return k < kindArray }

// String is what jsonb_typeof gives.
func (k kind) String() string {
	switch k {
	case kindNull:
		return "null"
	case kindString:
		return "string"
	case kindNumber:
		return "number"
	case kindBool:
		return "boolean"
	case kindArray:
		return "array"
	}
	return "object"
}

// skipString gives the place after the string at b[i], in any JSON text.
func skipString(b []byte, i int) int {
	for i++; i < len(b); {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b)
		}
		end := i + n
		back := end
		for back > i && b[back-1] == '\\' {
			back--
		}
		if (end-back)%2 == 0 {
			return end + 1
		}
		i = end + 1
	}
	return len(b)
}

// skip gives the place after the value at b[i], in any JSON text.
func skip(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipContainer(b, i)
	}
	for i < len(b) && b[i] != ',' && b[i] != ']' && b[i] != '}' && !isSpace(b[i]) {
		i++
	}
	return i
}

func skipContainer(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(b)
}

// members walks over the elements of an array or the pairs of an object in canonical form.
type members struct {
	b       []byte
	at      int
	started bool
}

// membersOf starts before the first member.
func membersOf(v []byte) members { return members{b: v, at: 1} }

// atEnd reports whether there are no more, and steps over what separates the last member from the next.
func (m *members) atEnd() bool {
	if m.started {
		m.at += len(", ")
	}
	m.started = true
	return m.at >= len(m.b)-1
}

// element gives the next element.
func (m *members) element() (value []byte, ok bool) {
	if m.atEnd() {
		return nil, false
	}
	start := m.at
	m.at = skip(m.b, start)
	return m.b[start:m.at:m.at], true
}

// pair gives the next pair; the key is still a string.
func (m *members) pair() (key, value []byte, ok bool) {
	if m.atEnd() {
		return nil, nil, false
	}
	start := m.at
	end := skipString(m.b, start)
	from := min(end+len(": "), len(m.b))
	m.at = skip(m.b, from)
	return m.b[start:end:end], m.b[from:m.at:m.at], true
}

// count is the number of elements of an array, of pairs of an object.
func count(v []byte) (n int) {
	m := membersOf(v)
	if kindOf(v) == kindObject {
		for {
			if _, _, ok := m.pair(); !ok {
				return n
			}
			n++
		}
	}
	for {
		if _, ok := m.element(); !ok {
			return n
		}
		n++
	}
}

// isEmpty reports whether a container has no members.
func isEmpty(v []byte) bool { return len(v) <= len("[]") }
