package jsonb

import (
	"slices"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a text. In Postgres the size of the stack does, at some 12,000 levels unless it was configured.
const maxDepth = 10_000

// Input appends the jsonb value that text stands for. On an error what it returns is dst with some bytes of no meaning after it.
func Input(dst, text []byte) ([]byte, error) {
	p := parser{text: text, dst: dst, canonical: true}
	err := p.document()
	return p.dst, err
}

// Validate reports why text is not a value of type json.
func Validate(text []byte) error {
	p := parser{text: text}
	return p.document()
}

// parser reads JSON, and appends its canonical form to dst if asked to.
type parser struct {
	text      []byte
	at        int
	dst       []byte
	canonical bool
	// pairs are those of the objects that are being read; an object's follow those of the objects around it.
	pairs []pair
}

// pair is one pair of an object in dst: where its key, its value begin and where it ends. size is the length of the key.
type pair struct {
	key, value, end, size int
}

func (p *parser) document() error {
	if err := p.value(0); err != nil {
		return err
	}
	if p.skipSpace(); p.at < len(p.text) {
		return syntax("Expected end of input.")
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (p *parser) skipSpace() {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
}

// peek is the next byte that is not white space, 0 at the end.
func (p *parser) peek() byte {
	if p.skipSpace(); p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) write(s string) {
	if p.canonical {
		p.dst = append(p.dst, s...)
	}
}

func (p *parser) value(depth int) error {
	switch c := p.peek(); {
	case p.at == len(p.text):
		return ended()
	case c == '{' || c == '[':
		if depth == maxDepth {
			return &Error{Code: codeTooDeep, Message: "stack depth limit exceeded"}
		}
		p.at++
		if c == '{' {
			return p.object(depth + 1)
		}
		return p.array(depth + 1)
	case c == '"':
		return p.string()
	case c == '-' || c-'0' <= 9:
		return p.number()
	case c == 't':
		return p.word("true")
	case c == 'f':
		return p.word("false")
	case c == 'n':
		return p.word("null")
	}
	return syntax("Expected JSON value.")
}

func ended() error { return syntax("The input string ended unexpectedly.") }

func badToken() error { return syntax("Token is invalid.") }

// wordByte reports whether c, after a word or number, belongs to the same token.
func wordByte(c byte) bool {
	return c-'0' <= 9 || c|0x20-'a' <= 'z'-'a' || c == '_' || c >= 0x80
}

func (p *parser) word(word string) error {
	end := p.at + len(word)
	if end > len(p.text) || string(p.text[p.at:end]) != word || end < len(p.text) && wordByte(p.text[end]) {
		return badToken()
	}
	p.at = end
	p.write(word)
	return nil
}

func (p *parser) array(depth int) error {
	p.write("[")
	if p.peek() == ']' {
		p.at++
		p.write("]")
		return nil
	}
	for {
		if err := p.value(depth); err != nil {
			return err
		}
		switch p.peek() {
		case ',':
			p.at++
			p.write(", ")
		case ']':
			p.at++
			p.write("]")
			return nil
		default:
			if p.at == len(p.text) {
				return ended()
			}
			return syntax(`Expected "," or "]".`)
		}
	}
}

func (p *parser) object(depth int) error {
	start, first := len(p.dst), len(p.pairs)
	p.write("{")
	if p.peek() == '}' {
		p.at++
		p.write("}")
		return nil
	}
	for {
		if p.peek() != '"' {
			if p.at == len(p.text) {
				return ended()
			}
			return syntax("Expected string.")
		}
		key := len(p.dst)
		if err := p.string(); err != nil {
			return err
		}
		keyEnd := len(p.dst)
		if p.peek() != ':' {
			if p.at == len(p.text) {
				return ended()
			}
			return syntax(`Expected ":".`)
		}
		p.at++
		p.write(": ")
		value := len(p.dst)
		if err := p.value(depth); err != nil {
			return err
		}
		if p.canonical {
			p.pairs = append(p.pairs, pair{key, value, len(p.dst), rawLength(p.dst[key:keyEnd])})
		}
		switch p.peek() {
		case ',':
			p.at++
			p.write(", ")
		case '}':
			p.at++
			p.write("}")
			if p.canonical {
				p.arrange(start, first)
			}
			return nil
		default:
			if p.at == len(p.text) {
				return ended()
			}
			return syntax(`Expected "," or "}".`)
		}
	}
}

// arrange puts the pairs from first on, of the object that starts at start, in order, and keeps the last of those with the same
// key.
func (p *parser) arrange(start, first int) {
	pairs := p.pairs[first:]
	p.pairs = p.pairs[:first]
	order := func(a, b pair) int {
		if a.size != b.size {
			return a.size - b.size
		}
		return compareStrings(p.dst[a.key:a.value-2], p.dst[b.key:b.value-2])
	}
	arranged := true
	for i := 1; i < len(pairs) && arranged; i++ {
		arranged = order(pairs[i-1], pairs[i]) < 0
	}
	if arranged {
		return
	}
	slices.SortStableFunc(pairs, order)
	end := len(p.dst)
	p.dst = append(p.dst, '{')
	for i, it := range pairs {
		if i+1 < len(pairs) && order(it, pairs[i+1]) == 0 {
			continue
		}
		if len(p.dst) > end+1 {
			p.dst = append(p.dst, ", "...)
		}
		p.dst = append(p.dst, p.dst[it.key:it.end]...)
	}
	p.dst = append(p.dst, '}')
	p.dst = p.dst[:start+copy(p.dst[start:], p.dst[end:])]
}

// string reads a string, whose quote is next.
func (p *parser) string() error {
	p.at++
	p.write(`"`)
	for {
		plain := p.at
		for p.at < len(p.text) && p.text[p.at] >= ' ' && p.text[p.at] != '"' && p.text[p.at] != '\\' {
			p.at++
		}
		if p.canonical {
			p.dst = append(p.dst, p.text[plain:p.at]...)
		}
		if p.at == len(p.text) {
			return badToken()
		}
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			p.write(`"`)
			return nil
		case c < ' ':
			return syntax("Control characters must be escaped.")
		}
		if !p.canonical {
			n, err := checkEscape(p.text[p.at:])
			if err != nil {
				return err
			}
			p.at += n
			continue
		}
		c, n, err := unescape(p.text[p.at:])
		if err != nil {
			return err
		}
		p.at += n
		if c < 0x80 {
			p.dst = appendEscaped(p.dst, byte(c))
		} else {
			p.dst = utf8.AppendRune(p.dst, c)
		}
	}
}

func (p *parser) number() error {
	n := numberLength(p.text[p.at:])
	if n == 0 || p.at+n < len(p.text) && wordByte(p.text[p.at+n]) {
		return badToken()
	}
	token := p.text[p.at : p.at+n]
	p.at += n
	if !p.canonical {
		return nil
	}
	var err error
	p.dst, err = appendNumber(p.dst, token)
	return err
}
