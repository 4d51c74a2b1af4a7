package moment

// tokenKind is what the characters of a token say about it, before its meaning is known.
type tokenKind uint8

const (
	numberToken tokenKind = iota // digits and possibly a point
	dateToken                    // digits or letters with delimiters between them: a date, a zone, a time with a zone
	clockToken                   // digits and colons
	wordToken                    // letters
	signedWord                   // a sign and letters
	signedToken                  // a sign and digits: an offset, or a number of an interval
)

// token is a part of tokens.buf.
type token struct {
	kind       tokenKind
	start, end uint16
}

const maxTokens = 25

// tokens is a text taken apart, in lower case.
type tokens struct {
	buf  [256]byte
	used int
	list [maxTokens]token
	n    int
}

func (t *tokens) text(i int) []byte { return t.buf[t.list[i].start:t.list[i].end] }

// How many bytes a text may have, with one more for each token: the work space that Postgres gives to each type.
const (
	clockSpace     = 129
	timestampSpace = 153
	intervalSpace  = 256
)

// split takes text apart. Every type has the same tokens; what they mean together differs.
func (t *tokens) split(text []byte, space int) error {
	s := splitter{t: t, in: text, space: space}
	for s.i < len(text) {
		c := text[s.i]
		if isSpace(c) {
			s.i++
			continue
		}
		if !isDigit(c) && !isLetter(c) && c != '.' && c != '+' && c != '-' {
			if !isPunct(c) {
				return ErrSyntax
			}
			s.i++
			continue
		}
		if t.n == maxTokens {
			return ErrSyntax
		}
		kind, ok := s.token(c)
		if !ok || s.full {
			return ErrSyntax
		}
		t.list[t.n] = token{kind, uint16(s.start), uint16(t.used)}
		t.n++
		t.used++
		s.start = t.used
	}
	return nil
}

type splitter struct {
	t     *tokens
	in    []byte
	i     int
	start int
	space int
	full  bool
}

func (s *splitter) peek() byte {
	if s.i < len(s.in) {
		return s.in[s.i]
	}
	return 0
}

func (s *splitter) take() {
	if s.t.used+1 >= s.space {
		s.full = true
	} else {
		s.t.buf[s.t.used] = lower(s.in[s.i])
		s.t.used++
	}
	s.i++
}

func (s *splitter) takeDigits() {
	for isDigit(s.peek()) {
		s.take()
	}
}

func (s *splitter) token(first byte) (tokenKind, bool) {
	switch {
	case isDigit(first):
		return s.digits(), true
	case first == '.':
		s.take()
		s.takeDigits()
		return numberToken, true
	case isLetter(first):
		return s.letters(), true
	}
	return s.signed()
}

func (s *splitter) digits() tokenKind {
	s.takeDigits()
	delimiter := s.peek()
	switch delimiter {
	case ':':
		for c := delimiter; isDigit(c) || c == ':' || c == '.'; c = s.peek() {
			s.take()
		}
		return clockToken
	case '-', '/', '.':
		s.take()
		if !isDigit(s.peek()) {
			for c := s.peek(); isDigit(c) || isLetter(c) || c == delimiter; c = s.peek() {
				s.take()
			}
			return dateToken
		}
		s.takeDigits()
		if s.peek() != delimiter {
			if delimiter == '.' {
				return numberToken
			}
			return dateToken
		}
		for c := delimiter; isDigit(c) || c == delimiter; c = s.peek() {
			s.take()
		}
		return dateToken
	}
	return numberToken
}

// letters takes a word. A delimiter makes it a date or the name of a zone; a digit or a plus does so unless the word has a
// meaning of its own, as the t has in 2001-02-03t040506.
func (s *splitter) letters() tokenKind {
	for isLetter(s.peek()) {
		s.take()
	}
	switch c := s.peek(); {
	case c == '-' || c == '/' || c == '.':
	case c == '+' || isDigit(c):
		if dateWord(s.t.buf[s.start:s.t.used]).class != unknownWord {
			return wordToken
		}
	default:
		return wordToken
	}
	for {
		s.take()
		switch c := s.peek(); c {
		case '+', '-', '/', '_', '.', ':':
		default:
			if !isDigit(c) && !isLetter(c) {
				return dateToken
			}
		}
	}
}

func (s *splitter) signed() (tokenKind, bool) {
	s.take()
	for isSpace(s.peek()) {
		s.i++
	}
	switch c := s.peek(); {
	case isDigit(c):
		for ; isDigit(c) || c == ':' || c == '.' || c == '-'; c = s.peek() {
			s.take()
		}
		return signedToken, true
	case isLetter(c):
		for isLetter(s.peek()) {
			s.take()
		}
		return signedWord, true
	}
	return 0, false
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLetter(c byte) bool {
	c |= 0x20
	return c >= 'a' && c <= 'z'
}
func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isDigit(c) && !isLetter(c) }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
