package array

import (
	"encoding/binary"
	"math"
)

// state is what the parser has last seen.
type state uint8

const (
	nothing state = iota
	levelOpened
	levelClosed
	levelDelimited
	elementDone
	elementDelimited
)

// parser reads the braces of an array.
type parser struct {
	text  []byte
	at    int
	state state
	// level is the number of open braces, dims the number there are above every element, 0 while no element has been seen.
	level, dims int
	// counts holds the members seen in each open level, lengths the number that each closed sibling had.
	counts, lengths [MaxDims]int32
}

// Input appends the array that text stands for. On an error what it returns is dst with some bytes of no meaning after it.
func Input(dst, text []byte, t *Type) ([]byte, error) {
	p := parser{text: text}
	var given [MaxDims]Dim
	n, err := p.bounds(&given)
	if err != nil {
		return dst, err
	}
	start := len(dst)
	if dst, err = p.braces(dst, t); err != nil {
		return dst, err
	}
	if p.skipSpace(); p.at < len(p.text) {
		return dst, malformed("Junk after closing right brace.")
	}
	if n > 0 && n != p.dims {
		return dst, malformed("Specified array dimensions do not match array contents.")
	}
	for i := range p.dims {
		if n == 0 {
			given[i] = Dim{p.lengths[i], 1}
		} else if given[i].Length != p.lengths[i] {
			return dst, malformed("Specified array dimensions do not match array contents.")
		}
	}
	if err := checkDims(given[:p.dims]); err != nil {
		return dst, err
	}
	if p.dims == 0 {
		return Empty(dst[:start]), nil
	}
	AppendHeader(dst[:start], given[:p.dims]...)
	return dst, nil
}

// isSpace is what array_in takes for white space, whatever the locale.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (p *parser) skipSpace() {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
}

// peek is the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// bounds reads the explicit dimensions and the equals sign after them, and gives their number.
func (p *parser) bounds(dims *[MaxDims]Dim) (n int, err error) {
	for p.skipSpace(); p.peek() == '['; p.skipSpace() {
		p.at++
		if n == MaxDims {
			return n, tooManyDims()
		}
		lower, upper := int32(1), int32(0)
		if upper, err = p.bound(`"[" must introduce explicitly-specified array dimensions.`); err != nil {
			return n, err
		}
		if p.peek() == ':' {
			p.at++
			lower = upper
			if upper, err = p.bound("Missing array dimension value."); err != nil {
				return n, err
			}
		}
		if p.peek() != ']' {
			return n, malformed(`Missing "]" after array dimensions.`)
		}
		p.at++
		if upper < lower {
			return n, &Error{codeSubscript, "upper bound cannot be less than lower bound", ""}
		}
		// No content matches a length that is too great.
		length := min(int64(upper)-int64(lower)+1, maxElements+1)
		dims[n] = Dim{int32(length), lower}
		n++
	}
	if n > 0 {
		if p.peek() != '=' {
			return n, malformed(`Missing "=" after array dimensions.`)
		}
		p.at++
		p.skipSpace()
	}
	if p.peek() == '{' {
		return n, nil
	}
	if n > 0 {
		return n, malformed(`Array contents must start with "{".`)
	}
	return n, malformed(`Array value must start with "{" or dimension information.`)
}

// bound reads one bound. Postgres 15 takes any mixture of digits and signs and any size, and makes of it what atoi does; later
// versions and this one want a number of four bytes.
func (p *parser) bound(missing string) (int32, error) {
	neg, digits, n := false, 0, int64(0)
	switch p.peek() {
	case '-':
		neg = true
		p.at++
	case '+':
		p.at++
	}
	for ; p.at < len(p.text) && p.text[p.at]-'0' <= 9; p.at++ {
		digits++
		if n = n*10 + int64(p.text[p.at]-'0'); n > -math.MinInt32 {
			return 0, malformed("array bound is out of integer range")
		}
	}
	if digits == 0 {
		return 0, malformed(missing)
	}
	if neg {
		n = -n
	}
	if n > math.MaxInt32 {
		return 0, malformed("array bound is out of integer range")
	}
	return int32(n), nil
}

// braces appends a header without content and the elements.
func (p *parser) braces(dst []byte, t *Type) ([]byte, error) {
	for {
		p.skipSpace()
		if p.at == len(p.text) {
			return dst, malformed("Unexpected end of input.")
		}
		switch p.text[p.at] {
		case '{':
			if err := p.open(); err != nil {
				return dst, err
			}
		case '}':
			if err := p.close(); err != nil {
				return dst, err
			}
			if p.level == 0 {
				return dst, nil
			}
		case ',':
			switch p.state {
			case levelClosed:
				p.state = levelDelimited
			case elementDone:
				p.state = elementDelimited
			default:
				return dst, malformed(`Unexpected "," character.`)
			}
			p.at++
		default:
			var err error
			if dst, err = p.element(dst, t); err != nil {
				return dst, err
			}
		}
	}
}

func (p *parser) open() error {
	if p.state != nothing && p.state != levelOpened && p.state != levelDelimited {
		return malformed(`Unexpected "{" character.`)
	}
	if p.level == MaxDims {
		return tooManyDims()
	}
	if p.dims > 0 && p.level == p.dims {
		return ragged()
	}
	p.counts[p.level] = 0
	p.level++
	p.state = levelOpened
	p.at++
	return nil
}

func (p *parser) close() error {
	if p.state == levelOpened && p.level > 1 || p.state == levelDelimited || p.state == elementDelimited {
		return malformed(`Unexpected "}" character.`)
	}
	p.level--
	n := p.counts[p.level]
	if p.lengths[p.level] != 0 && p.lengths[p.level] != n {
		return ragged()
	}
	p.lengths[p.level] = n
	if p.level > 0 {
		p.counts[p.level-1]++
	}
	p.state = levelClosed
	p.at++
	return nil
}

func ragged() error {
	return malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
}

// element reads one element and appends it.
func (p *parser) element(dst []byte, t *Type) ([]byte, error) {
	if p.state != levelOpened && p.state != elementDelimited {
		if p.text[p.at] == '\\' {
			return dst, malformed(`Unexpected "\" character.`)
		}
		return dst, malformed("Unexpected array element.")
	}
	if p.dims == 0 {
		p.dims = p.level
		var none [MaxDims]Dim
		dst = AppendHeader(dst, none[:p.dims]...)
	} else if p.level != p.dims {
		return dst, ragged()
	}
	p.counts[p.level-1]++
	p.state = elementDone

	raw, quoted, escapes, err := p.word()
	if err != nil {
		return dst, err
	}
	if !quoted && escapes == 0 && isNull(raw) {
		return AppendNull(dst), nil
	}
	start := len(dst)
	dst = openElement(dst)
	if escapes == 0 {
		if dst, err = t.Input(dst, raw); err != nil {
			return dst, err
		}
		return closeElement(dst, start), nil
	}
	// The text without its escapes stands at the end of dst while Input appends behind it.
	value := len(dst)
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			i++
		}
		dst = append(dst, raw[i])
	}
	plain := len(dst)
	if dst, err = t.Input(dst, dst[value:plain:plain]); err != nil {
		return dst, err
	}
	n := copy(dst[value:], dst[plain:])
	return closeElement(dst[:value+n], start), nil
}

// word finds the end of an element and gives its text, still with escapes, without quotes and the white space around it.
func (p *parser) word() (raw []byte, quoted bool, escapes int, err error) {
	if quoted = p.text[p.at] == '"'; quoted {
		p.at++
	}
	start, end := p.at, p.at
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '\\':
			if p.at+1 == len(p.text) {
				return nil, quoted, escapes, malformed("Unexpected end of input.")
			}
			escapes++
			p.at++
			end = p.at + 1
		case c == '"':
			if !quoted {
				return nil, quoted, escapes, malformed("Unexpected array element.")
			}
			raw = p.text[start:p.at]
			p.at++
			return raw, quoted, escapes, nil
		case quoted:
		case c == '{':
			return nil, quoted, escapes, malformed(`Unexpected "{" character.`)
		case c == ',' || c == '}':
			return p.text[start:end], quoted, escapes, nil
		case !isSpace(c):
			end = p.at + 1
		}
		p.at++
	}
	return nil, quoted, escapes, malformed("Unexpected end of input.")
}

func isNull(b []byte) bool {
	return len(b) == 4 && binary.BigEndian.Uint32(b)|0x20202020 == 'n'<<24|'u'<<16|'l'<<8|'l'
}
