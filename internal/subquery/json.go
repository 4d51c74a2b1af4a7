package subquery

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// reader reads JSON from its beginning to its end. Texts without an escape are parts of it.
type reader struct {
	b     []byte
	i     int
	depth int
	begun bool
	buf   []byte // texts that had escapes
}

// maxDepth is how deep a document may be nested: items are much flatter.
const maxDepth = 64

var errDepth = errors.New("JSON is nested too deep")

func (r *reader) reset(b []byte) { r.b, r.i, r.depth, r.begun, r.buf = b, 0, 0, false, r.buf[:0] }

func (r *reader) malformed() error { return fmt.Errorf("malformed JSON at byte %d", r.i) }

// peek is the next byte that is no blank, 0 at the end.
func (r *reader) peek() byte {
	for ; r.i < len(r.b); r.i++ {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take steps over c if it is next.
func (r *reader) take(c byte) bool {
	if r.peek() != c || r.i == len(r.b) {
		return false
	}
	r.i++
	return true
}

// more steps to the next of documents that are joined by commas, and gives up the texts of the last one.
func (r *reader) more() bool {
	r.buf = r.buf[:0]
	if r.begun {
		return r.take(',')
	}
	r.begun = true
	r.peek()
	return r.i < len(r.b)
}

func (r *reader) end() error {
	if r.peek(); r.i != len(r.b) {
		return r.malformed()
	}
	return nil
}

// object calls member at the value of each.
func (r *reader) object(member func(name []byte) error) error {
	return r.list('{', '}', func() error {
		var name []byte
		if err := r.text(&name); err != nil {
			return err
		}
		if !r.take(':') {
			return r.malformed()
		}
		return member(name)
	})
}

// array calls element at each.
func (r *reader) array(element func() error) error { return r.list('[', ']', element) }

func (r *reader) list(open, shut byte, element func() error) error {
	if !r.take(open) {
		return r.malformed()
	}
	if r.depth++; r.depth > maxDepth {
		return errDepth
	}
	defer func() { r.depth-- }()
	if r.take(shut) {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch {
		case r.take(','):
		case r.take(shut):
			return nil
		default:
			return r.malformed()
		}
	}
}

// word steps over one of the names of JSON if it is next.
func (r *reader) word(w string) bool {
	r.peek()
	if !bytes.HasPrefix(r.b[r.i:], []byte(w)) {
		return false
	}
	r.i += len(w)
	return true
}

func (r *reader) null() bool { return r.word("null") }

func (r *reader) boolean() (bool, error) {
	switch {
	case r.word("true"):
		return true, nil
	case r.word("false"):
		return false, nil
	}
	return false, r.malformed()
}

// number reads a number that is a count: digits.
func (r *reader) number() (uint64, error) {
	r.peek()
	from := r.i
	for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
		r.i++
	}
	digits := r.b[from:r.i]
	if len(digits) > 1 && digits[0] == '0' {
		return 0, r.malformed()
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || n > math.MaxInt64 {
		return 0, r.malformed()
	}
	return n, nil
}

// text reads a string. It is never nil.
func (r *reader) text(to *[]byte) error {
	if !r.take('"') {
		return r.malformed()
	}
	from := r.i
	for ; r.i < len(r.b); r.i++ {
		switch c := r.b[r.i]; {
		case c == '"':
			*to = r.b[from:r.i:r.i]
			r.i++
			return nil
		case c == '\\':
			return r.escaped(from, to)
		case c < 0x20:
			return r.malformed()
		}
	}
	return r.malformed()
}

// escaped reads the rest of a string that began at from and has an escape at r.i.
func (r *reader) escaped(from int, to *[]byte) error {
	start := len(r.buf)
	r.buf = append(r.buf, r.b[from:r.i]...)
	for r.i < len(r.b) {
		c := r.b[r.i]
		switch {
		case c == '"':
			r.i++
			*to = r.buf[start:len(r.buf):len(r.buf)]
			return nil
		case c < 0x20:
			return r.malformed()
		case c != '\\':
			r.buf = append(r.buf, c)
			r.i++
		default:
			if !r.escape() {
				return r.malformed()
			}
		}
	}
	return r.malformed()
}

func (r *reader) escape() bool {
	if r.i+1 >= len(r.b) {
		return false
	}
	c := r.b[r.i+1]
	if c == 'u' {
		n, ok := r.unit(r.i)
		if !ok {
			return false
		}
		r.i += 6
		if utf16.IsSurrogate(n) {
			next, ok := r.unit(r.i)
			if n = utf16.DecodeRune(n, next); ok && n != utf8.RuneError {
				r.i += 6
			} else {
				n = utf8.RuneError
			}
		}
		r.buf = utf8.AppendRune(r.buf, n)
		return true
	}
	const escapes, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	at := bytes.IndexByte([]byte(escapes), c)
	if at < 0 {
		return false
	}
	r.buf = append(r.buf, meanings[at])
	r.i += 2
	return true
}

// unit is the code unit that is written \uXXXX at i.
func (r *reader) unit(i int) (rune, bool) {
	if i+6 > len(r.b) || r.b[i] != '\\' || r.b[i+1] != 'u' {
		return 0, false
	}
	var n rune
	for _, c := range r.b[i+2 : i+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		n = n<<4 | rune(c)
	}
	return n, true
}

// skip steps over any value.
func (r *reader) skip() error {
	switch c := r.peek(); {
	case c == '{':
		return r.object(func([]byte) error { return r.skip() })
	case c == '[':
		return r.array(r.skip)
	case c == '"':
		var text []byte
		return r.text(&text)
	case c == '-' || c >= '0' && c <= '9':
		return r.skipNumber()
	case r.null():
		return nil
	}
	_, err := r.boolean()
	return err
}

func (r *reader) skipNumber() error {
	digits := func() bool {
		from := r.i
		for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
			r.i++
		}
		return r.i > from
	}
	next := func(any string) bool {
		if r.i < len(r.b) && bytes.IndexByte([]byte(any), r.b[r.i]) >= 0 {
			r.i++
			return true
		}
		return false
	}
	next("-")
	if !next("0") && !digits() {
		return r.malformed()
	}
	if next(".") && !digits() {
		return r.malformed()
	}
	if next("eE") {
		next("+-")
		if !digits() {
			return r.malformed()
		}
	}
	return nil
}
